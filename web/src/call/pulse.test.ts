import { expect, it } from 'vitest';
import { type Beat, Pulse } from './pulse';

const beat: Beat = { pair: 'p', packets: 100, asked: 10, answered: 10 };

/** What is said of the readings, one a second. `sends`: the other side has something to send. */
function stills(readings: Partial<Beat>[], sends = true): boolean[] {
  const pulse = new Pulse();
  return readings.map((reading) => pulse.isStill({ ...beat, ...reading }, sends));
}

it('says nothing of a path that carries, or that nobody has anything to send over', () => {
  expect(
    stills([
      {},
      { packets: 150, asked: 20 },
      { packets: 150, asked: 25, answered: 25 },
      { packets: 150, asked: 27, answered: 25 },
      { packets: 150, asked: 30, answered: 28 },
    ]),
  ).toEqual([false, false, false, false, false]);
});

it('tells when a flow has stopped for two readings, until it goes on', () => {
  const packets = [100, 150, 155, 155, 155, 155, 156];
  expect(stills(packets.map((count) => ({ packets: count })))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
});

it('takes the silence of a side that sends nothing for what it is', () => {
  const packets = [100, 150, 155, 155, 155];
  expect(
    stills(
      packets.map((count) => ({ packets: count })),
      false,
    ),
  ).toEqual(packets.map(() => false));
});

it('tells when checks stay unanswered and nothing comes, whoever sends', () => {
  const readings = [{}, { asked: 12 }, { asked: 13 }, { asked: 20 }, { asked: 20, packets: 101 }];
  expect(stills(readings, false)).toEqual([false, false, true, true, false]);
});

it('counts checks anew with another pair, but sees that a flow has stopped with the old one', () => {
  const other = { pair: 'q', asked: 0, answered: 0 };
  expect(
    stills([{}, { asked: 12 }, other, { ...other, asked: 2 }, { ...other, asked: 3 }]),
  ).toEqual([false, false, false, false, true]);
  const flow = [{}, { packets: 150 }, { packets: 150, pair: '' }, { packets: 150, pair: '' }];
  expect(stills(flow)).toEqual([false, false, false, true]);
});

it('leaves it to a browser that does not count', () => {
  const nothing = { packets: 0, asked: 0, answered: 0 };
  expect(stills([nothing, nothing, nothing, nothing])).toEqual([false, false, false, false]);
});
