// A file on its way while a network fails: it goes on by itself where it was.
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { callAcross, DIRECT } from '../lib/across.js';
import { countSent, hashOf, MB, mb, offers, progress, savesTo, seeded, temporary } from '../lib/files.js';
import { skipReason } from '../lib/network.js';
import { talk } from '../lib/person.js';
import { scenario } from '../lib/scenario.js';
import { until } from '../lib/wait.js';

const skip = await skipReason();
const SIZE = 32 * MB;
/** What the network carries: slow enough for the cuts to come in the middle, however fast the machine is (kbit/s). */
const KBITS = 24_000;
/** What may have been on its way in vain at each cut: no more than a receiver holds in memory. */
const IN_VAIN = 8 * MB;
/** At which share of the file its path carries nothing for how long (s): the second outlasts the browser's patience. */
const CUTS = [
  { at: 0.15, seconds: 5 },
  { at: 0.5, seconds: 20 },
];

scenario('a file goes on by itself after its network has carried nothing', { skip, timeout: 180_000 }, async (s) => {
  const folder = await temporary(s);
  const source = await seeded(path.join(folder, 'film.bin'), SIZE, 'a film');
  const { network, people } = await callAcross(s, DIRECT, { options: [{ lasting: true }, { lasting: true }] });
  const [alice, bob] = people;
  const saved = await savesTo(bob, folder);
  const sentSoFar = await countSent(alice);
  await network.narrow('alice', KBITS);
  await offers(alice, source);
  await bob.press('Chat, 1 new');
  await bob.press('Accept film.bin');
  for (const { at, seconds } of CUTS) {
    await until(`${at} of the file`, 60_000, async () => (await progress(bob)) > at);
    const path = await pathOf(alice);
    await network.cut('natA');
    const begun = await progress(bob);
    await pass(seconds * 1_000);
    const before = await progress(bob);
    assert.ok(before < at + 0.3 && before - begun < 0.2, `the cut came at ${begun}, and ${before} was there`);
    await network.mend('natA');
    const mended = performance.now();
    await until('the file to go on', 40_000, async () => (await progress(bob)) > before);
    const paused = (performance.now() - mended) / 1_000;
    const restarted = (await pathOf(alice)) !== path;
    s.state(
      `${seconds} s without a network: on ${paused.toFixed(1)} s after its end${restarted ? ', by a new path' : ''}`,
    );
    assert.ok(restarted || seconds < 10, 'the path was looked for anew');
  }
  await alice.says(/They have it/);
  assert.equal(await hashOf(await saved('film.bin', SIZE)), await hashOf(source));
  const sent = await sentSoFar();
  s.state(`${mb(sent)} MB were sent for a file of ${mb(SIZE)} MB`);
  assert.ok(sent >= SIZE && sent <= SIZE + CUTS.length * IN_VAIN, `${sent} bytes were sent`);
  await talk(alice, bob);
});

/** What tells a path of the connection from one that is looked for anew. */
function pathOf(person) {
  return person.page.evaluate(() => {
    const { sdp } = window.e2e.connections.at(-1).currentLocalDescription;
    return /a=ice-ufrag:(\S+)/.exec(sdp)[1];
  });
}
