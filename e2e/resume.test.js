// Seats that are had back: what the clients of a room hear, with the stock socket.io-client on each of its transports.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertUndisturbed, connect, rawPoller, TRANSPORTS } from './lib/client.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const RESUME = { capabilities: { resume: true } };
const SECRET = ['--secret', 'a secret that outlives a restart'];
/** Long enough for a test to come back in time, short enough to wait for its end (ms). */
const SHORT_GRACE = ['--resume-grace', '1500'];
/** Polling is noticed by its silence only. */
const QUICK_PINGS = ['--ping-interval', '300', '--ping-timeout', '300'];

for (const transports of TRANSPORTS) {
  describe(`from ${transports ?? 'polling with an upgrade'}`, () => {
    for (const next of [['polling'], ['websocket']]) {
      scenario(`a seat is had back by ${next}`, {}, async (s) => {
        const { origin } = await startTwocan(s, { flags: QUICK_PINGS });
        const { alice, bob, first, second } = await seated(s, origin, transports);
        alice.drop();
        assert.deepEqual(await bob.next('peeraway'), { roomId: 'tea', userId: first.userId });
        const again = await connect(s, origin, { transports: next, name: 'alice again' });
        const joined = await again.join('tea', { resume: first.resume, capabilities: { resume: true, fresh: 1 } });
        assert.equal(joined.resumed, true);
        assert.equal(joined.userId, first.userId);
        assert.equal(joined.polite, first.polite);
        assert.equal(joined.userNum, 2);
        assert.equal(typeof joined.resume, 'string');
        assert.equal(joined.peer.userId, second.userId);
        assert.deepEqual(await bob.next('peerback'), {
          roomId: 'tea',
          userId: first.userId,
          capabilities: { resume: true, fresh: 1 },
        });
        await assertUndisturbed(again, bob);
      });
    }

    scenario('messages for somebody who is away wait, and arrive once and in order', {}, async (s) => {
      const { origin } = await startTwocan(s, { flags: QUICK_PINGS });
      const { alice, bob, first } = await seated(s, origin, transports);
      alice.drop();
      await bob.next('peeraway');
      for (let index = 0; index < 64; index += 1) bob.emit('message', { roomId: 'tea', data: { index } });
      bob.emit('message', { roomId: 'tea', data: 'one too many' });
      assertRefusal(await bob.next('refused'), 'message', 'queue_full');
      const again = await connect(s, origin, { transports, name: 'alice again' });
      await again.join('tea', { ...RESUME, resume: first.resume });
      for (let index = 0; index < 64; index += 1) assert.deepEqual(await again.next('message'), { index });
      await bob.next('peerback');
      await assertUndisturbed(again, bob);

      again.drop();
      await bob.next('peeraway');
      const third = await connect(s, origin, { transports, name: 'alice once more' });
      await third.join('tea', { ...RESUME, resume: first.resume });
      await bob.next('peerback');
      await assertUndisturbed(third, bob);
    });

    scenario('a seat is taken over from a socket that still has it', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const { alice, bob, first } = await seated(s, origin, transports);
      const second = await connect(s, origin, { transports, name: 'alice in a second tab' });
      const joined = await second.join('tea', { ...RESUME, resume: first.resume });
      assert.equal(joined.resumed, true);
      assert.equal(joined.userId, first.userId);
      assert.deepEqual(await alice.next('replaced'), { roomId: 'tea' });
      assert.equal((await bob.next('peerback')).userId, first.userId);
      await assertRefused(alice, 'message', { roomId: 'tea', data: 1 }, 'not_joined');
      await assertRefused(alice, 'leave', { roomId: 'tea' }, 'not_joined');
      alice.close();
      await assertUndisturbed(second, bob);
    });

    scenario("the tutorial's client gives its seat up at once", {}, async (s) => {
      const { origin } = await startTwocan(s, { flags: QUICK_PINGS });
      const alice = await connect(s, origin, { transports, name: 'alice' });
      const bob = await connect(s, origin, { transports, name: 'bob' });
      const first = await alice.join('tea');
      assert.equal(first.resume, undefined);
      await bob.join('tea', RESUME);
      await alice.next('otherjoined');
      alice.drop();
      assert.deepEqual(await bob.next('bye'), { roomId: 'tea', userId: first.userId });
      await assertRefused(bob, 'message', { roomId: 'tea', data: 1 }, 'alone');
    });

    scenario('whoever says goodbye is gone at once, by leaving or by disconnecting', {}, async (s) => {
      const { origin } = await startTwocan(s);
      const { alice, bob, first } = await seated(s, origin, transports);
      await alice.ask('leave', { roomId: 'tea' }, 'leaved');
      assert.deepEqual(await bob.next('bye'), { roomId: 'tea', userId: first.userId });
      const again = await alice.join('tea', { ...RESUME, resume: first.resume });
      assert.notEqual(again.resumed, true, 'a seat that was left is no more');
      assert.notEqual(again.userId, undefined);
      await bob.next('otherjoined');
      alice.close();
      assert.deepEqual(await bob.next('bye'), { roomId: 'tea', userId: again.userId });
    });
  });
}

