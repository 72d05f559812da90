import { expect, it } from 'vitest';
import { arrange, cornerBy } from './arrange';

const usual = { screen: false, ownHidden: false, chosen: null };

it('makes the other person large', () => {
  expect(arrange(usual)).toEqual(['theirs', 'own']);
});

it('makes their screen large, and keeps both people beside it', () => {
  expect(arrange({ ...usual, screen: true })).toEqual(['screen', 'theirs', 'own']);
});

it('swaps on wish', () => {
  expect(arrange({ ...usual, chosen: 'own' })).toEqual(['own', 'theirs']);
  expect(arrange({ ...usual, screen: true, chosen: 'theirs' })).toEqual([
    'theirs',
    'screen',
    'own',
  ]);
});

it('hides the own picture, also a large one', () => {
  expect(arrange({ ...usual, ownHidden: true })).toEqual(['theirs']);
  expect(arrange({ ...usual, ownHidden: true, chosen: 'own' })).toEqual(['theirs']);
});

it('forgets a choice that is not there', () => {
  expect(arrange({ ...usual, chosen: 'screen' })).toEqual(['theirs', 'own']);
});

it('moves by arrow keys from corner to corner, and no further', () => {
  expect(cornerBy('ArrowUp', 'bottom-right')).toBe('top-right');
  expect(cornerBy('ArrowUp', 'top-right')).toBe('top-right');
  expect(cornerBy('ArrowLeft', 'top-right')).toBe('top-left');
  expect(cornerBy('ArrowDown', 'top-left')).toBe('bottom-left');
  expect(cornerBy('ArrowRight', 'bottom-left')).toBe('bottom-right');
  expect(cornerBy('Enter', 'top-left')).toBeNull();
});
