import { expect, it } from 'vitest';
import { type Beat, Pulse } from './pulse';

const beat: Beat = { pair: 'p', packets: 100, asked: 10, answered: 10 };

it('says nothing of a path that carries, or that nobody has anything to send over', () => {
  const pulse = new Pulse();
  const stills = [
    beat,
    { ...beat, packets: 150, asked: 20 },
    { ...beat, packets: 150, asked: 25, answered: 25 },
    { ...beat, packets: 150, asked: 27, answered: 25 },
    { ...beat, packets: 150, asked: 30, answered: 28 },
  ].map((one) => pulse.isStill(one));
  expect(stills).toEqual([false, false, false, false, false]);
});

it('tells when checks stay unanswered and nothing comes, until something does', () => {
  const pulse = new Pulse();
  const stills = [
    beat,
    { ...beat, asked: 12 },
    { ...beat, asked: 13 },
    { ...beat, asked: 20 },
    { ...beat, asked: 20, packets: 101 },
    { ...beat, asked: 22, packets: 101 },
  ].map((one) => pulse.isStill(one));
  expect(stills).toEqual([false, false, true, true, false, false]);
});

it('begins anew with another pair', () => {
  const pulse = new Pulse();
  pulse.isStill(beat);
  expect(pulse.isStill({ ...beat, pair: 'q', asked: 20 })).toBe(false);
});

it('leaves it to a browser that does not count checks', () => {
  const pulse = new Pulse();
  pulse.isStill({ ...beat, asked: 0, answered: 0 });
  expect(pulse.isStill({ ...beat, asked: 0, answered: 0 })).toBe(false);
});
