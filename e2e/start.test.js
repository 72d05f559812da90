// Starting the server: what it says when it cannot, and what it does without any flag.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from './lib/ports.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { BINARY, startTwocan } from './lib/server.js';

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

/** Runs `twocan serve`, which must fail at once; returns what it says. */
async function assertFails(flags) {
  const { code, output } = await run(BINARY, ['serve', ...flags], { deadline: 5_000 });
  assert.ok(code > 0, `it ended with ${code}: ${output}`);
  assert.doesNotMatch(output, /panicked/);
  return output;
}
