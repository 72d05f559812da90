import { expect, it, vi } from 'vitest';
import { Monitor } from './monitor';
import type { Entry } from './report';
import { NOTHING, worstOf } from './summary';
import type { QualityReport } from './trouble';

const LINK = {};
/** Ways to the server. */
const NEAR = { loss: 0, ms: 20 };
const FAR = { loss: 0, ms: 700 };

it('keeps the last five minutes, and counts the whole call', () => {
  const { monitor, pass } = watched();
  pass(400);
  const { samples, summary, route } = monitor.statistics;
  expect(samples).toHaveLength(300);
  expect(samples.at(-1)?.at).toBe(399_000);
  expect(summary).toEqual({ seconds: 399, troubles: {}, interrupted: 0 });
  expect(route?.path).toBe('direct');
});

it('says and asks nothing as long as all is well', () => {
  const { io, loops, pass } = watched();
  pass(60);
  expect(io.tell).not.toHaveBeenCalled();
  expect(loops).toEqual([]);
});

it('speaks while something is wrong, every three seconds, and once more after it', () => {
  const { monitor, io, loops, pass } = watched();
  pass(10);
  pass(9, { lost: 20 });
  expect(monitor.statistics.trouble).not.toBeNull();
  expect(loops).toEqual(['open']);
  const told = io.tell.mock.calls.length;
  expect(told).toBeGreaterThanOrEqual(2);
  expect(told).toBeLessThanOrEqual(4);
  expect(io.tell.mock.calls.every(([{ bad }]) => bad)).toBe(true);
  pass(30);
  expect(io.tell).toHaveBeenLastCalledWith({ bad: false, busy: false, reach: FAR });
  expect(loops).toEqual(['open', 'closed']);
  expect(io.tell.mock.calls.filter(([{ bad }]) => !bad)).toHaveLength(1);
  expect(monitor.statistics.trouble).toBeNull();
});

it('says whose network it is when both ways to the server are known', () => {
  const { monitor, io, pass } = watched();
  pass(10);
  const now = () => monitor.statistics.samples.at(-1)?.at ?? 0;
  pass(12, { lost: 20 }, () => monitor.hear({ bad: true, busy: false, reach: NEAR }, now()));
  expect(monitor.statistics.trouble).toBe('own-network');
  expect(io.tell).toHaveBeenLastCalledWith({ bad: true, busy: false, reach: FAR });
});

it('measures and answers when the other side alone suffers, and stops when that is old', () => {
  const { monitor, io, loops, pass } = watched();
  pass(10);
  monitor.hear({ bad: true, busy: false, reach: NEAR }, 10_000);
  pass(9);
  expect(loops).toEqual(['open']);
  expect(io.tell).toHaveBeenCalledWith({ bad: false, busy: false, reach: FAR });
  pass(20);
  expect(loops).toEqual(['open', 'closed']);
  expect(io.tell.mock.calls.length).toBeLessThan(5);
});

it('closes what it has opened when the call ends', () => {
  const { monitor, loops, pass } = watched();
  pass(5, { lost: 20 });
  monitor.end();
  expect(loops).toEqual(['open', 'closed']);
});

it('begins anew with another connection, and counts the time between as interrupted', () => {
  const { monitor, pass } = watched();
  pass(10);
  pass(5, { carries: false });
  pass(10, { link: {} });
  const { summary, samples } = monitor.statistics;
  expect(summary.interrupted).toBe(5);
  expect(samples.filter(({ lossIn }) => lossIn === null)).toHaveLength(2);
  expect(worstOf(summary)).toEqual({ what: 'interrupted', seconds: 5 });
  expect(worstOf(NOTHING)).toBeNull();
});

it('does not take the pace of a new connection for a narrow network', () => {
  const { monitor, pass } = watched();
  const narrow = { limitation: 'bandwidth', available: 100_000 };
  pass(8, narrow);
  expect(monitor.statistics.trouble).toBeNull();
  pass(8, narrow);
  expect(monitor.statistics.trouble).not.toBeNull();
});

it.each<[string, Second]>([
  ['another connection', { link: {} }],
  ['another path', { via: 'q' }],
])('tries pictures at once on %s', (_, another) => {
  const { monitor, io, pass } = watched();
  const tight = { available: 60_000, lostOut: 0.3 };
  pass(14, tight);
  expect(monitor.statistics.pictures).toBe('none');
  io.picturesChanged.mockClear();
  pass(1, { ...tight, ...another });
  expect(monitor.statistics.pictures).toBe('trial');
  expect(io.picturesChanged).toHaveBeenCalledOnce();
});

interface Second {
  lost?: number;
  limitation?: string;
  available?: number;
  carries?: boolean;
  link?: object;
  /** How much of the own picture is lost. */
  lostOut?: number;
  /** The candidate from which it is sent. */
  via?: string;
}

/** A monitor of a made-up call; `pass` lets so many seconds pass. */
function watched() {
  const io = {
    iceServers: () => [],
    tell: vi.fn<(report: QualityReport) => void>(),
    picturesChanged: vi.fn(),
  };
  const loops: string[] = [];
  const monitor = new Monitor(io, () => {
    loops.push('open');
    return { reach: FAR, close: () => loops.push('closed') };
  });
  let second = 0;
  let [received, lost] = [0, 0];
  const take = ({ carries = true, link = LINK, ...wrong }: Second) => {
    received += 100;
    lost += wrong.lost ?? 0;
    monitor.take(link, entries(received, lost, wrong), carries, second * 1_000);
    second += 1;
  };
  const pass = (seconds: number, wrong: Second = {}, before = () => {}) => {
    for (let left = seconds; left > 0; left -= 1) {
      before();
      take(wrong);
    }
  };
  return { monitor, io, loops, pass };
}

function entries(
  packetsReceived: number,
  packetsLost: number,
  { limitation, available, lostOut = 0, via = 'l' }: Second,
): Entry[] {
  return [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    {
      id: 'p',
      type: 'candidate-pair',
      localCandidateId: via,
      ...(available && { availableOutgoingBitrate: available }),
    },
    { id: via, type: 'local-candidate', candidateType: 'host', address: `address of ${via}` },
    { id: 'v', type: 'inbound-rtp', kind: 'video', packetsReceived, packetsLost },
    {
      id: 'o',
      type: 'outbound-rtp',
      kind: 'video',
      // As many go as come.
      packetsSent: packetsReceived,
      bytesSent: 50 * packetsReceived,
      ...(limitation && { qualityLimitationReason: limitation }),
    },
    { id: 'r', type: 'remote-inbound-rtp', localId: 'o', fractionLost: lostOut },
  ];
}