scenario(
  'a seat that nobody comes back to is free after the grace period, and its messages are gone',
  {},
  async (s) => {
    const { origin } = await startTwocan(s, { flags: SHORT_GRACE });
    const { alice, bob, first } = await seated(s, origin, ['websocket']);
    alice.drop();
    await bob.next('peeraway');
    bob.emit('message', { roomId: 'tea', data: 'for alice alone' });
    const carol = await connect(s, origin, { name: 'carol' });
    assert.deepEqual(await carol.ask('join', { roomId: 'tea' }, 'full'), { roomId: 'tea', userNum: 2 });
    assert.deepEqual(await bob.next('bye'), { roomId: 'tea', userId: first.userId });
    await assertRefused(bob, 'message', { roomId: 'tea', data: 1 }, 'alone');
    const joined = await carol.join('tea', { ...RESUME, resume: first.resume });
    assert.notEqual(joined.resumed, true);
    assert.notEqual(joined.userId, first.userId);
    await bob.next('otherjoined');
    await assertUndisturbed(carol, bob);
  },
);

scenario('a waiting message may be large, and all of them together have a limit', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const { alice, bob, first } = await seated(s, origin, ['websocket']);
  alice.drop();
  await bob.next('peeraway');
  const data = 'x'.repeat(30_000);
  for (let sent = 0; sent < 3; sent += 1) bob.emit('message', { roomId: 'tea', data });
  assertRefusal(await bob.next('refused'), 'message', 'queue_full');
  const again = await connect(s, origin, { name: 'alice again' });
  await again.join('tea', { ...RESUME, resume: first.resume });
  assert.equal(await again.next('message'), data);
  assert.equal(await again.next('message'), data);
  await bob.next('peerback');
  await assertUndisturbed(again, bob);
});

scenario('whoever comes while somebody is away is told so, and talks to them when they are back', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const { alice, bob, first } = await seated(s, origin, ['websocket']);
  await bob.ask('leave', { roomId: 'tea' }, 'leaved');
  await alice.next('bye');
  alice.drop();
  const carol = await joinUntil(s, origin, 'carol', (joined) => joined.peer?.away === true);
  carol.emit('message', { roomId: 'tea', data: 'while you were away' });
  const again = await connect(s, origin, { name: 'alice again' });
  const joined = await again.join('tea', { ...RESUME, resume: first.resume });
  assert.equal(joined.resumed, true);
  assert.equal(await again.next('message'), 'while you were away');
  await carol.next('peerback');
  await assertUndisturbed(again, carol);
});

scenario('a token is of use in its own room, and on its own server', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const stranger = await startTwocan(s);
  const { bob, first } = await seated(s, origin, ['websocket']);
  const foreign = (await (await connect(s, stranger.origin)).join('tea', RESUME)).resume;
  for (const resume of [foreign, `${first.resume}x`, 'none', '']) {
    const carol = await connect(s, origin, { name: 'carol' });
    assert.deepEqual(await carol.ask('join', { roomId: 'tea', ...RESUME, resume }, 'full'), {
      roomId: 'tea',
      userNum: 2,
    });
  }
  const carol = await connect(s, origin, { name: 'carol' });
  const joined = await carol.join('coffee', { ...RESUME, resume: first.resume });
  assert.notEqual(joined.resumed, true);
  assert.notEqual(joined.userId, first.userId);
  assert.deepEqual(bob.events, []);
});

