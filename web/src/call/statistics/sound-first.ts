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
/** A trial lasts so long (ms), unless it fails before. */
const TRIAL_MS = 10_000;
/** Each trial doubles the wait for the next one, up to the last (ms). */
const FIRST_WAIT_MS = 10_000;
const LAST_WAIT_MS = 80_000;
/** Pictures that have held for so long begin anew with the first wait (ms). */
const HELD_MS = 60_000;
/** Less than this share of the loss remains without pictures if it is they that cause it. */
const REMAINS = 2 / 3;
/** Pictures that were stopped in vain are spared for so long, and for twice as long each time, up to the last (ms). */
const FIRST_SPARED_MS = 60_000;
const LAST_SPARED_MS = 480_000;

/**
 * Sees to it that sound wins over pictures: browsers send a picture however narrow the link is, so where there is room
 * for sound alone no picture is sent, until a trial shows that there is more, or the sound that it is not the pictures
 * from which it suffers. Takes one reading a second.
 */
export class SoundFirst {
  /** As they are to be sent from here on. */
  pictures: Pictures = 'all';
  #seconds: Second[] = [];
  /** Since when it is so; `null` for since the next second. */
  #since: number | null = Number.NEGATIVE_INFINITY;
  #wait = FIRST_WAIT_MS;
  /** So long no more is made of a loss that was there without them (ms). */
  #spared = 0;
  #without = 0;
  /** How much was lost beside pictures when they were last stopped. */
  #lost = 0;

  /** Takes the next second of a connection that carries. */
  take(second: Second): void {
    const { at } = second;
    this.#seconds = [...this.#seconds, second].slice(-TOGETHER);
    this.#since ??= at;
    const lasted = at - this.#since;
    if (this.pictures === 'none') {
      if (lasted >= this.#wait) this.#resume(at);
      return;
    }
    if (this.pictures === 'all' && lasted >= HELD_MS) this.#wait = FIRST_WAIT_MS;
    const isSpared = this.pictures === 'all' && lasted < this.#spared;
    const isBlamed = !isSpared || REMAINS * this.#loss() > this.#without;
    if (isBlamed && this.#are(isTight)) {
      this.#lost = this.#loss();
      this.#become('none', at);
    } else if (this.pictures === 'trial' && lasted >= TRIAL_MS) {
      this.#become('all', at);
    }
  }

  /** The seconds that follow are of another path, of which nothing is known: a trial shows at once what it has room for. */
  begin(): void {
    this.#wait = FIRST_WAIT_MS;
    this.#spared = 0;
    if (this.pictures === 'all') this.#become('all', Number.NEGATIVE_INFINITY);
    else this.#become('trial', null);
  }

  #resume(at: number): void {
    // Over a narrow link, what was sent last is on its way for as long as the first wait, and reported later still.
    const isOver = this.#wait > FIRST_WAIT_MS;
    if (isOver && this.#are(suffers) && this.#loss() >= REMAINS * this.#lost) {
      this.#spared = Math.min(LAST_SPARED_MS, Math.max(FIRST_SPARED_MS, 2 * this.#spared));
      this.#without = Math.max(LOSS, this.#loss());
      this.#become('all', at);
    } else {
      this.#wait = Math.min(LAST_WAIT_MS, 2 * this.#wait);
      if (isOver) this.#spared = 0;
      this.#become('trial', at);
    }
  }

  /** Whether most of the last seconds are of this kind. */
  #are(kind: (second: Second) => boolean): boolean {
    return this.#seconds.filter(kind).length >= MOST;
  }

  /** How much was lost in the last seconds. */
  #loss(): number {
    const sum = this.#seconds.reduce((lost, { lossOut }) => lost + (lossOut ?? 0), 0);
    return sum / this.#seconds.length;
  }

  #become(pictures: Pictures, since: number | null): void {
    this.pictures = pictures;
    this.#since = since;
    this.#seconds = [];
  }
}

/** Whether sound is lost or late, with pictures or without. */
function suffers({ lossOut, roundTrip }: Second): boolean {
  return (lossOut ?? 0) > LOSS || (roundTrip ?? 0) > LATE_MS;
}

/** Whether pictures were sent beside which sound had too little room. */
function isTight(second: Second): boolean {
  const { available, videoOut } = second;
  if (!videoOut || !suffers(second)) return false;
  return available === null ? videoOut < SMALL : available < ROOM;
}
