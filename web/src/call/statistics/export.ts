import type { SetupTimes } from '../setup';
import type { CallSnapshot } from '../snapshot';
import type { Codecs, End } from './route';
import type { Limitation, Size } from './sample';
import type { Trouble } from './trouble';

/** Fields that the browser did not tell are not there. */
type Known<T> = { [Key in keyof T]?: NonNullable<T[Key]> };

/** One second: `Sample` in the units of its field's names. */
type FileSample = Known<{
  /** Seconds since the first sample. */
  at: number;
  audioInBitrate: number;
  audioOutBitrate: number;
  videoInBitrate: number;
  videoOutBitrate: number;
  lossIn: number;
  lossOut: number;
  roundTripMs: number;
  jitterMs: number;
  framesPerSecondIn: number;
  framesPerSecondOut: number;
  sizeIn: Size;
  sizeOut: Size;
  limitation: Limitation;
  freezes: number;
  concealed: number;
  availableBitrate: number;
}>;

/** What is saved of a call's statistics, as docs/statistics.md describes it. It names no room and no person. */
export interface StatisticsFile {
  format: 'twocan-statistics';
  version: 1;
  /** When it was made, by ISO 8601. */
  made: string;
  browser: string;
  page: string;
  call: {
    sealed: boolean;
    talkedSeconds: number;
    watchedSeconds: number;
    interruptedSeconds: number;
    troubleSeconds: Partial<Record<Trouble, number>>;
  };
  setupMs: Known<SetupTimes> | null;
  path: {
    kind: 'direct' | 'relayed';
    protocol?: string;
    relayProtocol?: string;
    local: Known<End>;
    remote: Known<End>;
  } | null;
  codecs: Known<Codecs>;
  samples: FileSample[];
}

/** What the file says besides the call itself. */
export interface ExportOptions {
  /** With the addresses of both ends. */
  addresses: boolean;
  /** The browser's name for itself, and the version of the page. */
  browser: string;
  page: string;
  made: Date;
  /** In milliseconds of `performance.now()`. */
  now: number;
}

/** Makes the file of a call that is going on or has ended. */
export function exportStatistics(
  { statistics, sealed, setup, connectedAt, talkedMs }: CallSnapshot,
  { addresses, browser, page, made, now }: ExportOptions,
): StatisticsFile {
  const { samples = [], route = null, codecs = null, summary } = statistics ?? {};
  const start = samples[0]?.at ?? 0;
  const talking = connectedAt === null ? 0 : now - connectedAt;
  const end = ({ type, address, port }: End) =>
    known(addresses ? { type, address, port } : { type });
  return {
    format: 'twocan-statistics',
    version: 1,
    made: made.toISOString(),
    browser,
    page,
    call: {
      sealed,
      talkedSeconds: toPlaces((talkedMs + talking) / 1_000, 1),
      watchedSeconds: toPlaces(summary?.seconds ?? 0, 1),
      interruptedSeconds: toPlaces(summary?.interrupted ?? 0, 1),
      troubleSeconds: Object.fromEntries(
        Object.entries(summary?.troubles ?? {}).map(([name, length]) => [
          name,
          toPlaces(length, 1),
        ]),
      ),
    },
    setupMs: setup && known(setup),
    path: route && {
      kind: route.path,
      ...known({ protocol: route.protocol, relayProtocol: route.relayProtocol }),
      local: end(route.local),
      remote: end(route.remote),
    },
    codecs: codecs ? known(codecs) : {},
    samples: samples.map((sample) =>
      known({
        at: toPlaces((sample.at - start) / 1_000, 1),
        audioInBitrate: rounded(sample.audioIn, 0),
        audioOutBitrate: rounded(sample.audioOut, 0),
        videoInBitrate: rounded(sample.videoIn, 0),
        videoOutBitrate: rounded(sample.videoOut, 0),
        lossIn: rounded(sample.lossIn, 4),
        lossOut: rounded(sample.lossOut, 4),
        roundTripMs: rounded(sample.roundTrip, 1),
        jitterMs: rounded(sample.jitter, 1),
        framesPerSecondIn: rounded(sample.framesIn, 1),
        framesPerSecondOut: rounded(sample.framesOut, 1),
        sizeIn: sample.sizeIn,
        sizeOut: sample.sizeOut,
        limitation: sample.limitation,
        freezes: sample.freezes,
        concealed: rounded(sample.concealed, 4),
        availableBitrate: rounded(sample.available, 0),
      }),
    ),
  };
}

function known<T extends object>(fields: T): Known<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null),
  ) as Known<T>;
}

function rounded(value: number | null, places: number): number | null {
  return value === null ? null : toPlaces(value, places);
}

function toPlaces(value: number, places: number): number {
  return Number(value.toFixed(places));
}
