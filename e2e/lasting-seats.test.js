// A seat outlasts what happens to a page and to the server: reloads, lost connections, second tabs, restarts.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, openSecondTab, talk } from './lib/person.js';
import { wireTo } from './lib/proxy.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { watchPictures } from './lib/standstill.js';
import { until } from './lib/wait.js';

const launched = browsers();
const SECRET = ['--secret', 'a secret that outlives a restart'];
/** How long a reload may keep the pictures away, with room for a slow machine (ms). */
const BACK_WITHIN = 10_000;

for (const [who, index] of [
  ['waited', 0],
  ['came second', 1],
]) {
  scenario(`whoever ${who} loads the page anew, and is in the call again at once`, {}, async (s) => {
    const { people } = await inCall(s);
    await reload(s, people[index], people[1 - index]);
    // Once more: the seat is as good as it was.
    await reload(s, people[index], people[1 - index]);
  });
}

scenario('Firefox loads the page anew, and so does the Chromium that it calls', {}, async (s) => {
  const { people } = await inCall(s, { launch: [launched.firefox, launched.chromium] });
  await reload(s, people[0], people[1]);
  await reload(s, people[1], people[0]);
});

scenario('a relayed call outlives a reload', {}, async (s) => {
  const { people } = await inCall(s, { narrow: { relayOnly: true } });
  await reload(s, people[1], people[0]);
});

scenario('both load the page anew at the same moment', {}, async (s) => {
  const { people } = await inCall(s);
  await Promise.all(people.map((person) => person.page.reload({ waitUntil: 'domcontentloaded' })));
  await Promise.all(people.map((person) => person.reaches('connected')));
  await talk(...people);
});

scenario('a reload keeps what was switched off', {}, async (s) => {
  const { people } = await inCall(s);
  const [alice, bob] = people;
  await bob.press('Microphone');
  await alice.says(/They are muted/);
  await bob.page.reload({ waitUntil: 'domcontentloaded' });
  await bob.reaches('connected');
  assert.equal(await bob.pressed('Microphone'), false);
  await bob.hearsAndSees();
  await alice.hearsAndSees({ audio: false });
  await alice.says(/They are muted/);
});

scenario('whoever waits alone waits on after a reload', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.reaches('waiting');
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
});

scenario(
  'a lost connection to the server is repaired within the grace period, and nothing else happens',
  {},
  async (s) => {
    const { people, wire } = await inCall(s, { wired: true });
    const [alice, bob] = people;
    const before = await connectionsOf(people);
    wire.cut();
    await bob.says(/The server does not answer\. Your call goes on/);
    await alice.says(/They are reconnecting/);
    await talk(...people);
    wire.mend();
    await saysNothingOfTrouble(people);
    await talk(...people);
    assert.deepEqual(await connectionsOf(people), before);
    for (const person of people) assertOnly(await person.states(), ['connecting', 'connected']);
    // The seat is a whole one: it can be left.
    await bob.press('Hang up');
    await alice.reaches('waiting');
  },
);

scenario('a connection that dies without a word is given up by both ends, and repaired', {}, async (s) => {
  const flags = ['--ping-interval', '500', '--ping-timeout', '500'];
  const { people, wire } = await inCall(s, { wired: true, flags });
  const before = await connectionsOf(people);
  wire.silence();
  await talk(...people);
  await until('the new connection', 20_000, async () => wire.connections > 0);
  await saysNothingOfTrouble(people);
  assert.deepEqual(await connectionsOf(people), before);
  for (const person of people) assertOnly(await person.states(), ['connecting', 'connected']);
});

scenario('a connection that is repaired too late costs the seat, not the call', {}, async (s) => {
  const { people, wire } = await inCall(s, { wired: true, flags: ['--resume-grace', '1000'] });
  const [alice, bob] = people;
  wire.cut();
  await alice.says(/They lost touch with the server\. Your call goes on/);
  await talk(...people);
  wire.mend();
  await saysNothingOfTrouble(people);
  await talk(...people);
  for (const person of people) assertOnly(await person.states(), ['connecting', 'connected']);
  await bob.press('Hang up');
  await alice.reaches('waiting');
});

