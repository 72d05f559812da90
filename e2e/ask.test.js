// Calls that somebody has to start: 'ask before connecting', on one side or both, and with the tutorial's client.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { joinTutorial, serveTutorial } from './lib/tutorial.js';
import { until } from './lib/wait.js';

const launched = browsers();
const ROOM = '/r/tea';

for (const [caller, browser, other] of [
  ['alice', 'Chromium', launched.secondChromium],
  ['bob', 'Firefox', launched.firefox],
]) {
  scenario(`both ask, and ${caller} calls (bob in ${browser})`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const people = await aliceAndBob(s, other);
    await asks(people.alice, twocan.url(ROOM));
    await people.alice.says(/When someone opens it, either of you can start the call/);
    await asks(people.bob, twocan.url(ROOM));
    await areReady(people);
    await people[caller].press('Call');
    await areTalking(people);
  });
}

for (const caller of ['alice', 'bob']) {
  scenario(`alice asks, bob does not, and ${caller} calls: a sealed call`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const people = await aliceAndBob(s);
    const { alice, bob } = people;
    await alice.visit(twocan.url());
    await alice.reaches('start');
    await alice.press('Start a call');
    await chooses(alice);
    await alice.press('Join');
    await alice.reaches('waiting');
    await bob.join(await alice.field('Link to this call'));
    await areReady(people);
    await people[caller].press('Call');
    await areTalking(people);
  });
}

scenario('the choice is remembered, and can be taken back', {}, async (s) => {
  const twocan = await startTwocan(s);
  const people = await aliceAndBob(s);
  const { alice, bob } = people;
  await alice.visit(twocan.url(ROOM));
  assert.equal(await isOn(alice), false);
  await chooses(alice);
  await alice.visit(twocan.url('/r/coffee'));
  assert.equal(await isOn(alice), true);
  await chooses(alice);
  await alice.press('Join');
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/coffee'));
  await areTalking(people);
});

scenario('whoever is loaded anew is asked again before the call, and not during it', {}, async (s) => {
  const twocan = await startTwocan(s);
  const people = await aliceAndBob(s);
  const { alice, bob } = people;
  await asks(alice, twocan.url(ROOM));
  await alice.reaches('waiting');
  await bob.join(twocan.url(ROOM));
  await areReady(people);
  for (const person of [alice, bob]) {
    await person.page.reload();
    await areReady(people);
  }
  await bob.press('Call');
  await areTalking(people);
  for (const person of [alice, bob]) {
    await person.page.reload();
    await areTalking(people);
  }
});

scenario('one hangs up instead, and is called when they are back', {}, async (s) => {
  const twocan = await startTwocan(s);
  const people = await aliceAndBob(s);
  const { alice, bob } = people;
  await asks(alice, twocan.url(ROOM));
  await bob.join(twocan.url(ROOM));
  await areReady(people);
  await bob.press('Hang up');
  await bob.reaches('ended');
  await alice.reaches('waiting');
  await alice.says(/They left\. When they are back, either of you can start the call/);
  await bob.press('Call again');
  await areReady(people);
  await alice.press('Call');
  await areTalking(people);
});

for (const first of ['a plain client', 'our page']) {
  for (const caller of ['a plain client', 'our page']) {
    scenario(`our page asks: ${first} waits, and ${caller} calls`, {}, async (s) => {
      const page = await serveTutorial(s);
      const twocan = await startTwocan(s, { flags: ['--origin', page] });
      const ours = await openPerson(s, 'alice', await launched.chromium());
      const joinPlain = async () => {
        const browser = await launched.secondChromium();
        return joinTutorial(s, 'bob', browser, { page, server: twocan.origin, room: 'tea' });
      };
      let plain = first === 'a plain client' && (await joinPlain());
      await asks(ours, twocan.url(ROOM));
      if (!plain) {
        await ours.reaches('waiting');
        plain = await joinPlain();
      }
      await Promise.all([ours.reaches('ready'), plain.reaches('canCall')]);
      if (caller === 'a plain client') await plain.press('call');
      else await ours.press('Call');
      await ours.reaches('connected');
      // The plain client sends no sound.
      await Promise.all([ours, plain].map((person) => person.hearsAndSees({ audio: false })));
    });
  }
}

async function aliceAndBob(s, other = launched.secondChromium) {
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await other());
  return { alice, bob };
}

/** Joins with the setting. */
async function asks(person, url) {
  await person.visit(url);
  await chooses(person);
  await person.press('Join');
}

/** Presses the switch in the lobby. */
async function chooses(person) {
  await person.reaches('lobby');
  const before = await isOn(person);
  await (await theSwitch(person)).click();
  await until('the switch to be pressed', 5_000, async () => (await isOn(person)) !== before);
}

async function isOn(person) {
  return (await theSwitch(person)).evaluate((input) => input.checked);
}

function theSwitch(person) {
  return person.page.waitForSelector('::-p-aria([name="Ask before connecting"][role="switch"])');
}

/** Both are told, and nothing is connected. */
async function areReady({ alice, bob }) {
  for (const person of [alice, bob]) {
    await person.reaches('ready');
    await person.says(/The other person is here/);
    const connected = () => window.e2e.connections.filter((pc) => pc.remoteDescription !== null).length;
    assert.equal(await person.page.evaluate(connected), 0, person.name);
  }
}

async function areTalking({ alice, bob }) {
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
}
