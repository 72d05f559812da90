import { expect, it } from 'vitest';
import { layout } from './layout';

const wide = 16 / 9;

it('draws nothing of nothing', () => {
  expect(layout([], 1280, 720)).toEqual([]);
});

it('fills all with a picture of the same shape', () => {
  expect(layout([{ of: 'theirs', shape: wide }], 1280, 720)).toEqual([
    { of: 'theirs', x: 0, y: 0, width: 1280, height: 720 },
  ]);
});

it.each([
  ['high', 0.5, { x: 460, y: 0, width: 360, height: 720 }],
  ['wide', 4, { x: 0, y: 200, width: 1280, height: 320 }],
])('cuts nothing off a %s picture', (_name, shape, box) => {
  expect(layout([{ of: 'theirs', shape }], 1280, 720)).toEqual([{ of: 'theirs', ...box }]);
});

it('lays the others over its corner, one above the other and apart', () => {
  const pictures = [
    { of: 'screen', shape: 4 / 3 },
    { of: 'own', shape: wide },
    { of: 'theirs', shape: 3 / 4 },
  ];
  const [, own, theirs] = layout(pictures, 1280, 720);
  expect(own).toEqual({ of: 'own', x: 942, y: 522, width: 320, height: 180 });
  expect(theirs).toEqual({ of: 'theirs', x: 1127, y: 324, width: 135, height: 180 });
});