scenario('whoever closes the page is soon taken to have left', {}, async (s) => {
  const { people } = await inCall(s);
  const [alice, bob] = people;
  const from = performance.now();
  await bob.page.close();
  await alice.says(/They are reconnecting/);
  await alice.reaches('waiting');
  const seconds = (performance.now() - from) / 1_000;
  assert.ok(seconds < 15, `it took ${seconds} s, as long as the seat is kept`);
  assert.match(await alice.text(), /They left/);
});

scenario('a page that is closed leaves no ghost after the grace period', {}, async (s) => {
  const { url, people } = await inCall(s, { flags: ['--resume-grace', '2000'] });
  const [alice, bob] = people;
  await bob.page.close();
  await alice.reaches('waiting');
  const carol = await openPerson(s, 'carol', await launched.secondChromium());
  await carol.join(url);
  await talk(alice, carol);
});

scenario('a copy of the tab takes the call over, and gives it back', {}, async (s) => {
  const { url, people } = await inCall(s);
  const [alice, bob] = people;
  const copy = await openSecondTab(s, bob, { copy: true });
  await copy.join(url);
  await bob.reaches('replaced');
  assert.match(await bob.text(), /Your call is in another tab/);
  assert.equal(await camerasAndMicrophones(bob), 0, 'the first tab has let go of camera and microphone');
  await talk(alice, copy);
  assertOnly(await alice.states(), ['connecting', 'connected', 'reconnecting']);

  await bob.page.bringToFront();
  await bob.press('Take it back here');
  await copy.reaches('replaced');
  await bob.reaches('connected');
  await talk(alice, bob);
  assertOnly(await alice.states(), ['connecting', 'connected', 'reconnecting']);
  await bob.press('Hang up');
  await alice.reaches('waiting');
});

scenario('a second tab that is no copy is a newcomer', {}, async (s) => {
  const { url, people } = await inCall(s);
  const second = await openSecondTab(s, people[1], { copy: false });
  await second.join(url);
  await second.reaches('failed');
  assert.match(await second.text(), /full/i);
  await talk(...people);
});

for (const way of ['stop', 'kill']) {
  scenario(
    `a server that is started again after a ${way} knows the seats, and the call has not stopped`,
    {},
    async (s) => {
      const { twocan, people } = await inCall(s, { flags: SECRET });
      const before = await connectionsOf(people);
      const moving = await Promise.all(people.map((person) => watchPictures(person)));
      await twocan[way]();
      await people[0].says(/The server does not answer\. Your call goes on/);
      await twocan.start();
      await saysNothingOfTrouble(people);
      for (const longest of await Promise.all(moving.map((stop) => stop()))) {
        assert.ok(longest < 2_000, `the pictures stood still for ${longest} ms`);
      }
      assert.deepEqual(await connectionsOf(people), before);
      for (const person of people) assertOnly(await person.states(), ['connecting', 'connected']);
      const [alice, bob] = people;
      await reload(s, bob, alice);
      await bob.press('Hang up');
      await alice.reaches('waiting');
    },
  );
}

scenario('a server that is started again and knows nobody seats both anew, and the call goes on', {}, async (s) => {
  const { twocan, people } = await inCall(s);
  const moving = await Promise.all(people.map((person) => watchPictures(person)));
  await twocan.kill();
  await people[0].says(/The server does not answer\. Your call goes on/);
  await twocan.start();
  await saysNothingOfTrouble(people);
  await talk(...people);
  for (const longest of await Promise.all(moving.map((stop) => stop()))) {
    assert.ok(longest < 2_000, `the pictures stood still for ${longest} ms`);
  }
  for (const person of people) assertOnly(await person.states(), ['connecting', 'connected']);
  const [alice, bob] = people;
  await reload(s, bob, alice);
  await bob.press('Hang up');
  await alice.reaches('waiting');
});

