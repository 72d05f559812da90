import type { Sample } from './sample';

/** How pictures are sent: as always, none at all, or small ones to see whether there is room for them again. */
export type Pictures = 'all' | 'none' | 'trial';

/** What is looked at of each second. `available` is `null` where the browser does not tell it. */
export type Second = Pick<Sample, 'at' | 'available' | 'lossOut' | 'roundTrip' | 'videoOut'>;

/** With no more room than this for both, the smallest picture is too much (bit/s). */
const ROOM = 100_000;
/** Where a browser does not tell the room: pictures that have become so small that they cannot become smaller (bit/s). */
const SMALL = 80_000;
/** Sound suffers that is lost so often, or late by so much (ms). */
const LOSS = 0.04;
const LATE_MS = 800;
/** So many seconds are looked at together, and this many decide. */
const TOGETHER = 5;
const MOST = 4;
/** A trial lasts so long (ms), of which what comes first is what was there before. */
const TRIAL_MS = 10_000;
const SETTLING_MS = 4_000;
/** The first trial comes after this, each that fails doubles it up to the last (ms). */
const FIRST_WAIT_MS = 10_000;
const LAST_WAIT_MS = 80_000;
/** Pictures that have held for so long begin anew with the first wait (ms). */
const HELD_MS = 60_000;

/**
 * Sees to it that sound wins over pictures: browsers send a picture however narrow the link is, so where there is room
 * for sound alone no picture is sent, until a trial shows that there is more. Takes one reading a second.
 */
export class SoundFirst {
  /** As they are to be sent from here on. */
  pictures: Pictures = 'all';
  #seconds: Second[] = [];
  /** Since when it is so. */
  #since = Number.NEGATIVE_INFINITY;
  #wait = FIRST_WAIT_MS;

  /** Takes the next second of a connection that carries. */
  take(second: Second): void {
    const { at } = second;
    this.#seconds = [...this.#seconds, second].slice(-TOGETHER);
    const lasted = at - this.#since;
    if (this.pictures === 'none') {
      if (lasted >= this.#wait) this.#become('trial', at);
    } else if (this.pictures === 'trial') {
      if (lasted < SETTLING_MS) return;
      if (this.#isTight() && lasted >= TRIAL_MS) this.#fail(at);
      else if (lasted >= TRIAL_MS) this.#become('all', at);
    } else if (this.#isTight()) {
      this.#fail(at);
    } else if (lasted >= HELD_MS) {
      this.#wait = FIRST_WAIT_MS;
    }
  }

  #isTight(): boolean {
    return this.#seconds.filter(isTight).length >= MOST;
  }

  #fail(at: number): void {
    if (this.pictures === 'trial') this.#wait = Math.min(LAST_WAIT_MS, 2 * this.#wait);
    this.#become('none', at);
  }

  #become(pictures: Pictures, at: number): void {
    this.pictures = pictures;
    this.#since = at;
    this.#seconds = [];
  }
}

/** Whether pictures were sent beside which sound had too little room. */
function isTight({ available, lossOut, roundTrip, videoOut }: Second): boolean {
  const suffers = (lossOut ?? 0) > LOSS || (roundTrip ?? 0) > LATE_MS;
  if (!videoOut || !suffers) return false;
  return available === null ? videoOut < SMALL : available < ROOM;
}
