import { expect, it } from 'vitest';
import type { CallSnapshot } from '../snapshot';
import { exportStatistics } from './export';
import type { Statistics } from './monitor';
import type { Sample } from './sample';

const sample: Sample = {
  at: 9_000,
  audioIn: 32_000.4,
  audioOut: 0,
  videoIn: null,
  videoOut: null,
  lossIn: 0.012_345,
  lossOut: null,
  roundTrip: 42.44,
  jitter: null,
  framesIn: null,
  framesOut: 29.97,
  sizeIn: { width: 640, height: 480 },
  sizeOut: null,
  limitation: null,
  freezes: 0,
  concealed: null,
  available: null,
};
const end = { type: 'host', address: '192.0.2.7', port: 9_000 };
const statistics: Statistics = {
  samples: [sample, { ...sample, at: 10_040 }],
  route: { path: 'direct', protocol: 'udp', relayProtocol: null, local: end, remote: end },
  codecs: { audioIn: 'opus', audioOut: 'opus', videoIn: null, videoOut: 'VP8' },
  pictures: 'all',
  trouble: null,
  summary: { seconds: 61.04, troubles: { 'own-network': 3.02 }, interrupted: 0 },
};
const snapshot = {
  roomId: 'the room',
  sealed: true,
  setup: { page: null, socket: 5, join: 6, offer: 7, ice: 8, dtls: 9, frame: null, total: 24 },
  connectedAt: 1_000,
  talkedMs: 500,
  statistics,
} as CallSnapshot;
const options = {
  addresses: false,
  browser: 'A browser',
  page: 'twocan 1.2.3',
  made: new Date(0),
  now: 61_000,
};

it('says everything that is known, and nothing else', () => {
  expect(exportStatistics(snapshot, options)).toEqual({
    format: 'twocan-statistics',
    version: 1,
    made: '1970-01-01T00:00:00.000Z',
    browser: 'A browser',
    page: 'twocan 1.2.3',
    call: {
      sealed: true,
      talkedSeconds: 60.5,
      watchedSeconds: 61,
      interruptedSeconds: 0,
      troubleSeconds: { 'own-network': 3 },
    },
    setupMs: { socket: 5, join: 6, offer: 7, ice: 8, dtls: 9, total: 24 },
    path: { kind: 'direct', protocol: 'udp', local: { type: 'host' }, remote: { type: 'host' } },
    codecs: { audioIn: 'opus', audioOut: 'opus', videoOut: 'VP8' },
    samples: [0, 1].map((at) => ({
      at,
      audioInBitrate: 32_000,
      audioOutBitrate: 0,
      lossIn: 0.0123,
      roundTripMs: 42.4,
      framesPerSecondOut: 30,
      sizeIn: { width: 640, height: 480 },
      freezes: 0,
    })),
  });
});

it('has no name of the room, and addresses only if they are wanted', () => {
  const without = JSON.stringify(exportStatistics(snapshot, options));
  expect(without).not.toContain('the room');
  expect(without).not.toContain('192.0.2.7');
  const { path } = exportStatistics(snapshot, { ...options, addresses: true });
  expect(path?.remote).toEqual(end);
});

it('can be made before there is anything to say', () => {
  const empty = { ...snapshot, statistics: null, setup: null, connectedAt: null, talkedMs: 0 };
  expect(exportStatistics(empty, options)).toMatchObject({
    call: { talkedSeconds: 0, watchedSeconds: 0 },
    setupMs: null,
    path: null,
    codecs: {},
    samples: [],
  });
});
