// Calls whose signalling is sealed with the secret of their link: what the server sees, and what becomes of meddling.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { browsers } from './lib/browsers.js';
import { connect } from './lib/client.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { meddle, overhear, roomOf, secretOf, sent, signsOf } from './lib/sealed.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const SEALED = 'Sealed. Who could listen?';
const NAMED = 'Not sealed. Who could listen?';

scenario('the server hears sealed envelopes, and never the secret', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: overhear });
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: overhear });
  const asked = [];
  for (const { page } of [alice, bob]) {
    page.on('request', (request) => asked.push(request.url(), JSON.stringify(request.headers())));
  }
  const link = await startCall(twocan, alice);
  await bob.join(link);
  await talk(alice, bob);
  await bob.press('Hang up');
  await alice.reaches('waiting');

  const messages = (await Promise.all([alice, bob].map((person) => sent(person, 'message')))).flat();
  assert.ok(messages.length >= 4, `${messages.length} messages`);
  for (const { roomId, data } of messages) {
    assert.equal(roomId, roomOf(link));
    assert.deepEqual(Object.keys(data).sort(), ['box', 'from', 'n', 'sealed', 'to']);
  }
  const frames = (await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => window.wire)))).flat();
  const told = [...frames, ...asked.filter((text) => !text.startsWith(`${twocan.origin}/#`))].join('\n');
  for (const word of [secretOf(link), 'a=fingerprint', 'ice-ufrag', 'candidate', 'microphone', 'offer"']) {
    assert.ok(!told.includes(word), `the server was told ${word}`);
  }
  for (const person of [alice, bob]) {
    assert.deepEqual(await person.violations(), [], person.name);
    assert.deepEqual(person.errors, [], person.name);
  }
});

describe('whoever has no key', () => {
  scenario('gets no word, does no harm, and leaves the seat to the other person', {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium(), { before: overhear });
    const bob = await openPerson(s, 'bob', await launched.secondChromium());
    const link = await startCall(twocan, alice);
    const room = roomOf(link);

    // What is on its way when somebody comes is handed to them, though they cannot read it.
    await until('the offer to be left', 5_000, async () => (await sent(alice, 'message')).some(({ keep }) => keep));
    const made = await alice.connections();
    const mallory = await connect(s, twocan.origin, { name: 'mallory' });
    await mallory.join(room, { capabilities: { media: true, restart: true } });
    await alice.says(/Somebody without the key of this call has taken the other seat/);
    assert.equal(await alice.state(), 'waiting');
    const value = { type: 'offer', sdp: 'v=0\r\n' };
    mallory.emit('message', { roomId: room, data: { type: 'offer', value, link: 'x' } });
    await alice.says(/A message without the seal of this call was refused/);
    assert.equal(await alice.state(), 'waiting');
    assert.equal(await alice.connections(), made);
    await mallory.ask('leave', { roomId: room }, 'leaved');
    assert.deepEqual(mallory.events, [], 'mallory was told nothing');

    await bob.join(link);
    await talk(alice, bob);
  });
});

describe('a server that meddles', () => {
  for (const [how, does] of [
    ['alter', 'changes one letter of a message'],
    ['replay', 'delivers every message twice'],
    ['open', 'says something of its own'],
  ]) {
    scenario(`and ${does} is found out, and the call goes on`, {}, async (s) => {
      const twocan = await startTwocan(s);
      const alice = await openPerson(s, 'alice', await launched.chromium());
      const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: meddleBy(how) });
      await bob.join(await startCall(twocan, alice));
      await bob.says(/A message without the seal of this call was refused/);
      await talk(alice, bob);
      assert.doesNotMatch(await alice.text(), /seal of this call was refused/);
    });
  }

  scenario('cannot put other fingerprints into a sealed call; in a room with a name it can', {}, async (s) => {
    const twocan = await startTwocan(s);
    const before = meddleBy('fingerprints');
    const alice = await openPerson(s, 'alice', await launched.chromium(), { before });
    const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before });
    await bob.join(await startCall(twocan, alice));
    await talk(alice, bob);
    assert.equal(await signsOf(alice, SEALED), await signsOf(bob, SEALED));

    // Here the pages believe the server; nobody has such a certificate, so that no connection comes about.
    await alice.join(twocan.url('/r/tea'));
    await alice.reaches('waiting');
    await bob.join(twocan.url('/r/tea'));
    for (const { name, page } of [alice, bob]) {
      const states = () => page.evaluate(() => window.e2e.connections.map((one) => one.connectionState));
      await until(`${name}'s browser to reject it`, 15_000, async () => (await states()).includes('failed'));
    }
    for (const person of [alice, bob]) assert.ok(!(await person.states()).includes('connected'), person.name);
  });
});

