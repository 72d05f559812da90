// Page, signalling and TURN on the same ports.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { chromium } from './lib/browsers.js';
import { certificate } from './lib/certificate.js';
import { assertNothingLost, uclient } from './lib/coturn.js';
import { createNetwork, NAT, SERVER, skipReason } from './lib/network.js';
import { inWords, openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const skip = await skipReason();
const CLIENTS = 4;
const MESSAGES = 50;
// An odd length: ChannelData over streams needs padding.
const LOAD = ['-c', '-y', '-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-l', '171', '-z', '5', '-t'];

describe('turnutils_uclient loses nothing', { concurrency: 4 }, () => {
  for (const { method, by } of [
    { method: 'channels', by: [] },
    { method: 'indications', by: ['-s'] },
  ]) {
    scenario(`${method} over TCP on the port of HTTP`, {}, async (s) => {
      const twocan = await startTwocan(s);
      await relayAll(s, twocan.httpPort, by);
    });

    scenario(`${method} over TCP on the port of HTTPS`, {}, async (s) => {
      const twocan = await startTwocan(s, { https: true });
      await relayAll(s, twocan.httpsPort, by);
    });

    scenario(`${method} over TLS on the port of HTTPS`, {}, async (s) => {
      const twocan = await startTwocan(s, { https: true });
      await relayAll(s, twocan.httpsPort, ['-S', ...by]);
    });
  }
});

scenario('a new certificate is served without a restart, and what is connected goes on', {}, async (s) => {
  const { cert, key, make } = await certificate(s, 'first.example');
  const flags = ['--tls-cert', cert, '--tls-key', key];
  const twocan = await startTwocan(s, { https: true, flags });
  assert.equal(await servedName(s, twocan.httpsPort), 'first.example');
  const session = await greet(s, twocan.httpsPort);
  await make('second.example');
  process.kill(twocan.program.pid, 'SIGHUP');
  await until('the new certificate', 10_000, async () => {
    return (await servedName(s, twocan.httpsPort)) === 'second.example';
  });
  session.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = await once(session, 'data');
  assert.match(`${answer}`, /^HTTP\/1.1 200 /);
});

for (const transport of ['tcp', 'tls']) {
  scenario(`both where nothing but port 443 passes, the relay over ${transport}`, { skip }, async (s) => {
    const network = s.own(await createNetwork({ natA: NAT.onlyWeb, natB: NAT.onlyWeb }));
    const { cert, key } = await certificate(s, SERVER);
    const port = `${SERVER}:443`;
    const web = ['--http', 'off', '--https', port, '--turn', port, '--tls-cert', cert, '--tls-key', key];
    const twocan = await startTwocan(s, { network, web });
    const people = await Promise.all(
      ['alice', 'bob'].map(async (host) => {
        const wrap = (executable) => network.wrapper(host, executable);
        const browser = s.own(await chromium({ wrap, anyCertificate: true }));
        return openPerson(s, host, browser, { transport });
      }),
    );
    await people[0].join(twocan.url('/r/tea'));
    await people[0].reaches('waiting');
    await people[1].join(twocan.url('/r/tea'));
    await talk(...people);
    for (const person of people) {
      const pair = await person.pair();
      s.state(`${person.name}: ${inWords(pair)}`);
      assert.equal(pair.local.type, 'relay', inWords(pair));
      assert.equal(pair.local.relayProtocol, transport, inWords(pair));
    }
  });
}

/** Lets coturn's client relay on a port, and lose nothing. */
async function relayAll(s, port, flags) {
  assertNothingLost(await uclient(s, { host: '127.0.0.1', port, flags: [...LOAD, ...flags] }), CLIENTS * MESSAGES);
}

/** A TLS connection to the server. */
async function greet(s, port) {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  s.own(socket, () => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function servedName(s, port) {
  return (await greet(s, port)).getPeerCertificate().subject.CN;
}
