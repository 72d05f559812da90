import { expect, it } from 'vitest';
import { Echo } from './loop';

it('says nothing before enough packets have gone', () => {
  const { echo, send } = sending();
  send(19);
  expect(echo.reach(10_000)).toBeNull();
  send(1);
  expect(echo.reach(10_000)).toEqual({ loss: 0, ms: 30 });
});

it('counts what has not come back, but not what is still on its way', () => {
  const { echo, send, now } = sending();
  send(30);
  send(10, { lost: true });
  expect(echo.reach(now())).toEqual({ loss: 0, ms: 30 });
  expect(echo.reach(now() + 1_001)?.loss).toBe(0.25);
});

it('takes what comes too late for lost, and what nobody sent for nothing', () => {
  const { echo, send, now } = sending();
  send(20, { took: 1_200 });
  echo.back(4_711, now());
  expect(echo.reach(now() + 2_000)).toEqual({ loss: 1, ms: 1_000 });
});

it('forgets what was long ago', () => {
  const { echo, send, now } = sending();
  send(60, { lost: true });
  send(50, { took: 50 });
  expect(echo.reach(now())).toEqual({ loss: 0, ms: 50 });
});

/** Packets, ten a second. */
function sending() {
  const echo = new Echo();
  let now = 0;
  const send = (packets: number, { took = 30, lost = false } = {}) => {
    for (let left = packets; left > 0; left -= 1) {
      const number = echo.call(now);
      if (!lost) echo.back(number, now + took);
      now += 100;
    }
  };
  return { echo, send, now: () => now };
}
