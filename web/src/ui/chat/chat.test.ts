import { expect, it } from 'vitest';
import { formatBytes, secondsLeft } from './format';
import { partsOf } from './links';

it.each([
  ['no link', []],
  ['see https://example.org.', ['https://example.org/']],
  ['(https://example.org/a_(b))', ['https://example.org/a_(b)']],
  [
    'https://a.example, https://b.example/?q=1#x!',
    ['https://a.example/', 'https://b.example/?q=1#x'],
  ],
  ['看 https://example.org/茶。', ['https://example.org/%E8%8C%B6']],
  ['http://example.org javascript:alert(1) data:text/html,x', []],
  ['https://bank.example@evil.example/', []],
  ['https:// and https://?', []],
])('finds the links of %j', (text, links) => {
  const parts = partsOf(text);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  expect(parts.flatMap(({ href }) => href ?? [])).toEqual(links);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [999_950, '1.0 MB'],
  [123_456_789, '123 MB'],
  [2 ** 30, '1.1 GB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('tells how long the rest takes, if that can be told', () => {
  expect(secondsLeft(1_000, 300)).toBe(4);
  expect(secondsLeft(1_000, null)).toBeNull();
  expect(secondsLeft(1_000, 0)).toBeNull();
  expect(secondsLeft(1e15, 1)).toBeNull();
});
