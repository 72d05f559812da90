// Starting the server: what it does without any flag, and what it says when it cannot start.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe } from 'node:test';
import { createNetwork, NAT, skipReason } from './lib/network.js';
import { freePort } from './lib/ports.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { BINARY, startTwocan } from './lib/server.js';

const skip = await skipReason();

describe('without any flag', () => {
  // A home network: alice serves, and the home's router is another device in it.
  const SERVES = '192.168.11.2';
  const OTHER_DEVICE = '192.168.11.1';

  scenario('page, signalling and STUN are where it says', { skip }, async (s) => {
    const network = await home(s);
    const program = s.program(network.start('alice', 'twocan serve', BINARY, ['serve']));
    await program.line(/On this computer +http:\/\/localhost:8080\/$/);
    await program.line(/On other devices +https:\/\/192\.168\.11\.2:8443\/$/);
    await program.line(/STUN and TURN +0\.0\.0\.0:3478.* \(UDP and TCP\)$/);
    assert.equal(await get(network, 'alice', 'http://localhost:8080/healthz'), '200 ok');
    assert.equal(await get(network, 'natA', `https://${SERVES}:8443/healthz`), '200 ok');
    assert.match(await get(network, 'natA', `https://${SERVES}:8443/r/tea`), /^200 <!doctype html>/i);
    // Without TLS the page is for the computer itself alone.
    assert.match(await get(network, 'natA', `http://${SERVES}:8080/`), /ECONNREFUSED/);
    const output = await network.exec('natA', 'turnutils_stunclient', '-p', '3478', SERVES);
    assert.match(output, new RegExp(`UDP reflexive addr: ${OTHER_DEVICE.replaceAll('.', '\\.')}:`));
    assert.equal((await program.stop()).code, 0);
  });

  scenario('a terminal shows a QR code for other devices', { skip }, async (s) => {
    const network = await home(s);
    const command = ['-qec', `${BINARY} serve`, '/dev/null'];
    const program = s.program(network.start('alice', 'twocan serve in a terminal', 'script', command));
    await program.line(/On other devices +https:\/\/192\.168\.11\.2:8443\//);
    await program.line(/Stop +Ctrl\+C/);
    const code = program.lines.filter((line) => /[█▀▄]{4}/.test(line));
    assert.ok(code.length >= 10, program.output);
  });
});

scenario('a taken port is named, with what to do', {}, async (s) => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  s.own(server);
  await once(server, 'listening');
  const output = await assertFails(['--http', `127.0.0.1:${port}`, '--https', 'off', '--turn', 'off']);
  assert.match(output, new RegExp(`127\\.0\\.0\\.1:${port}`));
  assert.match(output, /--http/);
});

scenario('a taken port for TURN is named, with what to do', {}, async (s) => {
  const port = await freePort();
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  s.own(socket);
  await once(socket, 'listening');
  const http = await freePort();
  const output = await assertFails(['--http', `127.0.0.1:${http}`, '--https', 'off', '--turn', `127.0.0.1:${port}`]);
  assert.match(output, new RegExp(`127\\.0\\.0\\.1:${port}`));
  assert.match(output, /--turn/);
});

scenario('two servers cannot share a TURN port', {}, async (s) => {
  const twocan = await startTwocan(s);
  const http = await freePort();
  const turn = `127.0.0.1:${twocan.turnPort}`;
  const output = await assertFails(['--http', `127.0.0.1:${http}`, '--https', 'off', '--turn', turn]);
  assert.match(output, new RegExp(turn.replaceAll('.', '\\.')));
});

scenario('an unknown flag stops the start, and the nearest known one is named', {}, async () => {
  const output = await assertFails(['--htp', '127.0.0.1:1']);
  assert.match(output, /--htp/);
  assert.match(output, /--http/);
});

for (const [flag, value] of [
  ['--allow-peer', '10.0.0.0/33'],
  ['--allow-peer', 'everywhere'],
  ['--http', 'nowhere'],
  ['--turn', '127.0.0.1'],
  ['--external-ip', '1.2.3'],
  ['--relay-ports', '50000'],
  ['--relay-ports', '50001-50000'],
  ['--relay-threads', '0'],
  ['--origin', 'not an origin'],
]) {
  scenario(`a malformed ${flag} ${value} stops the start`, {}, async () => {
    const output = await assertFails([flag, value]);
    assert.ok(output.includes(flag), output);
    assert.ok(output.includes(value), output);
  });
}

/** A network in which only alice's home matters. */
async function home(s) {
  return s.own(await createNetwork({ natA: NAT.endpointIndependent, natB: NAT.endpointIndependent }));
}

/** Status and body of an address as one text, asked for on a host of the network; or why there is none. */
async function get(network, host, url) {
  const ask = `
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    fetch('${url}').then(
      async (response) => console.log(response.status, await response.text()),
      (error) => console.log(error.cause?.code),
    )`;
  return (await network.exec(host, process.execPath, '--no-warnings', '-e', ask)).trim();
}

/** Runs `twocan serve`, which must fail at once; returns what it says. */
async function assertFails(flags) {
  const { code, output } = await run(BINARY, ['serve', ...flags], { deadline: 5_000 });
  assert.ok(code > 0, `it ended with ${code}: ${output}`);
  assert.doesNotMatch(output, /panicked/);
  return output;
}
