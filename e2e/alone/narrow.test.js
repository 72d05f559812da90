// Links too narrow for pictures and sound: the sound goes on, and the pictures give way.
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { callAcross, DIRECT } from '../lib/across.js';
import { MB, offers, progress, savesTo, seeded, temporary } from '../lib/files.js';
import { hears, heardInWords as inWords } from '../lib/hears.js';
import { skipReason } from '../lib/network.js';
import { scenario } from '../lib/scenario.js';
import { until } from '../lib/wait.js';

const skip = await skipReason();
/** What is left of the link in one direction. Sound takes 50 of it, with all headers. */
const KBITS = 200;
/** With this there is room for sound and nothing else. */
const FOR_SOUND = 70;
/** Room for all that a call has, and a file besides. */
const WIDE = 3_000;
/** A new pace is found in this time (ms), and then holds for the time of the measurement. */
const SETTLED_AFTER = 10_000;
const MEASURED_FOR = 10_000;
/** The most of the sound that may be missing while the link has just become narrow, and afterwards. */
const AT_FIRST = 0.25;
const LATER = 0.05;
/** Within this time (ms) sound has the link to itself, where there is room for nothing else. */
const ALONE_WITHIN = 60_000;

scenario(
  'sound goes on where there is too little room for pictures, which give way, and stop where there is none',
  { skip, timeout: 300_000 },
  async (s) => {
    const { network, people } = await callAcross(s, DIRECT);
    const [alice, bob] = people;
    await pass(5_000);
    const wide = await hears(bob, 5_000);
    await network.narrow('alice', KBITS);
    const first = await hears(bob, SETTLED_AFTER);
    const later = await hears(bob, MEASURED_FOR);
    const marked = await network.countMarked('alice', () => pass(2_000));
    s.state(`wide: ${inWords(wide)}; at first: ${inWords(first)}; later: ${inWords(later)}; marked EF: ${marked}`);
    assert.ok(marked > 50, `${marked} packets marked as sound`);
    assert.ok(first.missing < AT_FIRST, inWords(first));
    assert.ok(later.missing < LATER, inWords(later));
    assert.ok(later.pictureKbits < KBITS, inWords(later));
    assert.ok(later.soundKbits > 0.8 * wide.soundKbits, inWords(later));

    await network.narrow('alice', FOR_SOUND);
    await alice.says(/Your picture is paused, so that your voice gets through/);
    // The line to the server is as narrow, and may break in between.
    await until('his page to say why', ALONE_WITHIN, async () =>
      /carries only their voice for now/.test(await bob.text()),
    );
    // What was on its way is sent for some seconds yet, and lost packets of it again; then comes a trial.
    const from = performance.now();
    await until('the sound to get through', ALONE_WITHIN, async () => {
      const heard = await hears(bob, 5_000);
      s.state(`with room for sound alone: ${inWords(heard)}`);
      return heard.missing < LATER && heard.pictures === 0;
    });
    s.state(`it got through within ${((performance.now() - from) / 1_000).toFixed(0)} s`);

    await network.narrow('alice', WIDE);
    await until('their picture to be back', 60_000, async () => !/carries only their voice/.test(await bob.text()));
    await bob.hearsAndSees();
    assert.doesNotMatch(await alice.text(), /Your picture is paused/);
  },
);

scenario('a file leaves sound and pictures the room that they need', { skip, timeout: 120_000 }, async (s) => {
  const folder = await temporary(s);
  const source = await seeded(path.join(folder, 'large.bin'), 64 * MB, 'a large file');
  const { network, people } = await callAcross(s, DIRECT);
  const [alice, bob] = people;
  await savesTo(bob, folder);
  await network.narrow('alice', WIDE);
  await pass(8_000);
  const before = await hears(bob, 5_000);
  await offers(alice, source);
  await bob.press('Chat, 1 new');
  await bob.press('Accept large.bin');
  await until('it to begin', 20_000, async () => (await progress(bob)) > 0);
  const begun = await progress(bob);
  const beside = await hears(bob, MEASURED_FOR);
  const kbits = (((await progress(bob)) - begun) * 64 * MB * 8) / MEASURED_FOR;
  s.state(`alone: ${inWords(before)}; beside a file with ${kbits.toFixed(0)} kbit/s: ${inWords(beside)}`);
  assert.ok(beside.missing < LATER, inWords(beside));
  assert.ok(beside.pictures > 0.5 * before.pictures, inWords(beside));
  assert.ok(kbits > 100, `${kbits} kbit/s of the file`);
});