scenario('a relayed call finds its way again through a server that is started again', {}, async (s) => {
  const { twocan, people } = await inCall(s, { flags: SECRET, narrow: { relayOnly: true } });
  const before = await connectionsOf(people);
  const moving = await Promise.all(people.map((person) => watchPictures(person)));
  await twocan.kill();
  await twocan.start();
  // Whoever is asked by the other one first may have a new way before it misses the old one.
  await until('one of them to look for a new way', 20_000, async () => {
    return (await Promise.all(people.map((person) => person.states()))).some((all) => all.includes('reconnecting'));
  });
  await Promise.all(people.map((person) => person.reaches('connected')));
  await talk(...people);
  const still = await Promise.all(moving.map((stop) => stop()));
  s.state(`the pictures stood still for ${still.join(' and ')} ms`);
  assert.deepEqual(await connectionsOf(people), before);
  for (const person of people) assertOnly(await person.states(), ['connecting', 'connected', 'reconnecting']);
});

/** Alice waits, Bob joins (through a wire, if it is `wired`), and they talk. */
async function inCall(s, { flags = [], narrow = {}, wired = false, launch } = {}) {
  const twocan = await startTwocan(s, { flags });
  const wire = wired ? await wireTo(s, twocan.httpPort) : null;
  const url = twocan.url('/r/tea');
  const [first, second] = launch ?? [launched.chromium, launched.secondChromium];
  const alice = await openPerson(s, 'alice', await first(), narrow);
  const bob = await openPerson(s, 'bob', await second(), narrow);
  await alice.join(url);
  await alice.reaches('waiting');
  await alice.forgetStates();
  await bob.join(wire ? wire.url('/r/tea') : url);
  await talk(alice, bob);
  await bob.forgetStates();
  return { twocan, wire, url, people: [alice, bob] };
}

/** Loads `person`'s page anew, and waits until both see and hear each other; the other one is never without the call. */
async function reload(s, person, other) {
  await other.forgetStates();
  const made = await other.connections();
  const from = performance.now();
  await person.page.reload({ waitUntil: 'domcontentloaded' });
  const moves = async (who, since) => {
    await until(`new pictures at ${who.name}`, 20_000, () => who.page.evaluate(newPictures, since));
    return Math.round(performance.now() - from);
  };
  const [here, there] = await Promise.all([moves(person, 0), moves(other, made)]);
  s.state(
    `pictures move again after ${here} ms for ${person.name}, who reloaded, and after ${there} ms for ${other.name}`,
  );
  assert.ok(Math.max(here, there) < BACK_WITHIN, `it took ${here} and ${there} ms`);
  await talk(person, other);
  assertOnly(await person.states(), ['joining', 'connecting', 'connected']);
  assertOnly(await other.states(), ['connected', 'reconnecting']);
}

/** Runs in the page: whether a connection made after the first `since` ones brings pictures. */
async function newPictures(since) {
  for (const connection of window.e2e?.connections.slice(since) ?? []) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video' && report.framesDecoded > 2) return true;
    }
  }
  return false;
}

async function connectionsOf(people) {
  return Promise.all(people.map((person) => person.connections()));
}

async function camerasAndMicrophones(person) {
  return person.page.evaluate(() => {
    const tracks = window.e2e.connections.flatMap((one) => one.getSenders().map((sender) => sender.track));
    return tracks.filter((track) => track?.readyState === 'live').length;
  });
}

function assertOnly(states, allowed) {
  assert.deepEqual(
    states.filter((state) => !allowed.includes(state)),
    [],
    `the page has been in ${states}`,
  );
}

async function saysNothingOfTrouble(people) {
  for (const person of people) {
    await until(`${person.name}'s page to speak of no trouble`, 30_000, async () => {
      return /Connected/.test(await person.text());
    });
  }
}