scenario('visitors of a full room count nowhere, also while one of its two is away', {}, async (s) => {
  const { origin } = await startTwocan(s, { flags: SHORT_GRACE });
  const { alice, bob } = await seated(s, origin, ['websocket']);
  const visit = async (name) => {
    const visitor = await connect(s, origin, { transports: ['websocket'], name });
    assert.deepEqual(await visitor.ask('join', { roomId: 'tea', ...RESUME }, 'full'), { roomId: 'tea', userNum: 2 });
    return visitor;
  };
  (await visit('carol')).close();
  (await visit('dave')).drop();
  alice.drop();
  await bob.next('peeraway');
  const erin = await visit('erin');
  await bob.next('bye');
  assert.equal((await erin.join('tea', RESUME)).userNum, 2);
  await bob.next('otherjoined');
  await assertUndisturbed(erin, bob);
});

for (const way of ['stop', 'kill']) {
  scenario(`a server that is started again after a ${way} knows the seats by their tokens`, {}, async (s) => {
    const twocan = await startTwocan(s, { flags: SECRET });
    const { first, second } = await seated(s, twocan.origin, ['websocket']);
    await twocan[way]();
    await twocan.start();
    const alice = await connect(s, twocan.origin, { name: 'alice again' });
    const bob = await connect(s, twocan.origin, { name: 'bob again' });
    const back = await bob.join('tea', { ...RESUME, resume: second.resume });
    assert.deepEqual([back.resumed, back.userId, back.polite, back.peer], [true, second.userId, second.polite, null]);
    const alsoBack = await alice.join('tea', { ...RESUME, resume: first.resume });
    assert.deepEqual(
      [alsoBack.resumed, alsoBack.userId, alsoBack.polite, alsoBack.peer.userId],
      [true, first.userId, first.polite, second.userId],
    );
    assert.equal((await bob.next('peerback')).userId, first.userId);
    await assertUndisturbed(alice, bob);
  });
}

scenario('a server of another secret takes nobody for somebody else', {}, async (s) => {
  const twocan = await startTwocan(s);
  const { first } = await seated(s, twocan.origin, ['websocket']);
  await twocan.kill();
  await twocan.start();
  const alice = await connect(s, twocan.origin, { name: 'alice again' });
  const joined = await alice.join('tea', { ...RESUME, resume: first.resume });
  assert.deepEqual([joined.resumed ?? false, joined.userNum], [false, 1]);
  assert.notEqual(joined.userId, first.userId);
});

scenario('waiting messages are the very bytes that were sent', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const alice = await connect(s, origin, { transports: ['websocket'], name: 'alice' });
  const { resume } = await alice.join('tea', RESUME);
  const bob = await rawPoller(origin);
  await bob.send('42["join",{"roomId":"tea"}]');
  await bob.receive();
  await alice.next('otherjoined');
  alice.drop();
  assert.match(await bob.receive(), /^42\["peeraway",/);
  const data = '{"z":1.0,"a":[1e3,-0],"":"\\u0041\\/\u{1F426}","10":null,"2":{"b":1,"a":2}}';
  await bob.send(`42["message",{"data":${data},"roomId":"tea"}]`);
  const again = await rawPoller(origin);
  await again.send(`42["join",${JSON.stringify({ roomId: 'tea', ...RESUME, resume })}]`);
  assert.match(await again.receive(), /^42\["joined",/);
  assert.equal(await again.receive(), `42["message",${data}]`);
});

/** Alice and Bob in the room 'tea', with nothing left unheard; what their `joined` said is `first` and `second`. */
async function seated(s, origin, transports) {
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => connect(s, origin, { transports, name })));
  const first = await alice.join('tea', RESUME);
  const second = await bob.join('tea', RESUME);
  await alice.next('otherjoined');
  return { alice, bob, first, second };
}

/** Joins with new clients until what `joined` says is right: how soon a server sees a lost connection is its own. */
async function joinUntil(s, origin, name, right) {
  for (;;) {
    const client = await connect(s, origin, { transports: ['websocket'], name });
    const joined = await client.join('tea', RESUME);
    if (right(joined)) return client;
    await client.ask('leave', { roomId: 'tea' }, 'leaved');
  }
}

async function assertRefused(client, event, payload, code) {
  assertRefusal(await client.ask(event, payload, 'refused'), event, code);
}

function assertRefusal(refused, event, code) {
  assert.equal(refused.event, event);
  assert.equal(refused.code, code);
  assert.ok(refused.message.length > 10, `the reason is "${refused.message}"`);
}
