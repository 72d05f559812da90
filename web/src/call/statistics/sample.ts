import type { Entry, Report } from './report';

/** Width and height of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** What keeps the own picture from being sharper, as the browser says. */
export type Limitation = 'none' | 'cpu' | 'bandwidth' | 'other';

/**
 * One second of a call. `in` is what comes from the other person, `out` what goes to them. What the browser
 * does not tell, or has not told yet, is `null`, never 0.
 */
export interface Sample {
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
  /** Bits a second, without headers. */
  readonly audioIn: number | null;
  readonly audioOut: number | null;
  readonly videoIn: number | null;
  readonly videoOut: number | null;
  /** Share of the packets that were lost, from 0 to 1. `lossOut` is what the other side reports. */
  readonly lossIn: number | null;
  readonly lossOut: number | null;
  /** To the other side and back, in milliseconds. */
  readonly roundTrip: number | null;
  /** How unevenly packets arrive, in milliseconds: the greater one of sound and picture. */
  readonly jitter: number | null;
  /** Pictures a second. */
  readonly framesIn: number | null;
  readonly framesOut: number | null;
  readonly sizeIn: Size | null;
  readonly sizeOut: Size | null;
  readonly limitation: Limitation | null;
  /** How often their picture has stood still. */
  readonly freezes: number | null;
  /** Share of their sound that was made up for what was missing, from 0 to 1. */
  readonly concealed: number | null;
  /** How much could be sent, as the browser estimates, in bits a second. */
  readonly available: number | null;
}

const LIMITATIONS: readonly unknown[] = [
  'none',
  'cpu',
  'bandwidth',
  'other',
] satisfies Limitation[];

/** Reads what happened between two reports of one connection. */
export function sampleOf(before: Report | null, report: Report, at: number, ms: number): Sample {
  const grown = growth(before, report);
  const rate = (type: string, kind: 'audio' | 'video', field: Counter, by: number) => {
    const sum = total(report.all(type, kind).map((entry) => grown(entry, field)));
    return sum === null || ms <= 0 ? null : (sum * by * 1_000) / ms;
  };
  const inbound = report.all('inbound-rtp');
  const picture = report.all('inbound-rtp', 'video')[0];
  const own = report.all('outbound-rtp', 'video')[0];
  const lost = total(inbound.map((entry) => grown(entry, 'packetsLost')));
  const received = total(inbound.map((entry) => grown(entry, 'packetsReceived')));
  return {
    at,
    audioIn: rate('inbound-rtp', 'audio', 'bytesReceived', 8),
    audioOut: rate('outbound-rtp', 'audio', 'bytesSent', 8),
    videoIn: rate('inbound-rtp', 'video', 'bytesReceived', 8),
    videoOut: rate('outbound-rtp', 'video', 'bytesSent', 8),
    // What was lost may come late after all.
    lossIn: share(lost === null ? null : Math.max(0, lost), received, true),
    lossOut: lossOut(report, grown),
    roundTrip: roundTrip(report),
    jitter: inMs(max(inbound.map(({ jitter }) => jitter))),
    framesIn: rate('inbound-rtp', 'video', 'framesDecoded', 1),
    framesOut: rate('outbound-rtp', 'video', 'framesEncoded', 1),
    sizeIn: size(picture),
    sizeOut: size(own),
    limitation: limitation(own),
    freezes: total(inbound.map((entry) => grown(entry, 'freezeCount'))),
    concealed: concealed(report, grown),
    available: report.pair?.availableOutgoingBitrate ?? null,
  };
}

type Counter = {
  [Field in keyof Entry]-?: Entry[Field] extends number | undefined ? Field : never;
}[keyof Entry];

type Grown = (entry: Entry, field: Counter) => number | null;

/** How much a counter has grown since the report before; `null` if that is not known. */
function growth(before: Report | null, report: Report): Grown {
  return (entry, field) => {
    const then = before?.get(entry.id)?.[field];
    const now = report.get(entry.id)?.[field];
    if (then === undefined || now === undefined) return null;
    // Only what was lost may become less.
    return now < then && field !== 'packetsLost' ? null : now - then;
  };
}

/** What the other side has lost of each stream, weighted by how much it was sent. */
function lossOut(report: Report, grown: Grown): number | null {
  let lost = 0;
  let sent = 0;
  for (const { localId, fractionLost } of report.all('remote-inbound-rtp')) {
    const stream = report.get(localId);
    const packets = stream && grown(stream, 'packetsSent');
    if (!packets || fractionLost === undefined) continue;
    lost += packets * fractionLost;
    sent += packets;
  }
  return share(lost, sent);
}

/** The other side's reports tell it newest; Firefox never looks at its checks again. */
function roundTrip(report: Report): number | null {
  const told = report
    .all('remote-inbound-rtp')
    .filter(({ roundTripTime }) => roundTripTime !== undefined)
    .sort((one, other) => (other.timestamp ?? 0) - (one.timestamp ?? 0));
  return inMs(told[0]?.roundTripTime ?? report.pair?.currentRoundTripTime ?? null);
}

function concealed(report: Report, grown: Grown): number | null {
  const sound = report.all('inbound-rtp', 'audio')[0];
  if (!sound) return null;
  const filled = grown(sound, 'concealedSamples');
  // Silence in place of silence is nothing that anybody hears.
  const silent = grown(sound, 'silentConcealedSamples') ?? 0;
  return share(
    filled === null ? null : Math.max(0, filled - silent),
    grown(sound, 'totalSamplesReceived'),
  );
}

function limitation(own: Entry | undefined): Limitation | null {
  const reason = own?.qualityLimitationReason;
  return LIMITATIONS.includes(reason) ? (reason as Limitation) : null;
}

function size(entry: Entry | undefined): Size | null {
  const { frameWidth: width, frameHeight: height } = entry ?? {};
  return width && height ? { width, height } : null;
}

/** `part` of `whole`, or of both together; `null` without any. */
function share(part: number | null, whole: number | null, apart = false): number | null {
  if (part === null || whole === null) return null;
  const all = apart ? part + whole : whole;
  return all > 0 ? Math.min(1, part / all) : null;
}

function total(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}

function max(values: (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : null;
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1_000;
}
