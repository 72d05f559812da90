import { expect, it } from 'vitest';
import { levelOf } from './meter';

it('is nothing in silence, all at a loud voice, and rises with the sound between', () => {
  const tone = (loud: number) => Array.from({ length: 480 }, (_, at) => loud * Math.sin(at / 5));
  expect(levelOf([0, 0, 0])).toBe(0);
  expect(levelOf([])).toBe(0);
  expect(levelOf(tone(1))).toBe(1);
  const levels = [0.001, 0.01, 0.05, 0.2].map((loud) => levelOf(tone(loud)));
  expect(levels).toEqual([...levels].sort((a, b) => a - b));
  expect(levels[0]).toBe(0);
  expect(levels[2]).toBeGreaterThan(0.5);
});
