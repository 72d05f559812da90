import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Entry, Report } from './report';
import { codecsOf, routeOf } from './route';
import { sampleOf } from './sample';

/** Two reports of a real call between the two browsers, a second apart. */
function recorded(name: string): [Report, Report] {
  const file = new URL(`./recorded/${name}.json`, import.meta.url);
  const [before, after]: Entry[][] = JSON.parse(readFileSync(file, 'utf8'));
  return [new Report(before ?? []), new Report(after ?? [])];
}

it('reads a second of a call as Chromium reports it', () => {
  const [before, after] = recorded('chromium');
  const sample = sampleOf(before, after, 5_000, 1_000);
  expect(rounded(sample)).toEqual({
    at: 5_000,
    audioIn: 33_000,
    audioOut: 47_000,
    videoIn: 697_000,
    videoOut: 740_000,
    lossIn: 0,
    lossOut: 0,
    roundTrip: 1,
    jitter: 5,
    framesIn: 30,
    framesOut: 20,
    sizeIn: { width: 1280, height: 720 },
    sizeOut: { width: 1280, height: 720 },
    limitation: 'none',
    freezes: 0,
    concealed: 0,
    available: 5_419_000,
  });
});

it('reads a second of a call as Firefox reports it, without what Firefox does not tell', () => {
  const [before, after] = recorded('firefox');
  const sample = sampleOf(before, after, 5_000, 1_000);
  expect(rounded(sample)).toMatchObject({
    lossIn: 0,
    lossOut: 0,
    sizeIn: { width: 1280, height: 720 },
    sizeOut: { width: 1280, height: 720 },
    limitation: null,
    available: null,
  });
  // Its checks are from the beginning of the call; the other side's reports are new.
  expect(sample.roundTrip).toBeCloseTo(4.2, 1);
  for (const field of ['audioIn', 'audioOut', 'videoIn', 'videoOut'] as const) {
    expect(sample[field], field).toBeGreaterThan(20_000);
    expect(sample[field], field).toBeLessThan(2_000_000);
  }
});

it.each([
  ['chromium', { path: 'direct', protocol: 'udp', relayProtocol: null }, 'host'],
  ['firefox', { path: 'direct', protocol: 'udp', relayProtocol: null }, 'host'],
  ['chromium-relay', { path: 'relayed', protocol: 'udp', relayProtocol: 'udp' }, 'relay'],
  ['firefox-relay', { path: 'relayed', protocol: 'udp', relayProtocol: 'tcp' }, 'relay'],
])('reads the path of %s', (name, route, type) => {
  const [, report] = recorded(name);
  expect(routeOf(report)).toMatchObject({
    ...route,
    local: { type, address: expect.any(String), port: expect.any(Number) },
    remote: { type, address: expect.any(String), port: expect.any(Number) },
  });
});

it.each(['chromium', 'firefox'])('reads the codecs of %s', (name) => {
  const [, report] = recorded(name);
  expect(codecsOf(report)).toEqual({
    audioIn: 'opus',
    audioOut: 'opus',
    videoIn: 'VP8',
    videoOut: 'VP8',
  });
});

it('knows no rates after one reading, and nothing at all of an empty one', () => {
  const [, report] = recorded('chromium');
  const first = sampleOf(null, report, 0, 0);
  expect(first).toMatchObject({ audioIn: null, videoOut: null, lossIn: null, framesIn: null });
  expect(first.sizeIn).not.toBeNull();
  const { at, ...rest } = sampleOf(null, new Report([]), 7, 0);
  expect(at).toBe(7);
  expect(new Set(Object.values(rest))).toEqual(new Set([null]));
  expect(routeOf(new Report([]))).toBeNull();
});

it('takes no counter that begins anew for a rate', () => {
  const rtp = (bytesReceived: number) =>
    new Report([{ id: 'v', type: 'inbound-rtp', kind: 'video', bytesReceived }]);
  expect(sampleOf(rtp(9_000), rtp(1_000), 1_000, 1_000).videoIn).toBeNull();
  expect(sampleOf(rtp(9_000), rtp(10_000), 1_000, 1_000).videoIn).toBe(8_000);
});

it('counts losses of all streams since the reading before, and none for what came late', () => {
  const rtp = (received: number, lost: number) =>
    new Report([
      { id: 'v', type: 'inbound-rtp', kind: 'video', packetsReceived: received, packetsLost: lost },
      { id: 'a', type: 'inbound-rtp', kind: 'audio', packetsReceived: received, packetsLost: 0 },
    ]);
  expect(sampleOf(rtp(100, 50), rtp(140, 70), 1_000, 1_000).lossIn).toBe(0.2);
  expect(sampleOf(rtp(100, 50), rtp(140, 48), 1_000, 1_000).lossIn).toBe(0);
  expect(sampleOf(rtp(100, 50), rtp(100, 50), 1_000, 1_000).lossIn).toBeNull();
});

it('weighs what the other side has lost by what it was sent', () => {
  const sent = (audio: number, video: number) =>
    new Report([
      { id: 'a', type: 'outbound-rtp', kind: 'audio', packetsSent: audio },
      { id: 'v', type: 'outbound-rtp', kind: 'video', packetsSent: video },
      { id: 'ra', type: 'remote-inbound-rtp', localId: 'a', fractionLost: 0 },
      { id: 'rv', type: 'remote-inbound-rtp', localId: 'v', fractionLost: 0.2 },
    ]);
  expect(sampleOf(sent(0, 0), sent(50, 150), 1_000, 1_000).lossOut).toBeCloseTo(0.15);
  // The camera is off: what was said of it last holds no more.
  expect(sampleOf(sent(0, 150), sent(50, 150), 1_000, 1_000).lossOut).toBe(0);
});

it('does not count silence that replaces silence', () => {
  const sound = (all: number, concealed: number, silent: number) =>
    new Report([
      {
        id: 'a',
        type: 'inbound-rtp',
        kind: 'audio',
        totalSamplesReceived: all,
        concealedSamples: concealed,
        silentConcealedSamples: silent,
      },
    ]);
  expect(sampleOf(sound(0, 0, 0), sound(1_000, 300, 100), 1_000, 1_000).concealed).toBe(0.2);
});

function rounded(sample: ReturnType<typeof sampleOf>) {
  return Object.fromEntries(
    Object.entries(sample).map(([name, value]) => {
      if (typeof value !== 'number') return [name, value];
      return [name, value > 10_000 ? Math.round(value / 1_000) * 1_000 : Math.round(value)];
    }),
  );
}
