import { expect, it } from 'vitest';
import { lineOf, minutesFor, topOf } from './scale';

it.each([
  [0, 50, 50],
  [51, 50, 100],
  [1_200_000, 100_000, 2_000_000],
  [0.06, 0.05, 0.1],
  [31, 20, 50],
])('gives %d, on an axis of at least %d, room up to %d', (value, least, top) => {
  expect(topOf(value, least)).toBeCloseTo(top);
});

it.each([
  [0, 1],
  [61, 2],
  [121, 5],
  [299, 5],
])('shows %d seconds on an axis of %d minutes', (seconds, minutes) => {
  expect(minutesFor(seconds)).toBe(minutes);
});

const box = { end: 10_000, span: 10_000, top: 10, width: 100, height: 50 };

it('draws a line from left to right, zero at the bottom', () => {
  const points = [
    [8_000, 0],
    [9_000, 5],
    [10_000, 10],
  ] as const;
  expect(lineOf(points, box)).toBe('M80.0 50.0L90.0 25.0L100.0 0.0');
});

it('is interrupted where something is not known, and over a gap', () => {
  const points = [
    [1_000, 0],
    [2_000, null],
    [3_000, 0],
    [8_000, 0],
  ] as const;
  expect(lineOf(points, box)).toBe('M10.0 50.0M30.0 50.0M80.0 50.0');
});

it('leaves out what is too long ago', () => {
  expect(lineOf([[-1, 5]], box)).toBe('');
});
