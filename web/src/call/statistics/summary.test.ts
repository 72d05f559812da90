import { expect, it } from 'vitest';
import { add, NOTHING, worstOf } from './summary';

it('adds up what was seen', () => {
  let summary = add(NOTHING, null, 60);
  summary = add(summary, 'own-network', 3);
  summary = add(summary, 'interrupted', 2);
  summary = add(summary, 'own-network', 1);
  expect(summary).toEqual({ seconds: 66, troubles: { 'own-network': 4 }, interrupted: 2 });
});

it.each([
  ['all was well', {}, 0, null],
  ['one trouble', { 'own-computer': 4 }, 0, { what: 'own-computer', seconds: 4 }],
  [
    'the longest of several',
    { 'own-network': 9, 'their-network': 4 },
    2,
    { what: 'own-network', seconds: 15 },
  ],
  ['an interruption', { 'own-network': 1 }, 8, { what: 'interrupted', seconds: 9 }],
  [
    'somebody known before somebody unknown',
    { network: 9, 'their-network': 4 },
    0,
    { what: 'their-network', seconds: 13 },
  ],
  ['somebody unknown', { network: 9 }, 0, { what: 'network', seconds: 9 }],
])('sums up: %s', (_, troubles, interrupted, worst) => {
  expect(worstOf({ seconds: 100, troubles, interrupted })).toEqual(worst);
});
