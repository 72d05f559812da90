// What arrives at a person of the other one's sound and pictures, by the browser's own counters.
import { setTimeout as pass } from 'node:timers/promises';

/** What arrives at a person in a time: the share of sound that had to be made up, and both rates. */
export async function hears(person, ms) {
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

/** The same in words. */
export function heardInWords({ missing, lost, soundKbits, pictureKbits, pictures }) {
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const kbits = (rate) => `${rate.toFixed(0)} kbit/s`;
  return `${percent(missing)} of the sound made up, ${percent(lost)} lost, sound ${kbits(soundKbits)}, pictures ${kbits(pictureKbits)} at ${pictures.toFixed(1)}/s`;
}
