/** A file adds this much waiting to the path at most, so that picture and sound stay what they are (ms). */
const TARGET_MS = 60;
/** Least and most on its way at once (bytes). On a path that sound just fits through the least is a few packets. */
const LEAST = 4_096;
const MOST = 4_194_304;
const FIRST = 16_384;
/** Size of messages (bytes). */
const LEAST_CHUNK = 1_024;
const MOST_CHUNK = 65_536;
/** What part of itself the window grows by in each round trip when nothing waits. */
const GAIN = 0.2;
/** What part of itself it gives up in each round trip when far too much waits. */
const RETREAT = 0.5;
/** The least of so many delays counts: one that stands out is the machine's, not the path's. */
const FILTER = 6;
/** What comes closer together has waited for the same thing (ms). */
const MOMENT_MS = 5;
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
  /** The last delays, each the least of a moment. */
  #delays: { ms: number; at: number }[] = [];
  #sent: { to: number; at: number }[] = [];
  #confirmed: number;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #leastSince = 0;
  /** What goes from this byte on goes with the least window; `null` while that is larger. */
  #smallFrom: number | null = null;
  #isSmall = false;

  /** Counts from byte `at` of a file. */
  constructor(at: number) {
    this.#confirmed = at;
  }

  /** Size of the messages that suit the window (bytes). */
  get chunk(): number {
    return Math.min(MOST_CHUNK, Math.max(LEAST_CHUNK, this.window >> 3));
  }

  /** All bytes up to `to` have been sent at the time `now` (ms). */
  sent(to: number, now: number): void {
    this.#sent.push({ to, at: now });
  }

  /** All bytes up to `to` have arrived. */
  confirmed(to: number, now: number): void {
    const ahead = this.#sent.at(-1)?.to ?? to;
    const flight = ahead - this.#confirmed;
    const known = this.#sent.findIndex((one) => one.to > to);
    const over = this.#sent.splice(0, known < 0 ? this.#sent.length : known);
    const last = over.at(-1);
    if (!last) return;
    const bytes = last.to - this.#confirmed;
    this.#confirmed = last.to;
    const delay = now - last.at;
    this.#learn(delay, now);
    const waited = this.#recent - Math.min(this.#least, this.#leastBefore);
    if (waited > TARGET_MS / 2) this.#opening = false;
    // A window that is not used says nothing about a larger one.
    const used = flight >= this.window / 2;
    const off = Math.max(-1, (TARGET_MS - waited) / TARGET_MS);
    if (off > 0 && !used) return;
    const change = this.#opening ? bytes : off * bytes * (off > 0 ? GAIN : RETREAT);
    this.window = Math.round(Math.min(MOST, Math.max(LEAST, this.window + change)));
    if (this.window > LEAST) this.#smallFrom = null;
    else this.#askWhoseFault(last.to, ahead, now);
  }

  get #recent(): number {
    return Math.min(...this.#delays.map(({ ms }) => ms));
  }

  /**
   * What goes with the least window and waits all the same waits for others: for a machine that cannot keep up, or
   * in a queue that is not a file's. To give way any further would help nobody.
   */
  #askWhoseFault(confirmed: number, ahead: number, now: number): void {
    if (this.#smallFrom === null) {
      this.#smallFrom = ahead;
      this.#isSmall = false;
    } else if (!this.#isSmall) {
      if (confirmed <= this.#smallFrom) return;
      this.#isSmall = true;
      this.#delays = this.#delays.slice(-1);
    } else if (this.#delays.length === FILTER) {
      this.#least = this.#recent;
      this.#leastBefore = Number.POSITIVE_INFINITY;
      this.#leastSince = now;
      this.#smallFrom = null;
    }
  }

  #learn(delay: number, now: number): void {
    const last = this.#delays.at(-1);
    if (last && now - last.at < MOMENT_MS) last.ms = Math.min(last.ms, delay);
    else this.#delays = [...this.#delays.slice(1 - FILTER), { ms: delay, at: now }];
    if (now - this.#leastSince > FORGET_AFTER_MS) {
      this.#leastBefore = this.#least;
      this.#least = delay;
      this.#leastSince = now;
    }
    this.#least = Math.min(this.#least, delay);
  }
}
