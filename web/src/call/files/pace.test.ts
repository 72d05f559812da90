import { expect, it } from 'vitest';
import { Pace } from './pace';
import { Speed } from './speed';

/** A path of so many bytes a second and so long a way (ms), with a queue: what a window makes of it. */
function through({ rate, way, seconds }: { rate: number; way: number; seconds: number }) {
  const pace = new Pace(0);
  const flying: { to: number; here: number }[] = [];
  let [sent, confirmed, free, longest] = [0, 0, 0, 0];
  for (let now = 0; now < seconds * 1_000; now += 1) {
    while (flying[0] && flying[0].here <= now) {
      confirmed = flying.shift()?.to ?? confirmed;
      pace.confirmed(confirmed, now);
    }
    while (sent - confirmed < pace.window) {
      const { chunk } = pace;
      free = Math.max(free, now) + (chunk * 1_000) / rate;
      sent += chunk;
      pace.sent(sent, now);
      flying.push({ to: sent, here: free + way });
      if (now > (seconds * 1_000) / 2) longest = Math.max(longest, free - now);
    }
  }
  return { share: confirmed / (rate * seconds), longest };
}

it.each([
  { rate: 250_000, way: 20 },
  { rate: 2_000_000, way: 40 },
  { rate: 12_000_000, way: 10 },
  { rate: 50_000_000, way: 1 },
])('fills a path of $rate bytes a second, $way ms long, and lets little wait on it', (path) => {
  const { share, longest } = through({ ...path, seconds: 30 });
  expect(share).toBeGreaterThan(0.8);
  expect(longest).toBeLessThan(150);
});

it('keeps to its bounds when nothing is confirmed for long, or at once', () => {
  const pace = new Pace(0);
  pace.sent(1_000, 0);
  pace.confirmed(1_000, 1);
  for (let n = 1; n < 2_000; n += 1) {
    pace.sent(1_000 + n * 65_536, n * 100);
    pace.confirmed(1_000 + n * 65_536, n * 100 + (n < 1_000 ? 5_000 : 1));
    expect(pace.window).toBeGreaterThanOrEqual(32_768);
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
