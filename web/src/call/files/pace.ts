/** A file adds this much waiting to the path at most, so that picture and sound stay what they are (ms). */
const TARGET_MS = 60;
/** Least and most on its way at once (bytes). */
const LEAST = 32_768;
const MOST = 4_194_304;
const FIRST = 65_536;
/** What part of itself the window grows by in each round trip when nothing waits. */
const GAIN = 0.2;
/** The least of so many delays counts: one that stands out is the machine's, not the path's. */
const FILTER = 6;
/** The least delay counts for so long: routes change (ms). */
const FORGET_AFTER_MS = 60_000;

/**
 * How much of a file may be on its way, so that files take what the call leaves and no more: the window grows
 * as long as what is sent arrives without waiting, and shrinks when it waits. After
 * [LEDBAT](https://www.rfc-editor.org/rfc/rfc6817), with the time until a confirmation in place of the one-way delay.
 */
export class Pace {
  /** Bytes that may be on their way. */
  window = FIRST;
  #opening = true;
  #delays: number[] = [];
  #sent: { to: number; at: number }[] = [];
  #confirmed: number;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #leastSince = 0;

  /** Counts from byte `at` of a file. */
  constructor(at: number) {
    this.#confirmed = at;
  }

  /** Size of the messages that suit the window (bytes). */
  get chunk(): number {
    return Math.min(65_536, Math.max(4_096, this.window >> 3));
  }

  /** All bytes up to `to` have been sent at the time `now` (ms). */
  sent(to: number, now: number): void {
    this.#sent.push({ to, at: now });
  }

  /** All bytes up to `to` have arrived. */
  confirmed(to: number, now: number): void {
    const flight = (this.#sent.at(-1)?.to ?? to) - this.#confirmed;
    const known = this.#sent.findIndex((one) => one.to > to);
    const over = this.#sent.splice(0, known < 0 ? this.#sent.length : known);
    const last = over.at(-1);
    if (!last) return;
    const bytes = last.to - this.#confirmed;
    this.#confirmed = last.to;
    const delay = now - last.at;
    this.#learn(delay, now);
    const waited = Math.min(...this.#delays) - Math.min(this.#least, this.#leastBefore);
    if (waited > TARGET_MS / 2) this.#opening = false;
    // A window that is not used says nothing about a larger one.
    const used = flight >= this.window / 2;
    const off = Math.max(-1, (TARGET_MS - waited) / TARGET_MS);
    if (off > 0 && !used) return;
    const change = this.#opening ? bytes : off * bytes * GAIN;
    this.window = Math.round(Math.min(MOST, Math.max(LEAST, this.window + change)));
  }

  #learn(delay: number, now: number): void {
    this.#delays = [...this.#delays.slice(1 - FILTER), delay];
    if (now - this.#leastSince > FORGET_AFTER_MS) {
      this.#leastBefore = this.#least;
      this.#least = delay;
      this.#leastSince = now;
    }
    this.#least = Math.min(this.#least, delay);
  }
}
