// The plain two-person client of the tutorial, unchanged, with itself and with our page.
import { browsers } from './lib/browsers.js';
import { openPerson } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { joinTutorial, serveTutorial } from './lib/tutorial.js';

const launched = browsers();
const ROOM = 'tea';

scenario('two plain clients call each other; the one who waited presses call', {}, async (s) => {
  const { join } = await servers(s);
  const alice = await join('alice', await launched.chromium());
  await alice.reaches('waiting');
  const bob = await join('bob', await launched.secondChromium());
  await Promise.all([alice.reaches('canCall'), bob.reaches('canCall')]);
  await alice.press('call');
  await picturesBothWays(alice, bob);
});

scenario('two plain clients call each other; the newcomer presses call', {}, async (s) => {
  const { join } = await servers(s);
  const alice = await join('alice', await launched.chromium());
  await alice.reaches('waiting');
  const bob = await join('bob', await launched.secondChromium());
  await Promise.all([alice.reaches('canCall'), bob.reaches('canCall')]);
  await bob.press('call');
  await picturesBothWays(alice, bob);
  await bob.press('leave');
  await bob.reaches('disconnect');
  await alice.reaches('waiting');
});

scenario('a plain client waits, our page joins and calls', {}, async (s) => {
  const { twocan, join } = await servers(s);
  const alice = await join('alice', await launched.chromium());
  await alice.reaches('waiting');
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await bob.join(twocan.url(`/r/${ROOM}`));
  await bob.reaches('connected');
  await picturesBothWays(alice, bob);
});

scenario('our page waits, a plain client joins', {}, async (s) => {
  const { twocan, join } = await servers(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.join(twocan.url(`/r/${ROOM}`));
  await alice.reaches('waiting');
  const bob = await join('bob', await launched.secondChromium());
  await alice.reaches('connected');
  await picturesBothWays(alice, bob);
  await alice.press('Hang up');
  await bob.reaches('waiting');
});

/** The server, with the tutorial's page on another origin; `join` opens that page for a person. */
async function servers(s) {
  const page = await serveTutorial(s);
  const twocan = await startTwocan(s, { flags: ['--origin', page] });
  const join = (name, browser) => joinTutorial(s, name, browser, { page, server: twocan.origin, room: ROOM });
  return { twocan, join };
}

/** The plain client sends no sound. */
async function picturesBothWays(...people) {
  await Promise.all(people.map((person) => person.hearsAndSees({ audio: false })));
}
