import { expect, it, vi } from 'vitest';
import { Monitor } from './monitor';
import type { Entry } from './report';
import { NOTHING, worstOf } from './summary';
import type { QualityReport } from './trouble';

const LINK = {};

it('keeps the last five minutes, and counts the whole call', async () => {
  const { monitor, pass } = watched();
  await pass(400);
  const { samples, summary, route } = monitor.statistics;
  expect(samples).toHaveLength(300);
  expect(samples.at(-1)?.at).toBe(399_000);
  expect(summary).toEqual({ seconds: 399, troubles: {}, interrupted: 0 });
  expect(route?.path).toBe('direct');
});

it('says and asks nothing as long as all is well', async () => {
  const { io, pass } = watched();
  await pass(60);
  expect(io.tell).not.toHaveBeenCalled();
  expect(io.measure).not.toHaveBeenCalled();
});

it('speaks while something is wrong, every three seconds, and once more after it', async () => {
  const { monitor, io, pass } = watched();
  await pass(10);
  await pass(9, { lost: 20 });
  expect(monitor.statistics.trouble).not.toBeNull();
  expect(io.measure.mock.calls.length).toBeGreaterThan(4);
  const told = io.tell.mock.calls.length;
  expect(told).toBeGreaterThanOrEqual(2);
  expect(told).toBeLessThanOrEqual(4);
  expect(io.tell.mock.calls.every(([{ bad }]) => bad)).toBe(true);
  await pass(30);
  expect(io.tell).toHaveBeenLastCalledWith({ bad: false, busy: false, reach: null });
  expect(io.tell.mock.calls.filter(([{ bad }]) => !bad)).toHaveLength(1);
  expect(monitor.statistics.trouble).toBeNull();
});

it('says whose network it is when both ways to the server are known', async () => {
  const { monitor, io, pass } = watched();
  io.measure.mockResolvedValue(500);
  await pass(10);
  const now = () => monitor.statistics.samples.at(-1)?.at ?? 0;
  await pass(12, { lost: 20 }, () => monitor.hear({ bad: true, busy: false, reach: 2 }, now()));
  expect(monitor.statistics.trouble).toBe('own-network');
  expect(io.tell).toHaveBeenLastCalledWith({ bad: true, busy: false, reach: 300 });
});

it('measures and answers when the other side alone suffers, and stops when that is old', async () => {
  const { monitor, io, pass } = watched();
  await pass(10);
  monitor.hear({ bad: true, busy: false, reach: 2 }, 10_000);
  await pass(20);
  expect(io.measure.mock.calls.length).toBeGreaterThan(4);
  expect(io.measure.mock.calls.length).toBeLessThan(10);
  expect(io.tell.mock.calls.length).toBeLessThan(5);
});

it('begins anew with another connection, and counts the time between as interrupted', async () => {
  const { monitor, pass } = watched();
  await pass(10);
  await pass(5, { carries: false });
  await pass(10, { link: {} });
  const { summary, samples } = monitor.statistics;
  expect(summary.interrupted).toBe(5);
  expect(samples.filter(({ lossIn }) => lossIn === null)).toHaveLength(2);
  expect(worstOf(summary)).toEqual({ what: 'interrupted', seconds: 5 });
  expect(worstOf(NOTHING)).toBeNull();
});

it('does not take the pace of a new connection for a narrow network', async () => {
  const { monitor, pass } = watched();
  const narrow = { limitation: 'bandwidth', available: 100_000 };
  await pass(8, narrow);
  expect(monitor.statistics.trouble).toBeNull();
  await pass(8, narrow);
  expect(monitor.statistics.trouble).not.toBeNull();
});

interface Second {
  lost?: number;
  limitation?: string;
  available?: number;
  carries?: boolean;
  link?: object;
}

/** A monitor of a made-up call; `pass` lets so many seconds pass. */
function watched() {
  const io = {
    measure: vi.fn<() => Promise<number | null>>(async () => 5),
    tell: vi.fn<(report: QualityReport) => void>(),
  };
  const monitor = new Monitor(io);
  let second = 0;
  let [received, lost] = [0, 0];
  const take = ({ carries = true, link = LINK, ...wrong }: Second) => {
    received += 100;
    lost += wrong.lost ?? 0;
    monitor.take(link, entries(received, lost, wrong), carries, second * 1_000);
    second += 1;
  };
  const pass = async (seconds: number, wrong: Second = {}, before = () => {}) => {
    for (let left = seconds; left > 0; left -= 1) {
      before();
      take(wrong);
      // The server's answer, if it was asked.
      for (let turn = 0; turn < 3; turn += 1) await null;
    }
  };
  return { monitor, io, pass };
}

function entries(
  packetsReceived: number,
  packetsLost: number,
  { limitation, available }: Second,
): Entry[] {
  return [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', ...(available && { availableOutgoingBitrate: available }) },
    { id: 'v', type: 'inbound-rtp', kind: 'video', packetsReceived, packetsLost },
    {
      id: 'o',
      type: 'outbound-rtp',
      kind: 'video',
      ...(limitation && { qualityLimitationReason: limitation }),
    },
  ];
}
