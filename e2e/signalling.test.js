// The events of the well-known tutorial, with the stock socket.io-client on each of its transports.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe } from 'node:test';
import { assertUndisturbed, connect, rawPoller, TRANSPORTS } from './lib/client.js';
import { withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan, TURN_SECRET } from './lib/server.js';
import { until } from './lib/wait.js';

const OFFER = { type: 'offer', value: { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' } };
const CANDIDATE = {
  type: 'candidate',
  value: { candidate: 'candidate:1 1 udp 1 10.0.0.1 9 typ host', sdpMLineIndex: 0 },
};

for (const transports of TRANSPORTS) {
  describe(`on ${transports ?? 'polling with an upgrade'}`, () => {
    scenario('two people meet, talk and part', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const [alice, bob] = await both(s, origin, transports);

      const first = await alice.join('tea');
      assert.equal(first.roomId, 'tea');
      assert.equal(first.userNum, 1);
      assert.equal(first.polite, false);
      assert.equal(first.peer, null);

      const second = await bob.join('tea');
      assert.equal(second.roomId, 'tea');
      assert.equal(second.userNum, 2);
      assert.equal(second.polite, true);
      assert.deepEqual(second.peer, { userId: first.userId });
      assert.notEqual(second.userId, first.userId);
      assert.deepEqual(await alice.next('otherjoined'), { roomId: 'tea', userId: second.userId });

      alice.emit('message', { roomId: 'tea', data: OFFER });
      assert.deepEqual(await bob.next('message'), OFFER);
      for (let index = 0; index < 50; index += 1) bob.emit('message', { roomId: 'tea', data: { ...CANDIDATE, index } });
      for (let index = 0; index < 50; index += 1) {
        assert.deepEqual(await alice.next('message'), { ...CANDIDATE, index });
      }

      assert.deepEqual(await bob.ask('leave', { roomId: 'tea' }, 'leaved'), { roomId: 'tea' });
      assert.deepEqual(await alice.next('bye'), { roomId: 'tea', userId: second.userId });
      assert.equal((await bob.join('tea')).userNum, 2);
      if (!transports) {
        await until('the upgrade', 5_000, () => alice.transport === 'websocket' && bob.transport === 'websocket');
        await alice.next('otherjoined');
        bob.emit('message', { roomId: 'tea', data: 'after the upgrade' });
        assert.equal(await alice.next('message'), 'after the upgrade');
      }
    });

    scenario('a join comes with the connection, and a message that was kept with the seat', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const come = (name, join) => connect(s, origin, { transports, name, auth: { join } });
      const alice = await come('alice', { roomId: 'tea', capabilities: { kept: true } });
      const first = await alice.next('joined');
      assert.equal(first.userNum, 1);
      assert.equal(first.userId, alice.socket.id);
      const kept = await alice.socket.emitWithAck('message', { roomId: 'tea', data: CANDIDATE, keep: true });
      assert.deepEqual(kept, { roomId: 'tea' });
      await alice.socket.emitWithAck('message', { roomId: 'tea', data: OFFER, keep: true });

      const bob = await come('bob', { roomId: 'tea', capabilities: { kept: true } });
      const second = await bob.next('joined');
      assert.equal(second.userNum, 2);
      assert.equal(second.peer.userId, first.userId);
      assert.deepEqual(await bob.next('message'), OFFER);
      assert.deepEqual(await alice.next('otherjoined'), {
        roomId: 'tea',
        userId: second.userId,
        capabilities: { kept: true },
        kept: true,
      });
      await assertUndisturbed(alice, bob);

      const carol = await come('carol', { roomId: 'tea' });
      assert.deepEqual(await carol.next('full'), { roomId: 'tea', userNum: 2 });
      const dave = await come('dave', { roomId: 7 });
      assertRefusal(await dave.next('refused'), 'join', 'malformed');
      assert.equal((await dave.join('another')).userNum, 1, 'the connection stands');
    });

    scenario('what was kept is not for a client that does not know of it', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const [alice, bob] = await both(s, origin, transports);
      await alice.join('tea');
      await alice.socket.emitWithAck('message', { roomId: 'tea', data: OFFER, keep: true });
      const { userId } = await bob.join('tea');
      assert.deepEqual(await alice.next('otherjoined'), { roomId: 'tea', userId });
      await assertUndisturbed(alice, bob);
    });

    scenario('a third one meets a full room, holds no seat and disturbs nobody', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const [alice, bob] = await seated(s, origin, transports);
      const carol = await connect(s, origin, { transports, name: 'carol' });
      assert.deepEqual(await carol.ask('join', { roomId: 'tea' }, 'full'), { roomId: 'tea', userNum: 2 });
      assert.deepEqual(await carol.ask('join', { roomId: 'tea' }, 'full'), { roomId: 'tea', userNum: 2 });
      await assertRefused(carol, 'message', { roomId: 'tea', data: OFFER }, 'not_joined');
      await assertRefused(carol, 'leave', { roomId: 'tea' }, 'not_joined');
      assert.equal((await carol.join('another')).userNum, 1);
      carol.close();
      await assertUndisturbed(alice, bob);

      const { userNum } = await leaveAndCount(s, bob, origin, transports);
      assert.equal(userNum, 2, 'the seat that bob left is free for one');
    });

    scenario('a dropped connection is a goodbye', {}, async (s) => {
      // Polling is noticed by its silence only.
      const { origin } = await startTwocan(s, { flags: ['--ping-interval', '300', '--ping-timeout', '300'] });
      const [alice, bob] = await seated(s, origin, transports);
      if (!transports) await until('the upgrade', 5_000, () => bob.transport === 'websocket');
      bob.drop();
      const bye = await alice.next('bye');
      assert.equal(bye.roomId, 'tea');
      const carol = await connect(s, origin, { transports, name: 'carol' });
      assert.equal((await carol.join('tea')).userNum, 2);
    });

    scenario('a disconnect is a goodbye, and so is a reload', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const [alice, bob] = await seated(s, origin, transports);
      for (let reload = 0, last = bob; reload < 5; reload += 1) {
        last.close();
        await alice.next('bye');
        last = await connect(s, origin, { transports, name: 'bob again' });
        assert.equal((await last.join('tea')).userNum, 2);
        await alice.next('otherjoined');
      }
    });

    scenario('whatever is wrong is refused with a reason, and changes nothing', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const [alice, bob] = await seated(s, origin, transports);
      for (const [event, ...args] of MALFORMED) {
        bob.emit(event, ...args);
        assertRefusal(await bob.next('refused'), event, 'malformed');
      }
      await assertRefused(bob, 'dance', { roomId: 'tea' }, 'unknown_event');
      await assertRefused(bob, 'message', { roomId: 'elsewhere', data: 1 }, 'not_joined');
      await assertRefused(bob, 'leave', { roomId: 'elsewhere' }, 'not_joined');
      await assertRefused(bob, 'iceservers', { roomId: 'elsewhere' }, 'not_joined');
      await assertUndisturbed(alice, bob);
      assert.equal((await bob.join('tea')).userNum, 2);
    });
  });
}

