import { expect, it } from 'vitest';
import { Pace } from './pace';
import { Speed } from './speed';

interface Through {
  /** Bytes a second. */
  rate: number;
  /** How long the way is, there and back (ms). */
  way: number;
  seconds: number;
  /** How long the computers do something else between two moments at which they see to the file (ms). */
  busy?(now: number): number;
}

/** What a window makes of a path with a queue: the share of it that is used, and how much waits at most (ms). */
function through({ rate, way, seconds, busy = () => 0 }: Through) {
  const pace = new Pace(0);
  const flying: { to: number; here: number }[] = [];
  let [sent, confirmed, half, free, longest, idleAt] = [0, 0, 0, 0, 0, 0];
  const end = seconds * 1_000;
  for (let now = 0; now < end; now += 1) {
    if (now < idleAt) continue;
    idleAt = now + busy(now);
    while (flying[0] && flying[0].here <= now) {
      confirmed = flying.shift()?.to ?? confirmed;
      pace.confirmed(confirmed, now);
    }
    if (now < end / 2) half = confirmed;
    while (sent - confirmed < pace.window) {
      const { chunk } = pace;
      free = Math.max(free, now) + (chunk * 1_000) / rate;
      sent += chunk;
      pace.sent(sent, now);
      flying.push({ to: sent, here: free + way });
      if (now > end / 2) longest = Math.max(longest, free - now);
    }
  }
  return { share: ((confirmed - half) * 2) / (rate * seconds), longest };
}

it.each([
  { rate: 62_500, way: 20 },
  { rate: 250_000, way: 20 },
  { rate: 2_000_000, way: 40 },
  { rate: 12_000_000, way: 10 },
  { rate: 50_000_000, way: 1 },
])('fills a path of $rate bytes a second, $way ms long, and lets little wait on it', (path) => {
  const { share, longest } = through({ ...path, seconds: 30 });
  expect(share).toBeGreaterThan(0.8);
  expect(longest).toBeLessThan(100);
});

it.each([
  ['from the beginning', 0],
  ['from the middle of a file on', 10_000],
])('takes no computer that is busy %s for a slow path', (_name, from) => {
  const random = generator(1);
  const busy = (now: number) => (now < from ? 1 : 20 + 150 * random());
  const { share } = through({ rate: 10_000_000, way: 1, seconds: 60, busy });
  expect(share).toBeGreaterThan(0.5);
});

it('gives way within seconds where a path becomes slow', () => {
  const pace = new Pace(0);
  let [sent, now] = [0, 0];
  const carry = (ms: number) => {
    const { window, chunk } = pace;
    const from = sent;
    for (; sent - from < window; sent += chunk) pace.sent(sent + chunk, now);
    now += ms;
    for (let to = from + chunk; to <= sent; to += chunk) pace.confirmed(to, now);
  };
  for (let turn = 0; turn < 50; turn += 1) carry(20);
  const before = pace.window;
  for (let turn = 0; turn < 14; turn += 1) carry(500);
  expect(pace.window).toBeLessThan(before / 50);
});

it('keeps to its bounds when nothing is confirmed for long, or at once', () => {
  const pace = new Pace(0);
  pace.sent(1_000, 0);
  pace.confirmed(1_000, 1);
  for (let n = 1; n < 2_000; n += 1) {
    pace.sent(1_000 + n * 65_536, n * 100);
    pace.confirmed(1_000 + n * 65_536, n * 100 + (n < 1_000 ? 5_000 : 1));
    expect(pace.window).toBeGreaterThanOrEqual(4_096);
    expect(pace.window).toBeLessThanOrEqual(4_194_304);
    expect(pace.chunk).toBeLessThanOrEqual(65_536);
  }
});

it('tells a speed from the last seconds', () => {
  const speed = new Speed();
  expect(speed.sample(0, 0)).toBeNull();
  for (let at = 100; at <= 10_000; at += 100) speed.sample(at * 10, at);
  expect(speed.sample(101_000, 10_100)).toBeCloseTo(10_000, -2);
  expect(speed.sample(0, 10_200)).toBeNull();
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
