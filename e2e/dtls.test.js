// STUN and TURN over DTLS, with the clients of OpenSSL and coturn.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe } from 'node:test';
import { certificate } from './lib/certificate.js';
import { assertNothingLost, echoPeer, uclient } from './lib/coturn.js';
import { withoutIpv6 } from './lib/ports.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const CLIENTS = 4;
const MESSAGES = 50;
// Without -t, -S is DTLS. An odd length: ChannelData over DTLS is not padded.
const LOAD = ['-S', '-c', '-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-l', '171', '-z', '5'];

const FAMILIES = [
  { family: 'IPv4', host: '127.0.0.1', relay: [] },
  { family: 'IPv6', host: '::1', relay: ['-x'], skip: withoutIpv6 },
];
const METHODS = [
  { method: 'channels', by: [] },
  { method: 'indications', by: ['-s'] },
];

// It knows DTLS 1.0 as well, draws the version by lot, and draws again when it is refused.
describe('turnutils_uclient loses nothing over DTLS', { concurrency: 4 }, () => {
  for (const { family, host, relay, skip } of FAMILIES) {
    for (const { method, by } of METHODS) {
      const way = [...LOAD, ...relay, ...by];

      scenario(`relay to relay, ${method}, ${family}`, { skip }, async (s) => {
        const twocan = await startTwocan(s, { https: true });
        const options = { host, port: twocan.turnPort, flags: [...way, '-y'] };
        assertNothingLost(await uclient(s, options), CLIENTS * MESSAGES);
      });

      scenario(`to an outside peer, ${method}, ${family}`, { skip }, async (s) => {
        const peer = await echoPeer(s, host);
        const flags = ['--allow-peer', '127.0.0.0/8', '--allow-peer', '::1/128'];
        const twocan = await startTwocan(s, { https: true, flags });
        const options = { host, port: twocan.turnPort, flags: [...way, '-e', host, '-r', `${peer}`] };
        assertNothingLost(await uclient(s, options), CLIENTS * MESSAGES);
      });
    }
  }
});

describe('openssl s_client', () => {
  for (const curve of ['prime256v1', 'secp384r1']) {
    scenario(`trusts a certificate with a key of ${curve}, and the one that replaces it`, {}, async (s) => {
      const { cert, key, make } = await certificate(s, 'first.example', [
        'ec',
        '-pkeyopt',
        `ec_paramgen_curve:${curve}`,
      ]);
      const twocan = await startTwocan(s, { flags: ['--tls-cert', cert, '--tls-key', key] });
      const trusting = (name) => handshake(twocan.turnPort, ['-CAfile', cert, '-verify_hostname', name]);
      const first = await trusting('first.example');
      assert.equal(first.code, 0, first.output);
      assert.match(first.output, /Cipher is ECDHE-ECDSA-CHACHA20-POLY1305/);
      await make('second.example');
      process.kill(twocan.program.pid, 'SIGHUP');
      await until('the new certificate', 10_000, async () => (await trusting('second.example')).code === 0);
    });
  }

  scenario('is told at once when it knows no cipher suite of the server', {}, async (s) => {
    const twocan = await startTwocan(s, { https: true });
    const { code, output } = await handshake(twocan.turnPort, ['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256']);
    assert.notEqual(code, 0);
    assert.match(output, /alert handshake failure/);
  });
});

scenario('with an RSA key there is no DTLS, which the log says', {}, async (s) => {
  const { cert, key } = await certificate(s, 'localhost', ['rsa:2048']);
  const twocan = await startTwocan(s, { https: true, flags: ['--tls-cert', cert, '--tls-key', key] });
  await twocan.program.line(/DTLS are not offered.*ECDSA/);
});

scenario('many who only say hello leave no trace, and hinder nobody', {}, async (s) => {
  const twocan = await startTwocan(s, { https: true });
  const before = await residentKilobytes(twocan.program.pid);
  const port = twocan.turnPort;
  let answers = 0;
  for (let round = 0; round < 100; round += 1) {
    const socket = createSocket('udp4');
    socket.on('message', (answer) => {
      assert.ok(answer.length <= 60, `${answer.length} bytes`);
      answers += 1;
    });
    await new Promise((resolve) => socket.connect(port, '127.0.0.1', resolve));
    const hellos = 100 * (round + 1);
    for (let number = 0; number < 100; number += 1) socket.send(hello());
    // One after the other, so that the kernel drops none.
    await until('every hello to be answered', 5_000, () => answers === hellos);
    socket.close();
    await once(socket, 'close');
  }
  const grown = (await residentKilobytes(twocan.program.pid)) - before;
  // Sessions for all of them would be 100 MB, and for as many as there is room for, 20 MB.
  assert.ok(grown < 5_000, `${grown} KB more than before`);
  const { code, output } = await handshake(port);
  assert.equal(code, 0, output);
});

/** Does a handshake and ends it; returns `{code, output}`. */
function handshake(port, flags = []) {
  const trust = flags.includes('-CAfile') ? ['-verify_return_error'] : [];
  return run('openssl', ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, ...trust, ...flags]);
}

/** A first ClientHello of nobody, with the suite that the server likes best. */
function hello() {
  const body = [254, 253, ...randomFillSync(new Uint8Array(32)), 0, 0, 0, 2, 0xcc, 0xa9, 1, 0];
  const message = [1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length, ...body];
  return Uint8Array.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, message.length, ...message]);
}

async function residentKilobytes(pid) {
  return Number((await readFile(`/proc/${pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+)/)[1]);
}