scenario('a second join of the same socket is no second person', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await seated(s, origin);
  const again = await bob.join('tea');
  assert.equal(again.userNum, 2);
  assert.equal(again.polite, true);
  assert.equal((await alice.join('tea')).polite, false);
  await assertUndisturbed(alice, bob);
  await bob.ask('leave', { roomId: 'tea' }, 'leaved');
  await alice.next('bye');
  await assertRefused(alice, 'message', { roomId: 'tea', data: 1 }, 'alone');
});

scenario('leaving a room that one is not in tells nobody', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await seated(s, origin);
  const carol = await connect(s, origin, { name: 'carol' });
  await assertRefused(carol, 'leave', { roomId: 'tea' }, 'not_joined');
  carol.close();
  await assertUndisturbed(alice, bob);
});

scenario('one socket sits in sixteen rooms at most', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const alice = await connect(s, origin, { name: 'alice' });
  for (let room = 0; room < 16; room += 1) await alice.join(`room ${room}`);
  await assertRefused(alice, 'join', { roomId: 'one more' }, 'too_many_rooms');
  await alice.ask('leave', { roomId: 'room 3' }, 'leaved');
  await alice.join('one more');
});

scenario('messages reach the one other person in the room, never the sender nor another room', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await seated(s, origin);
  const carol = await connect(s, origin, { name: 'carol' });
  await carol.join('coffee');
  await assertRefused(carol, 'message', { roomId: 'coffee', data: 1 }, 'alone');
  await alice.join('coffee');
  await carol.next('otherjoined');
  alice.emit('message', { roomId: 'coffee', data: 'for carol' });
  alice.emit('message', { roomId: 'tea', data: 'for bob' });
  assert.equal(await carol.next('message'), 'for carol');
  assert.equal(await bob.next('message'), 'for bob');
  assert.deepEqual(
    [alice, bob, carol].map((client) => client.events),
    [[], [], []],
  );
});

