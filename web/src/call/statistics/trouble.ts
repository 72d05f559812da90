import type { Reach } from './loop';
import type { Sample } from './sample';

/** What makes a call worse than it could be, and on whose side. `network`: nobody can tell whose. */
export type Trouble =
  | 'own-network'
  | 'their-network'
  | 'network'
  | 'own-computer'
  | 'their-computer';

/** What a side tells the other one of itself while something is wrong. */
export interface QualityReport {
  /** Sound or picture suffer as this side sees it, in either direction. */
  bad: boolean;
  /** Its computer cannot keep up. */
  busy: boolean;
  /** How it reaches the server; `null` if it has not measured. */
  reach: Reach | null;
}

/** What a side sees by itself. */
export interface Symptoms {
  /** What comes in is lost, what goes out is. */
  readonly in: boolean;
  readonly out: boolean;
  /** The way is long. */
  readonly far: boolean;
  /** There is room for a small picture only. */
  readonly narrow: boolean;
  /** The computer cannot keep up. */
  readonly busy: boolean;
}

/** Packets of which so many are lost are missed. */
const LOSS = 0.05;
/** So much made-up sound is heard. */
const CONCEALED = 0.12;
/** Two people begin to talk at the same time (ms). */
const FAR_MS = 400;
/** With less than this a picture is small or coarse (bit/s). */
const NARROW = 300_000;
/** So many readings are looked at together, and this many make up the trouble. */
const TOGETHER = 4;
const MOST = 3;
/** It has gone when so many readings in a row know nothing of it. */
const GONE = 6;
/** Whose way to the server is so much worse than the other's, theirs is the network: in points, see `badness`. */
const WORSE = 40;
const WORSE_TIMES = 3;
/** A way to the server and back that takes as long as this is usual (ms). */
const USUAL_MS = 150;

/**
 * What the last readings show, the newest at the end. A picture that stands still is no sign of a network: a busy
 * computer stops it as well, on either side.
 */
export function symptomsOf(samples: readonly Sample[]): Symptoms {
  const last = samples.slice(-TOGETHER);
  const average = (of: (sample: Sample) => number | null) => {
    const known = last.map(of).filter((value) => value !== null);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : 0;
  };
  const often = (is: (sample: Sample) => boolean) => last.filter(is).length >= MOST;
  const narrow = ({ limitation, available }: Sample) =>
    limitation === 'bandwidth' && available !== null && available < NARROW;
  return {
    in: average(({ lossIn }) => lossIn) > LOSS || average((s) => s.concealed) > CONCEALED,
    out: average(({ lossOut }) => lossOut) > LOSS,
    far: average(({ roundTrip }) => roundTrip) > FAR_MS,
    narrow: often(narrow),
    busy: often(({ limitation }) => limitation === 'cpu'),
  };
}

/** Whether these are signs of a network. */
export function isBad(own: Symptoms): boolean {
  return own.in || own.out || own.far || own.narrow;
}

/**
 * What is wrong, as this moment's readings of both sides have it. The path between the two does not show which
 * of its ends is the bad one, but their ways to the server do. If those are alike, losses in one direction are most likely
 * those of the sender, since networks at home send slower than they receive.
 * `reach`: this side's; `theirs`: `null` if the other side tells nothing.
 */
export function troubleOf(
  own: Symptoms,
  reach: Reach | null,
  theirs: QualityReport | null,
): Trouble | null {
  if (!isBad(own) && !theirs?.bad) {
    if (own.busy) return 'own-computer';
    return theirs?.busy ? 'their-computer' : null;
  }
  // As long as the ways to the server are being measured, nobody is blamed.
  if (reach === null || theirs?.reach === null) return 'network';
  const [here, there] = [badness(reach), theirs ? badness(theirs.reach) : 0];
  if (here >= WORSE && here >= WORSE_TIMES * there) return 'own-network';
  if (there >= WORSE && there >= WORSE_TIMES * here) return 'their-network';
  if (own.far || own.narrow || own.in === own.out) return 'network';
  return own.out ? 'own-network' : 'their-network';
}

/** Ten points for each percent that is lost, and one for each millisecond beyond what is usual. */
function badness({ loss, ms }: Reach): number {
  return loss * 1_000 + Math.max(0, ms - USUAL_MS);
}

/** A trouble as it is shown, and the moments that may change that, the newest at the end. */
export interface Verdict {
  readonly shown: Trouble | null;
  readonly recent: readonly (Trouble | null)[];
}

/** Before anything has been seen. */
export const FINE: Verdict = { shown: null, recent: [] };

/**
 * Takes the next moment in. What is shown comes when most of the last moments have known a trouble, changes
 * when a few in a row agree on another one, and goes when several in a row know of none: it does not flicker.
 */
export function judge({ shown, recent }: Verdict, moment: Trouble | null): Verdict {
  const all = [...recent, moment].slice(-GONE);
  const last = all.slice(-TOGETHER);
  const troubled = last.filter((trouble) => trouble !== null);
  if (shown === null) {
    return { shown: troubled.length >= MOST ? (troubled.at(-1) ?? null) : null, recent: all };
  }
  if (all.every((trouble) => trouble === null)) return { shown: null, recent: all };
  const agreed = last.slice(-MOST).every((trouble) => trouble === moment);
  return { shown: agreed && moment !== null ? moment : shown, recent: all };
}
