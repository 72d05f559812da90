// Links too narrow for pictures and sound: the sound goes on, and the pictures give way.
import assert from 'node:assert/strict';
import { setTimeout as pass } from 'node:timers/promises';
import { chromium } from './lib/browsers.js';
import { createNetwork, NAT, skipReason } from './lib/network.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const skip = await skipReason();
/** What is left of the link in one direction. Sound takes 50 of it, with all headers. */
const KBITS = 200;
/** A new pace is found in this time (ms), and then holds for the time of the measurement. */
const SETTLED_AFTER = 10_000;
const MEASURED_FOR = 10_000;
/** The most of the sound that may be missing while the link has just become narrow, and afterwards. */
const AT_FIRST = 0.25;
const LATER = 0.05;

scenario(
  'sound goes on where there is too little room for pictures, which give way',
  { skip, timeout: 120_000 },
  async (s) => {
    const network = s.own(await createNetwork({ natA: NAT.endpointIndependent, natB: NAT.endpointIndependent }));
    const twocan = await startTwocan(s, { network });
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map(async (host) => {
        const wrap = (executable) => network.wrapper(host, executable);
        const browser = s.own(await chromium({ wrap, secureOrigin: twocan.origin }));
        return openPerson(s, host, browser);
      }),
    );
    await alice.join(twocan.url('/r/tea'));
    await alice.reaches('waiting');
    await bob.join(twocan.url('/r/tea'));
    await talk(alice, bob);
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
  },
);

/** What arrives at a person in a time: the share of sound that had to be made up, and both rates. */
async function hears(person, ms) {
  const before = await counters(person);
  await pass(ms);
  const after = await counters(person);
  const grown = (key) => after[key] - before[key];
  const seconds = grown('at') / 1_000;
  return {
    missing: (grown('concealed') - grown('silent')) / grown('samples'),
    lost: grown('lost') / (grown('lost') + grown('packets')),
    soundKbits: (grown('soundBytes') * 8) / 1_000 / seconds,
    pictureKbits: (grown('pictureBytes') * 8) / 1_000 / seconds,
    pictures: grown('decoded') / seconds,
  };
}

function counters(person) {
  return person.page.evaluate(async () => {
    const stats = [...(await window.e2e.connections.at(-1).getStats()).values()];
    const inbound = (kind) => stats.find((one) => one.type === 'inbound-rtp' && one.kind === kind);
    const [sound, picture] = [inbound('audio'), inbound('video')];
    return {
      at: performance.now(),
      samples: sound.totalSamplesReceived,
      concealed: sound.concealedSamples,
      silent: sound.silentConcealedSamples,
      packets: sound.packetsReceived,
      lost: sound.packetsLost,
      soundBytes: sound.bytesReceived,
      pictureBytes: picture.bytesReceived,
      decoded: picture.framesDecoded,
    };
  });
}

function inWords({ missing, lost, soundKbits, pictureKbits, pictures }) {
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const kbits = (rate) => `${rate.toFixed(0)} kbit/s`;
  return `${percent(missing)} of the sound made up, ${percent(lost)} lost, sound ${kbits(soundKbits)}, pictures ${kbits(pictureKbits)} at ${pictures.toFixed(1)}/s`;
}