scenario('a message that is too long to be kept is refused, and the one before it stays', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await both(s, origin);
  await alice.join('tea');
  // Two bytes are the quotation marks.
  const longest = 'x'.repeat(16_384 - 2);
  await alice.socket.emitWithAck('message', { roomId: 'tea', data: longest, keep: true });
  await assertRefused(alice, 'message', { roomId: 'tea', data: `${longest}x`, keep: true }, 'too_large');
  await bob.join('tea', { capabilities: { kept: true } });
  assert.equal(await bob.next('message'), longest);
});

scenario('the answer to a connection, the seat and what was kept come with one poll', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const alice = await connect(s, origin, { name: 'alice' });
  await alice.join('tea');
  await alice.socket.emitWithAck('message', { roomId: 'tea', data: OFFER, keep: true });
  const url = `${origin}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
  const join = { roomId: 'tea', capabilities: { kept: true } };
  await fetch(`${url}&sid=${sid}`, { method: 'POST', body: `40${JSON.stringify({ join })}` });
  const packets = (await (await fetch(`${url}&sid=${sid}`)).text()).split('\x1e');
  assert.equal(packets.length, 3);
  assert.match(packets[0], /^40\{"sid":/);
  assert.match(packets[1], /^42\["joined",\{"roomId":"tea","userNum":2,/);
  assert.equal(packets[2], `42["message",${JSON.stringify(OFFER)}]`);
});

scenario('capabilities are told to the other one, before and after', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await both(s, origin);
  const first = await alice.join('tea', { capabilities: { zoom: 1, after: [] } });
  const second = await bob.join('tea', { capabilities: { b: true } });
  assert.deepEqual(second.peer, { userId: first.userId, capabilities: { zoom: 1, after: [] } });
  assert.deepEqual(await alice.next('otherjoined'), {
    roomId: 'tea',
    userId: second.userId,
    capabilities: { b: true },
  });
});

scenario('an acknowledgement carries the answer as well', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const alice = await connect(s, origin, { name: 'alice' });
  const acknowledged = await alice.socket.emitWithAck('join', { roomId: 'tea' });
  assert.deepEqual(await alice.next('joined'), acknowledged);
  const refused = await alice.socket.emitWithAck('leave', { roomId: 'elsewhere' });
  assertRefusal(refused, 'leave', 'not_joined');
  assert.deepEqual(await alice.next('refused'), refused);
});

scenario(
  'ICE servers come with the seat, with credentials that end, for the host that the client used',
  {},
  async (s) => {
    const { origin, turnPort } = await startTwocan(s);
    const alice = await connect(s, origin, { name: 'alice' });
    const { iceServers } = await alice.join('tea');
    assertIceServers(iceServers, `localhost:${turnPort}`);
    const asked = await alice.ask('iceservers', { roomId: 'tea' }, 'iceservers');
    assert.equal(asked.roomId, 'tea');
    assertIceServers(asked.iceServers, `localhost:${turnPort}`);

    const bob = await connect(s, origin.replace('localhost', '127.0.0.1'), { name: 'bob' });
    assertIceServers((await bob.join('tea')).iceServers, `127.0.0.1:${turnPort}`);
  },
);

scenario('ICE servers are at the IPv6 address that the client used', { skip: withoutIpv6 }, async (s) => {
  const { origin, turnPort } = await startTwocan(s);
  // On Node the stock client's polling leaves the brackets of the Host header out.
  const alice = await connect(s, origin.replace('localhost', '[::1]'), { transports: ['websocket'], name: 'alice' });
  assertIceServers((await alice.join('tea')).iceServers, `[::1]:${turnPort}`);
});

scenario('data travels as the very bytes that were sent', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = [await rawPoller(origin), await rawPoller(origin)];
  await alice.send('42["join",{"roomId":"tea"}]');
  assert.match(await alice.receive(), /^42\["joined",/);
  await bob.send('42["join",{"roomId":"tea"}]');
  assert.match(await bob.receive(), /^42\["joined",/);
  assert.match(await alice.receive(), /^42\["otherjoined",/);
  const data = '{"z":1.0,"a":[1e3,-0],"":"\\u0041\\/\u{1F426}","10":null,"2":{"b":1,"a":2}}';
  await alice.send(`42["message",{"data":${data},"roomId":"tea"}]`);
  assert.equal(await bob.receive(), `42["message",${data}]`);
});

scenario('the id that others see is not the id of the session', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const [alice, bob] = await both(s, origin);
  const { userId } = await alice.join('tea');
  assert.notEqual(userId, alice.socket.io.engine.id);
  assert.equal((await bob.join('tea')).peer.userId, userId);
});

scenario('a page of another origin may not connect until a flag names it', {}, async (s) => {
  const strict = await startTwocan(s);
  const ask = (origin, from) => fetch(`${origin}/socket.io/?EIO=4&transport=polling`, { headers: { origin: from } });
  assert.equal((await ask(strict.origin, strict.origin)).status, 200);
  assert.equal((await ask(strict.origin, 'https://elsewhere.example')).status, 403);
  const open = await startTwocan(s, { flags: ['--origin', 'https://elsewhere.example'] });
  const response = await ask(open.origin, 'https://elsewhere.example');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-origin'), 'https://elsewhere.example');
});

const MALFORMED = [
  ['join'],
  ['join', null],
  ['join', 'tea'],
  ['join', {}],
  ['join', { roomId: '' }],
  ['join', { roomId: 7 }],
  ['join', { roomId: null }],
  ['join', { roomId: ['tea'] }],
  ['join', { roomId: 'x'.repeat(129) }],
  ['join', { roomId: 'tea', capabilities: 'all' }],
  ['join', Buffer.from('tea')],
  ['message'],
  ['message', null],
  ['message', { roomId: 'tea' }],
  ['message', { data: 1 }],
  ['message', { roomId: 'tea', data: 1, keep: 1 }],
  ['leave'],
  ['leave', 'tea'],
  ['iceservers', 7],
];

async function both(s, origin, transports) {
  return Promise.all(['alice', 'bob'].map((name) => connect(s, origin, { transports, name })));
}

/** Alice and Bob in the room 'tea', with nothing left unheard. */
async function seated(s, origin, transports) {
  const [alice, bob] = await both(s, origin, transports);
  await alice.join('tea');
  await bob.join('tea');
  await alice.next('otherjoined');
  return [alice, bob];
}

async function leaveAndCount(s, bob, origin, transports) {
  await bob.ask('leave', { roomId: 'tea' }, 'leaved');
  const dave = await connect(s, origin, { transports, name: 'dave' });
  return dave.join('tea');
}

async function assertRefused(client, event, payload, code) {
  assertRefusal(await client.ask(event, payload, 'refused'), event, code);
}

function assertRefusal(refused, event, code) {
  assert.equal(refused.event, event);
  assert.equal(refused.code, code);
  assert.ok(refused.message.length > 10, `the reason is "${refused.message}"`);
}

function assertIceServers(iceServers, address) {
  const [stun, turn] = iceServers;
  assert.equal(iceServers.length, 2);
  assert.deepEqual(stun, { urls: [`stun:${address}`] });
  assert.deepEqual(turn.urls, [`turn:${address}?transport=udp`, `turn:${address}?transport=tcp`]);
  const left = Number(turn.username.split(':')[0]) - Date.now() / 1000;
  assert.ok(left > 60 && left <= 24 * 3600 + 1, `the credentials last ${left} s`);
  assert.equal(turn.credential, createHmac('sha1', TURN_SECRET).update(turn.username).digest('base64'));
}
