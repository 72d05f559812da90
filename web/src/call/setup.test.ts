import { expect, it } from 'vitest';
import { type Milestone, Setup } from './setup';

const WAY: [Milestone, number][] = [
  ['dialled', 210],
  ['online', 230],
  ['asked', 400],
  ['seated', 405],
  ['met', 1_000],
  ['described', 1_030],
  ['found', 1_090],
  ['secured', 1_110],
];

function reached(way: [Milestone, number][]): Setup {
  const setup = new Setup(200.4);
  for (const [point, at] of way) setup.reach(point, at);
  return setup;
}

it('tells each part once the path stands, and the first picture when it is there', () => {
  const setup = reached(WAY);
  const parts = { page: 200, socket: 20, join: 5, offer: 30, ice: 60, dtls: 20 };
  expect(setup.times).toEqual({ ...parts, frame: null, total: 110 });
  setup.reach('seen', 1_200);
  expect(setup.times).toEqual({ ...parts, frame: 90, total: 200 });
});

it('tells nothing before the path stands', () => {
  expect(reached(WAY.slice(0, -1)).times).toBeNull();
});

it('counts the first time of each point', () => {
  const setup = reached(WAY);
  setup.reach('secured', 9_000);
  setup.reach('online', 9_000);
  expect(setup.times).toMatchObject({ socket: 20, dtls: 20 });
});

it('takes what browsers tell late for not later than what follows from it', () => {
  const late: [Milestone, number][] = [
    ['met', 0],
    ['secured', 50],
    ['found', 60],
    ['described', 70],
  ];
  expect(reached(late).times).toMatchObject({ offer: 50, ice: 0, dtls: 0, total: 50 });
});

it('begins anew with the next meeting', () => {
  const setup = reached(WAY);
  setup.reach('met', 5_000);
  expect(setup.times).toBeNull();
  setup.reach('secured', 5_100);
  expect(setup.times).toMatchObject({ page: null, socket: null, join: null, total: 100 });
});
