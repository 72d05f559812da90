import { expect, it } from 'vitest';
import vectors from '../../../../docs/vectors/code.json';
import { signOf } from './signs';

it('has the signs of the vectors, with their names', () => {
  const signs = vectors.signs.map((_, number) => signOf(number, 'en'));
  expect(signs.map(({ sign, name }) => `${sign} ${name}`)).toEqual(vectors.signs);
});

it.each(['en', 'zh'] as const)(
  'has 64 signs that nobody takes for each other, in %s',
  (language) => {
    const all = Array.from({ length: 64 }, (_, number) => signOf(number, language));
    expect(new Set(all.map(({ sign }) => sign)).size).toBe(64);
    expect(new Set(all.map(({ name }) => name)).size).toBe(64);
    expect(all.every(({ sign, name }) => sign !== '' && name !== '')).toBe(true);
  },
);
