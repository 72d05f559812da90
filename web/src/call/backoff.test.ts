import { expect, it } from 'vitest';
import { backoff } from './backoff';

it('waits longer each time, up to a bound', () => {
  const waits = [0, 1, 2, 3, 4, 1_000].map((attempt) => backoff(attempt, 0.5));
  expect(waits).toEqual([5_000, 7_500, 11_250, 15_000, 15_000, 15_000]);
});

it('spreads the waits by a fifth to either side', () => {
  expect([backoff(0, 0), backoff(0, 1)]).toEqual([4_000, 6_000]);
});
