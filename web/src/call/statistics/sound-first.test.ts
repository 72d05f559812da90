/** A browser that sends over a link, in virtual time, and what is made of its pictures. */
import { describe, expect, it } from 'vitest';
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

it.each([100_000, 115_000, 130_000])('leaves the sound of a link of %i bit/s alone', (capacity) => {
  const link = over(capacity);
  link.run(1_200);
  expect(link.suffered / link.seconds).toBeLessThan(0.15);
});

it('ends a trial that fails before its time', () => {
  const link = over(60_000);
  const [none, trial, again] = link.run(40);
  expect([none, trial, again].map((change) => change?.pictures)).toEqual(['none', 'trial', 'none']);
  expect((again?.at ?? 0) - (trial?.at ?? 0)).toBeLessThan(6_000);
});

it('waits longer each time where a trial passes and all that follows does not', () => {
  const first = new SoundFirst();
  const trials: number[] = [];
  for (let at = 0; at < 600_000; at += 1_000) {
    const before = first.pictures;
    const lossOut = before === 'all' ? 0.4 : 0;
    const videoOut = before === 'none' ? 0 : 60_000;
    first.take({ at, available: 90_000, lossOut, roundTrip: 50, videoOut });
    if (first.pictures === 'trial' && before === 'none') trials.push(at);
  }
  const gaps = trials.slice(1).map((at, n) => at - (trials[n] ?? 0));
  expect(gaps.slice(0, 3)).toEqual([...gaps.slice(0, 3)].sort((a, b) => a - b));
  expect(gaps.at(-1)).toBeGreaterThan(80_000);
});

it('does not take what is still on its way for loss that pictures do not cause', () => {
  const first = new SoundFirst();
  const changes: Pictures[] = [];
  let stopped = 0;
  for (let at = 0; at < 60_000; at += 1_000) {
    const { pictures } = first;
    // A queue that runs dry, and reports of sound that come every few seconds.
    const lossOut = pictures === 'none' && at - stopped > 13_000 ? 0 : 0.25;
    const videoOut = pictures === 'none' ? 0 : 40_000;
    first.take({ at, available: 40_000, lossOut, roundTrip: 500, videoOut });
    if (first.pictures !== pictures) changes.push(first.pictures);
    if (first.pictures !== pictures) stopped = at;
  }
  expect(changes.slice(0, 4)).toEqual(['none', 'trial', 'none', 'trial']);
});

describe.each([{ tells: true }, { tells: false }])('loss that pictures do not cause, %o', (how) => {
  it('keeps them off for a small part of the time', () => {
    const link = over(5_000_000, { ...how, lossy: 0.06, most: 60_000 });
    const changes = link.run(60).map(({ pictures }) => pictures);
    expect(changes).toEqual(['none', 'trial', 'none', 'all']);
    link.run(1_200);
    expect(link.without / link.seconds).toBeLessThan(0.15);
  });

  it('does not spare them when the link becomes narrow besides', () => {
    const link = over(5_000_000, { ...how, lossy: 0.06, most: 60_000 });
    link.run(50);
    expect(link.pictures).toBe('all');
    link.capacity = 55_000;
    expect(link.run(10).map(({ pictures }) => pictures)).toEqual(['none']);
  });

  it('is told from the loss of a link that has too little room for sound alone', () => {
    const link = over(30_000, how);
    expect(link.run(1_200).map(({ pictures }) => pictures)).not.toContain('all');
    expect(link.without / link.seconds).toBeGreaterThan(0.85);
  });
});

it('tries another path at once, and waits as at first where it is no better', () => {
  const link = over(60_000);
  link.run(400);
  link.begin();
  expect(link.pictures).toBe('trial');
  const [none, trial] = link.run(30);
  expect(none?.pictures).toBe('none');
  expect((trial?.at ?? 0) - (none?.at ?? 0)).toBeLessThan(12_000);
  link.begin();
  link.capacity = 2_000_000;
  expect(link.run(12).map(({ pictures }) => pictures)).toEqual(['all']);
});

it('begins a trial of another path when its first second is there', () => {
  const first = new SoundFirst();
  const second = { available: 60_000, lossOut: 0.3, roundTrip: 50, videoOut: 40_000 };
  for (let at = 0; at < 5_000; at += 1_000) first.take({ ...second, at });
  expect(first.pictures).toBe('none');
  first.begin();
  for (let at = 60_000; at < 69_000; at += 1_000) first.take({ ...second, lossOut: 0, at });
  expect(first.pictures).toBe('trial');
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

/**
 * A link of so many bits a second, in one direction, that loses `lossy` of what it has room for. `tells`: the browser tells
 * the room. `most`: of the picture (bit/s).
 */
function over(
  capacity: number,
  {
    tells = true,
    lossy = 0,
    most = 1_500_000,
  }: { tells?: boolean; lossy?: number; most?: number } = {},
) {
  const first = new SoundFirst();
  let estimate = 300_000;
  const link = {
    capacity,
    camera: true,
    seconds: 0,
    /** Seconds in which sound was lost, and the share of the last one. */
    suffered: 0,
    missing: 0,
    /** Seconds without pictures. */
    without: 0,
    get pictures() {
      return first.pictures;
    },
    begin: () => first.begin(),
    /** Lets seconds pass; what has changed in them. */
    run(seconds: number) {
      const changes: { at: number; pictures: Pictures }[] = [];
      for (let n = 0; n < seconds; n += 1) {
        const before = first.pictures;
        first.take(second());
        const { pictures } = first;
        if (pictures !== before) changes.push({ at: link.seconds * 1_000, pictures });
        if (pictures === 'none') link.without += 1;
        link.seconds += 1;
      }
      return changes;
    },
  };
  // A browser goes down to a picture of 30 kbit/s, and no further.
  const second = () => {
    const limit = { all: most, trial: 60_000, none: 0 }[first.pictures];
    const picture = link.camera ? Math.min(limit, Math.max(30_000, estimate - SOUND)) : 0;
    const wire = SOUND_WIRE + 1.15 * picture;
    const lost = 1 - (1 - lossy) * Math.min(1, link.capacity / wire);
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
