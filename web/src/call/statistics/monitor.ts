import { Loop } from './loop';
import { type Entry, Report } from './report';
import { type Codecs, codecsOf, type Route, routeOf } from './route';
import { type Sample, sampleOf } from './sample';
import { type Pictures, SoundFirst } from './sound-first';
import { add, NOTHING, type Summary } from './summary';
import {
  FINE,
  isBad,
  judge,
  type QualityReport,
  symptomsOf,
  type Trouble,
  troubleOf,
} from './trouble';

/** How a call is and has been, as one immutable value. */
export interface Statistics {
  /** The last five minutes, about one a second, the oldest first. */
  readonly samples: readonly Sample[];
  readonly route: Route | null;
  readonly codecs: Codecs | null;
  /** How own pictures are sent: `none`, so that sound gets through, or as a `trial` of whether there is room again. */
  readonly pictures: Pictures;
  /** What is wrong; it does not flicker. */
  readonly trouble: Trouble | null;
  /** How the whole call has been. */
  readonly summary: Summary;
}

/** What a monitor reaches the world by. */
export interface MonitorIo {
  /** By which the server's relay is reached. */
  iceServers(): readonly RTCIceServer[];
  /** Tells the other side how it is here. */
  tell(report: QualityReport): void;
  /** Own pictures are to be sent in another way than before. */
  picturesChanged(): void;
}

type OpenLoop = (servers: readonly RTCIceServer[]) => Pick<Loop, 'reach' | 'close'>;

/** As many samples are kept. */
const KEPT = 300;
/** While something is wrong, the other side is told this often (ms). */
const TELL_EVERY_MS = 3_000;
/** What the other side has said is outdated after this (ms). */
const HEARD_FOR_MS = 8_000;
/** The way to the server is measured until nothing has been wrong for so long (ms). */
const MEASURE_FOR_MS = 10_000;
/** Without bandwidth at first: a connection needs a while to find its pace (ms). */
const PACE_MS = 8_000;
/** A reading that comes later than this follows upon a gap (ms). */
const GAP_MS = 5_000;

const EMPTY: Statistics = {
  samples: [],
  route: null,
  codecs: null,
  pictures: 'all',
  trouble: null,
  summary: NOTHING,
};

/**
 * Takes the readings of a call, one a second, and keeps what is to be known of them. Measures the way to the server
 * and tells the other side only while something is wrong. All times are milliseconds of `performance.now()`.
 */
export class Monitor {
  #statistics = EMPTY;
  readonly #io: MonitorIo;
  readonly #openLoop: OpenLoop;
  #before: { report: Report; at: number; since: number; link: unknown } | null = null;
  readonly #soundFirst = new SoundFirst();
  #verdict = FINE;
  #heard: { report: QualityReport; at: number } | null = null;
  #loop: ReturnType<OpenLoop> | null = null;
  #wrongAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #hasTold = false;

  /** `openLoop`: another way to measure, for tests. */
  constructor(io: MonitorIo, openLoop: OpenLoop = (servers) => new Loop(servers)) {
    this.#io = io;
    this.#openLoop = openLoop;
  }

  /** How it stands; a new object after each reading. */
  get statistics(): Statistics {
    return this.#statistics;
  }

  /** Takes a report of the connection `link`. `carries`: its path does, as far as anybody knows. */
  take(link: unknown, entries: Iterable<Entry>, carries: boolean, at: number): void {
    const before = this.#before?.link === link ? this.#before : null;
    const ms = before ? at - before.at : 0;
    const report = new Report(entries);
    const route = routeOf(report) ?? this.#statistics.route;
    if (!before || isAnother(route, this.#statistics.route)) this.#soundFirst.begin();
    const since = before?.since ?? at;
    this.#before = { report, at, since, link };
    const sample = sampleOf(before?.report ?? null, report, at, ms);
    const samples = [...this.#statistics.samples, sample].slice(-KEPT);
    const steady = before !== null && at - since >= PACE_MS;
    this.#judge(steady ? samples : samples.map(unpaced), carries, at);
    if (steady && carries) this.#soundFirst.take(sample);
    const { pictures } = this.#soundFirst;
    const another = pictures !== this.#statistics.pictures;
    const { shown } = this.#verdict;
    const length = before ? Math.min(ms, GAP_MS) / 1_000 : 0;
    this.#statistics = {
      samples,
      route,
      codecs: codecsOf(report),
      pictures,
      trouble: carries ? shown : null,
      summary: add(this.#statistics.summary, carries ? shown : 'interrupted', length),
    };
    if (another) this.#io.picturesChanged();
  }

  /** Takes what the other side has told of itself. */
  hear(report: QualityReport, at: number): void {
    this.#heard = { report, at };
  }

  /** Ends what it has opened; what is known stays. */
  end(): void {
    this.#loop?.close();
    this.#loop = null;
  }

  #judge(samples: readonly Sample[], carries: boolean, at: number): void {
    const own = symptomsOf(samples);
    const heard = this.#heard && at - this.#heard.at < HEARD_FOR_MS ? this.#heard.report : null;
    const reach = this.#loop?.reach ?? null;
    this.#verdict = judge(this.#verdict, carries ? troubleOf(own, reach, heard) : null);
    if (!carries) return;
    const bad = isBad(own);
    if (bad || heard?.bad) this.#wrongAt = at;
    if (at - this.#wrongAt > MEASURE_FOR_MS) this.end();
    else if (this.#verdict.shown || heard?.bad) {
      this.#loop ??= this.#openLoop(this.#io.iceServers());
    }
    this.#tell({ bad, busy: own.busy, reach }, heard?.bad ?? false, at);
  }

  /** Speaks while something is wrong on either side, and once more when it is not. */
  #tell(report: QualityReport, asked: boolean, at: number): void {
    const wrong = report.bad || report.busy;
    if (!wrong && !asked && !this.#hasTold) return;
    if (at - this.#toldAt < TELL_EVERY_MS) return;
    this.#hasTold = wrong;
    this.#toldAt = at;
    this.#io.tell(report);
  }
}

/** Whether the media has gone over to another path. */
function isAnother(route: Route | null, before: Route | null): boolean {
  return JSON.stringify(route) !== JSON.stringify(before);
}

/** Without what says only that a connection has not found its pace. */
function unpaced(sample: Sample): Sample {
  return { ...sample, available: null };
}
