// coturn's own clients against the server's STUN and TURN.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe } from 'node:test';
import { credentials, echoPeer, startUclient, stunclient, uclient } from './lib/coturn.js';
import { freePort, withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const CLIENTS = 4;
const MESSAGES = 50;
// An odd length: ChannelData over TCP needs padding.
const LOAD = ['-c', '-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-l', '171', '-z', '5'];

const FAMILIES = [
  { family: 'IPv4', host: '127.0.0.1', relay: [] },
  { family: 'IPv6', host: '::1', relay: ['-x'], skip: withoutIpv6 },
];
const TRANSPORTS = [
  { transport: 'UDP', over: [] },
  { transport: 'TCP', over: ['-t'] },
];
const METHODS = [
  { method: 'channels', by: [] },
  { method: 'indications', by: ['-s'] },
];

describe('turnutils_uclient, with a second port beside the first', { concurrency: 4 }, () => {
  for (const { transport, over } of TRANSPORTS) {
    scenario(`even ports and reservations over ${transport}`, {}, async (s) => {
      const twocan = await startTwocan(s);
      const flags = ['-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-z', '5', ...over, '-y'];
      // Half of the clients carry RTCP, on the ports that the other half had kept for them.
      assertNothingLost(await uclient(s, { host: '127.0.0.1', port: twocan.turnPort, flags }), CLIENTS * MESSAGES);
    });
  }
});

// coturn's client spends most of its time asleep.
describe('turnutils_uclient loses nothing', { concurrency: 4 }, () => {
  for (const { family, host, relay, skip } of FAMILIES) {
    for (const { transport, over } of TRANSPORTS) {
      for (const { method, by } of METHODS) {
        const way = [...LOAD, ...relay, ...over, ...by];

        scenario(`relay to relay, ${method} over ${transport}, ${family}`, { skip }, async (s) => {
          const twocan = await startTwocan(s);
          const result = await uclient(s, { host, port: twocan.turnPort, flags: [...way, '-y'] });
          assertNothingLost(result, CLIENTS * MESSAGES);
        });

        scenario(`to an outside peer, ${method} over ${transport}, ${family}`, { skip }, async (s) => {
          const port = await echo(s, host);
          const twocan = await startTwocan(s, { flags: ['--allow-peer', '127.0.0.0/8', '--allow-peer', '::1/128'] });
          const flags = [...way, '-e', host, '-r', `${port}`];
          assertNothingLost(await uclient(s, { host, port: twocan.turnPort, flags }), CLIENTS * MESSAGES);
        });
      }
    }
  }
});

describe('turnutils_stunclient', () => {
  for (const { family, host, skip } of FAMILIES) {
    scenario(`is told its own address, ${family}`, { skip }, async (s) => {
      const twocan = await startTwocan(s);
      const { code, seen, output } = await stunclient({ host, port: twocan.turnPort });
      assert.equal(code, 0, output);
      assert.match(seen ?? output, new RegExp(`^${host}:\\d+$`));
    });
  }
});

describe('the relay refuses', { concurrency: 4 }, () => {
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
  for (const { family, host, relay, skip } of FAMILIES) {
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

function assertNothingLost({ sent, received, lost, output }, expected) {
  assert.equal(sent, expected, output);
  assert.equal(received, sent);
  assert.equal(lost, 0);
}

async function assertNoAllocation(s, login) {
  const twocan = await startTwocan(s);
  const result = await uclient(s, { host: '127.0.0.1', port: twocan.turnPort, flags: ['-c', '-n', '3', '-y'], login });
  assert.notEqual(result.code, 0);
  assert.match(result.output, /Cannot complete Allocation/);
  assert.equal(result.sent, null);
}

/** Starts an echo peer, and returns its port once it answers. */
async function echo(s, host) {
  const port = await freePort();
  echoPeer(s, { host, port });
  const socket = await udpSocket(s, host);
  let answered = false;
  socket.on('message', () => {
    answered = true;
  });
  await until('the echo peer to answer', 5_000, () => {
    socket.send('hello', port, host, () => {});
    return answered;
  });
  return port;
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

async function udpSocket(s, host) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  s.own(socket);
  // An echo peer that is not up yet answers with an ICMP error.
  socket.on('error', () => {});
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}
