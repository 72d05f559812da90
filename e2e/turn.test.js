// coturn's own clients against the server's STUN and TURN.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertNothingLost, credentials, echoPeer, startUclient, uclient } from './lib/coturn.js';
import { freePort, withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { udpSocket } from './lib/udp.js';
import { until } from './lib/wait.js';

const CLIENTS = 4;
const MESSAGES = 50;
const LOAD = ['-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-z', '5'];
// coturn's client spends most of its time asleep.
const ASLEEP = { concurrency: 20 };

const FAMILIES = [
  { family: 'IPv4', host: '127.0.0.1', relay: [], peer: '127.0.0.1' },
  { family: 'IPv6', host: '::1', relay: ['-x'], peer: '::1' },
  { family: 'IPv6 for a client on IPv4', host: '127.0.0.1', relay: ['-x'], peer: '::1' },
  { family: 'IPv4 for a client on IPv6', host: '::1', relay: ['-X'], peer: '127.0.0.1' },
  { family: 'both families, of which it uses IPv4', host: '127.0.0.1', relay: ['-Z'], peer: '127.0.0.1' },
  { family: 'both families, of which it uses IPv6', host: '127.0.0.1', relay: ['-Z', '-x'], peer: '::1' },
].map((one) => ({ ...one, skip: one.family !== 'IPv4' && withoutIpv6 }));
// Lengths that are no multiples of four: ChannelData over TCP and TLS needs padding.
const TRANSPORTS = [
  { transport: 'UDP', over: ['-l', '171'] },
  { transport: 'TCP', over: ['-t', '-l', '173'] },
  { transport: 'TLS', over: ['-t', '-S', '-l', '170'] },
];
const OUTSIDE = ['--allow-peer', '127.0.0.0/8', '--allow-peer', '::1/128'];
const METHODS = [
  { method: 'channels', by: [] },
  { method: 'indications', by: ['-s'] },
];

describe('turnutils_uclient loses nothing', ASLEEP, () => {
  for (const { transport, over } of TRANSPORTS) {
    for (const { method, by } of METHODS) {
      for (const { family, host, relay, peer, skip } of FAMILIES) {
        const way = ['-c', ...LOAD, ...over, ...by, ...relay];

        scenario(`relay to relay, ${method} over ${transport}, ${family}`, { skip }, async (s) => {
          const port = await turnPort(s, transport);
          assertNothingLost(await uclient(s, { host, port, flags: [...way, '-y'] }), CLIENTS * MESSAGES);
        });

        scenario(`to an outside peer, ${method} over ${transport}, ${family}`, { skip }, async (s) => {
          const peerPort = await echoPeer(s, peer);
          const port = await turnPort(s, transport, OUTSIDE);
          const flags = [...way, '-e', peer, '-r', `${peerPort}`];
          assertNothingLost(await uclient(s, { host, port, flags }), CLIENTS * MESSAGES);
        });
      }

      // Half of the clients carry RTCP, on the ports that the other half had kept for them.
      const way = [...LOAD, ...over, ...by];

      scenario(`relay to relay with RTCP, ${method} over ${transport}`, {}, async (s) => {
        const port = await turnPort(s, transport);
        assertNothingLost(await uclient(s, { host: '127.0.0.1', port, flags: [...way, '-y'] }), CLIENTS * MESSAGES);
      });

      scenario(`to an outside peer with RTCP, ${method} over ${transport}`, {}, async (s) => {
        const peerPort = await echoPeer(s, '127.0.0.1');
        const port = await turnPort(s, transport, OUTSIDE);
        const flags = [...way, '-e', '127.0.0.1', '-r', `${peerPort}`];
        assertNothingLost(await uclient(s, { host: '127.0.0.1', port, flags }), CLIENTS * MESSAGES);
      });
    }
  }
});

describe('the relay refuses', ASLEEP, () => {
  scenario('a wrong password', {}, async (s) => {
    const login = { ...credentials(), password: 'guessed' };
    await assertNoAllocation(s, login);
  });

  scenario('a password made with another secret', {}, async (s) => {
    await assertNoAllocation(s, credentials({ secret: 'another secret' }));
  });

  scenario('a username whose time is over', {}, async (s) => {
    await assertNoAllocation(s, credentials({ seconds: -10 }));
  });

  scenario('a username that carries no time', {}, async (s) => {
    const { password } = credentials();
    await assertNoAllocation(s, { username: 'alice', password });
  });

  for (const { peer, host, relay, skip } of [
    { peer: '127.0.0.2', host: '127.0.0.1', relay: [] },
    { peer: '10.1.2.3', host: '127.0.0.1', relay: [] },
    { peer: '169.254.169.254', host: '127.0.0.1', relay: [] },
    { peer: '0.0.0.0', host: '127.0.0.1', relay: [] },
    { peer: '224.0.0.1', host: '127.0.0.1', relay: [] },
    { peer: 'fd00::1', host: '::1', relay: ['-x'], skip: withoutIpv6 },
    { peer: 'fe80::1', host: '::1', relay: ['-x'], skip: withoutIpv6 },
    { peer: '::ffff:127.0.0.1', host: '::1', relay: ['-x'], skip: withoutIpv6 },
  ]) {
    for (const { method, by } of METHODS) {
      scenario(`the special-purpose peer ${peer} by ${method}`, { skip }, async (s) => {
        const twocan = await startTwocan(s);
        const port = await freePort();
        const flags = ['-c', '-n', '3', '-e', peer, '-r', `${port}`, ...relay, ...by];
        const result = await uclient(s, { host, port: twocan.turnPort, flags });
        assert.match(result.output, /error 403 /);
        assert.ok(!result.received, `${result.received} messages came back`);
      });
    }
  }

  // Its own host is a peer of the relay: relayed addresses are there. What else is there is none.
  for (const { family, host, relay, skip } of FAMILIES.slice(0, 2)) {
    for (const { method, by } of METHODS) {
      scenario(`what else listens on its own host, ${family}, by ${method}`, { skip }, async (s) => {
        const listener = await listen(s, host);
        const twocan = await startTwocan(s);
        const flags = ['-c', '-n', '3', '-e', host, '-r', `${listener.port}`, ...relay, ...by];
        const client = startUclient(s, { host, port: twocan.turnPort, flags });
        // It counts once a second: when it counts again, what it sent had a second to arrive.
        await until('everything to be sent', 15_000, () => client.output.match(/tot_send_msgs=3,/g)?.length >= 2);
        // The listener does hear what is sent to it by a straighter way.
        await listener.hear('the fence');
        assert.deepEqual(listener.heard, ['the fence']);
      });
    }
  }
});

/** Starts a server, and returns the port where it takes clients by this transport. */
async function turnPort(s, transport, flags = []) {
  if (transport !== 'TLS') return (await startTwocan(s, { flags })).turnPort;
  const port = await freePort();
  const hosts = withoutIpv6 ? ['127.0.0.1'] : ['127.0.0.1', '[::1]'];
  await startTwocan(s, { flags: [...flags, ...hosts.flatMap((host) => ['--turn-tls', `${host}:${port}`])] });
  return port;
}

async function assertNoAllocation(s, login) {
  const twocan = await startTwocan(s);
  const result = await uclient(s, { host: '127.0.0.1', port: twocan.turnPort, flags: ['-c', '-n', '3', '-y'], login });
  assert.notEqual(result.code, 0);
  assert.match(result.output, /Cannot complete Allocation/);
  assert.equal(result.sent, null);
}

/** A UDP listener beside the relay; `heard` is what came. */
async function listen(s, host) {
  const socket = await udpSocket(s, host);
  const heard = [];
  socket.on('message', (data) => heard.push(`${data}`));
  const { port } = socket.address();
  const hear = async (text) => {
    const sender = await udpSocket(s, host);
    sender.send(text, port, host);
    await until('the listener to hear', 5_000, () => heard.includes(text));
  };
  return { port, heard, hear };
}
