// Peers that are reached by TCP: coturn's own client, each of whose sessions has a connection for requests and another
// for data. With several threads, the two are seldom accepted by the same.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertNothingLost, uclient } from './lib/coturn.js';
import { freePort, withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const CLIENTS = 8;
const MESSAGES = 50;
const LOAD = ['-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-l', '171', '-z', '5'];
const THREADS = ['--relay-threads', '4'];

const FAMILIES = [
  { family: 'IPv4', host: '127.0.0.1', relay: [] },
  { family: 'IPv6', host: '::1', relay: ['-x'], skip: withoutIpv6 },
];

// Each way to the server, as the options that it needs and the port that the client takes.
const WAYS = [
  { way: 'TCP', over: [], port: (twocan) => twocan.turnPort },
  { way: 'TCP on the port of HTTP', over: [], port: (twocan) => twocan.httpPort },
  { way: 'TLS on the port of HTTPS', over: ['-S'], port: (twocan) => twocan.httpsPort },
];

// coturn's client spends most of its time asleep.
describe('turnutils_uclient loses nothing by TCP', { concurrency: 4 }, () => {
  for (const { family, host, relay, skip } of FAMILIES) {
    for (const { way, over, port } of WAYS) {
      scenario(`relay to relay, over ${way}, ${family}`, { skip }, async (s) => {
        const twocan = await startTwocan(s, { https: true, flags: THREADS });
        const flags = ['-T', ...LOAD, ...relay, ...over];
        assertNothingLost(await uclient(s, { host, port: port(twocan), flags }), CLIENTS * MESSAGES);
      });
    }

    scenario(`relay to relay, over TLS on a port of its own, ${family}`, { skip }, async (s) => {
      const port = await freePort();
      const listener = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      await startTwocan(s, { flags: ['--turn-tls', listener, ...THREADS] });
      const flags = ['-T', '-S', ...LOAD, ...relay];
      assertNothingLost(await uclient(s, { host, port, flags }), CLIENTS * MESSAGES);
    });
  }

  scenario('relay to relay, over TCP, in a single thread', {}, async (s) => {
    const twocan = await startTwocan(s, { flags: ['--relay-threads', '1'] });
    const result = await uclient(s, { host: '127.0.0.1', port: twocan.turnPort, flags: ['-T', ...LOAD] });
    assertNothingLost(result, CLIENTS * MESSAGES);
  });

  scenario('from peers that connect by themselves', {}, async (s) => {
    const twocan = await startTwocan(s, { flags: ['--allow-peer', '127.0.0.0/8', ...THREADS] });
    const { sent, received, output } = await uclient(s, {
      host: '127.0.0.1',
      port: twocan.turnPort,
      flags: ['-P', ...LOAD],
    });
    assert.equal(sent, CLIENTS * MESSAGES, output);
    // Half of the sessions are those peers, and what comes to a peer is not counted.
    assert.equal(received, sent / 2, output);
  });
});
