/** A browser that sends over a link, in virtual time, and what is made of its pictures. */
import { expect, it } from 'vitest';
import { type Pictures, SoundFirst } from './sound-first';

/** What sound takes of a link, with all headers, and without (bit/s). */
const SOUND_WIRE = 50_000;
const SOUND = 32_000;

it('leaves pictures alone on every link that carries a small one', () => {
  expect(over(150_000).run(300)).toEqual([]);
  expect(over(5_000_000).run(300)).toEqual([]);
});

it('sends no pictures where there is room for sound alone, within seconds', () => {
  const link = over(60_000);
  const [first] = link.run(10);
  expect(first).toMatchObject({ pictures: 'none' });
  expect(first?.at).toBeLessThan(8_000);
  link.run(2);
  expect(link.missing).toBe(0);
});

it('tries again, more and more seldom, and breaks the sound for a small part of the time', () => {
  const link = over(60_000);
  const changes = link.run(1_200).filter(({ pictures }) => pictures === 'trial');
  const gaps = changes.slice(1).map(({ at }, n) => at - (changes[n]?.at ?? 0));
  expect(gaps[0]).toBeLessThan(40_000);
  expect(gaps.at(-1)).toBeGreaterThan(80_000);
  expect(link.suffered / link.seconds).toBeLessThan(0.15);
});

it('sends them again within a trial when there is room, and begins anew after a while', () => {
  const link = over(60_000);
  link.run(200);
  link.capacity = 2_000_000;
  expect(link.run(120).map(({ pictures }) => pictures)).toEqual(['trial', 'all']);
  link.capacity = 60_000;
  const [none, trial] = link.run(40);
  expect(none?.pictures).toBe('none');
  expect((trial?.at ?? 0) - (none?.at ?? 0)).toBeLessThan(12_000);
});

it('is not misled by one bad second, or by a camera that is off', () => {
  const link = over(2_000_000);
  link.run(20);
  link.capacity = 40_000;
  expect(link.run(2)).toEqual([]);
  link.capacity = 2_000_000;
  expect(link.run(30)).toEqual([]);
  link.camera = false;
  link.capacity = 60_000;
  expect(link.run(60)).toEqual([]);
});

it('goes by what is lost where a browser does not tell the room', () => {
  const link = over(60_000, { tells: false });
  expect(link.run(20)[0]?.pictures).toBe('none');
  link.capacity = 2_000_000;
  expect(link.run(60).at(-1)?.pictures).toBe('all');
});

it('leaves large pictures alone whatever is lost: less of them is what helps', () => {
  const first = new SoundFirst();
  for (let at = 0; at < 60_000; at += 1_000) {
    first.take({ at, available: null, lossOut: 0.2, roundTrip: 50, videoOut: 800_000 });
  }
  expect(first.pictures).toBe('all');
});

/** A link of so many bits a second, in one direction. */
function over(capacity: number, { tells = true } = {}) {
  const first = new SoundFirst();
  let estimate = 300_000;
  const link = {
    capacity,
    camera: true,
    seconds: 0,
    /** Seconds in which sound was lost, and the share of the last one. */
    suffered: 0,
    missing: 0,
    /** Lets seconds pass; what has changed in them. */
    run(seconds: number) {
      const changes: { at: number; pictures: Pictures }[] = [];
      for (let n = 0; n < seconds; n += 1) {
        const before = first.pictures;
        first.take(second());
        const { pictures } = first;
        if (pictures !== before) changes.push({ at: link.seconds * 1_000, pictures });
        link.seconds += 1;
      }
      return changes;
    },
  };
  // A browser goes down to a picture of 30 kbit/s, and no further.
  const second = () => {
    const most = { all: 1_500_000, trial: 60_000, none: 0 }[first.pictures];
    const picture = link.camera ? Math.min(most, Math.max(30_000, estimate - SOUND)) : 0;
    const wire = SOUND_WIRE + 1.15 * picture;
    const lost = Math.max(0, 1 - link.capacity / wire);
    const carried = (SOUND + picture) * (1 - lost);
    estimate = lost > 0.02 ? 0.85 * carried : Math.min(estimate * 1.1, 1.5 * carried + 10_000);
    link.missing = lost;
    if (lost > 0.05) link.suffered += 1;
    return {
      at: link.seconds * 1_000,
      available: tells ? estimate : null,
      lossOut: lost,
      roundTrip: 50,
      videoOut: picture,
    };
  };
  return link;
}