describe('the safety code', () => {
  for (const [names, second] of [
    ['two Chromiums', () => launched.secondChromium()],
    ['Chromium and Firefox', () => launched.firefox()],
  ]) {
    scenario(`is the same on both sides, and another in each call, between ${names}`, {}, async (s) => {
      const twocan = await startTwocan(s);
      const alice = await openPerson(s, 'alice', await launched.chromium());
      const bob = await openPerson(s, 'bob', await second());
      await bob.join(await startCall(twocan, alice));
      await talk(alice, bob);
      const signs = await signsOf(alice, SEALED);
      assert.match(signs, /^(\P{ASCII}+[a-z-]+ ?){4}$/u);
      assert.equal(await signsOf(bob, SEALED), signs);

      await bob.press('Hang up');
      await alice.reaches('waiting');
      await bob.press('Call again');
      await talk(alice, bob);
      const again = await signsOf(bob, SEALED);
      assert.equal(await signsOf(alice, SEALED), again);
      assert.notEqual(again, signs);
    });
  }

  scenario('is there in a room with a name, of which the page says that it is not sealed', {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium());
    const bob = await openPerson(s, 'bob', await launched.secondChromium());
    await alice.visit(twocan.url('/r/tea'));
    await alice.says(/A room with a name is not sealed: you rely on whoever runs this server/);
    await alice.press('Join');
    await alice.reaches('waiting');
    await bob.join(twocan.url('/r/tea'));
    await talk(alice, bob);
    assert.equal(await signsOf(alice, NAMED), await signsOf(bob, NAMED));
    await alice.press(NAMED);
    await alice.says(/This call is not sealed/);
    await alice.page.keyboard.press('Escape');
    await until('the dialog to close', 5_000, async () => (await alice.page.$('dialog')) === null);
  });
});

scenario('a sealed call comes back after a reload on either side, with nothing refused', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  const link = await startCall(twocan, alice);
  await bob.join(link);
  await talk(alice, bob);
  for (const person of [alice, bob]) {
    await person.page.reload();
    await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
    await talk(alice, bob);
    assert.equal(person.page.url(), link);
  }
  for (const person of [alice, bob]) assert.doesNotMatch(await person.text(), /refused/);
  assert.equal(await signsOf(alice, SEALED), await signsOf(bob, SEALED));
});

scenario('a page that is closed during a sealed call is soon missed', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await bob.join(await startCall(twocan, alice));
  await talk(alice, bob);
  await bob.page.close();
  const closed = performance.now();
  await alice.reaches('waiting');
  // The seat itself is held for 20 seconds: that it ends before is the page's last word, which had to be sealed in time.
  const missed = performance.now() - closed;
  assert.ok(missed < 15_000, `${missed} ms`);
  assert.doesNotMatch(await alice.text(), /refused/);
});

scenario('Chromium and Firefox meet in a sealed call, whoever of them starts it', {}, async (s) => {
  const twocan = await startTwocan(s);
  const fox = await openPerson(s, 'fox', await launched.firefox());
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.join(await startCall(twocan, fox));
  await talk(alice, fox);
  assert.equal(await signsOf(alice, SEALED), await signsOf(fox, SEALED));
});

scenario('a link that is cut short is named as such, and a whole one that is pasted is opened', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  const link = await startCall(twocan, alice);
  await bob.visit(link.slice(0, -1));
  await bob.says(/A part of this link is missing/);
  assert.equal(await bob.state(), 'start');
  await bob.type('Room name', link.slice(0, -3));
  await bob.press('Open room');
  const refusal = await bob.page.$eval('input[name="room"]', (field) => field.validationMessage);
  assert.match(refusal, /A part of this link is missing/);
  await bob.type('Room name', ` ${link} `);
  await bob.press('Open room');
  await bob.reaches('lobby');
  assert.equal(bob.page.url(), link);
  await bob.press('Join');
  await talk(alice, bob);
});

/** Starts a call as a person does; returns its link. */
async function startCall(twocan, person) {
  await person.visit(twocan.url());
  await person.press('Start a call');
  await person.reaches('lobby');
  await person.press('Join');
  await person.reaches('waiting');
  return person.field('Link to this call');
}

/** `meddle`, in one way, as text that travels into a page. */
function meddleBy(how) {
  return `(${meddle})(${JSON.stringify(how)})`;
}
