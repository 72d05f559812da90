/**
 * How long each part of setting up a call took, in milliseconds; `null` for what did not happen, or not for this call.
 * Parts of one page run side by side, so their sum is no total. Where somebody has to start the call, both count as in
 * the room from then on.
 */
export interface SetupTimes {
  /** From the start of loading the page until this library ran. For the first call of a page. */
  readonly page: number | null;
  /** Until the line to the server was open. */
  readonly socket: number | null;
  /** From asking for the seat until it was there. */
  readonly join: number | null;
  /** From the moment that both were in the room until offer and answer were exchanged. */
  readonly offer: number;
  /** From then until a path between the two was found. */
  readonly ice: number;
  /** From then until it was encrypted. */
  readonly dtls: number;
  /** From then until the first picture of the other one was there. */
  readonly frame: number | null;
  /** From the moment that both were in the room until the first picture, or without one until the path stood. */
  readonly total: number;
}

/** Points on the way to a call, in the order in which their times are looked at. */
export type Milestone =
  | 'dialled'
  | 'online'
  | 'asked'
  | 'seated'
  | 'met'
  | 'described'
  | 'found'
  | 'secured'
  | 'seen';

/** Notes when a call came how far. Times are milliseconds since the page began to load. */
export class Setup {
  readonly #page: number;
  #at = new Map<Milestone, number>();
  #isFirst = true;

  /** `now`: when the library began to run. */
  constructor(now: number) {
    this.#page = now;
  }

  /** Notes a point that is reached at `now`; the first time counts. Each meeting after a call begins anew. */
  reach(point: Milestone, now: number): void {
    if (point === 'met' && this.#at.has('secured')) {
      this.#isFirst = false;
      this.#at.clear();
    }
    if (!this.#at.has(point)) this.#at.set(point, now);
  }

  /** The parts, as soon as the path stands. */
  get times(): SetupTimes | null {
    const met = this.#at.get('met');
    const secured = this.#at.get('secured');
    if (met === undefined || secured === undefined) return null;
    // Browsers tell of all this in whatever order, a moment apart.
    const found = Math.min(this.#at.get('found') ?? secured, secured);
    const described = Math.min(this.#at.get('described') ?? found, found);
    const seen = this.#at.get('seen');
    return {
      page: this.#isFirst ? Math.round(this.#page) : null,
      socket: this.#between('dialled', 'online'),
      join: this.#between('asked', 'seated'),
      offer: Math.round(described - met),
      ice: Math.round(found - described),
      dtls: Math.round(secured - found),
      frame: seen === undefined ? null : Math.round(seen - secured),
      total: Math.round((seen ?? secured) - met),
    };
  }

  #between(from: Milestone, to: Milestone): number | null {
    const start = this.#at.get(from);
    const end = this.#at.get(to);
    return start === undefined || end === undefined ? null : Math.round(end - start);
  }
}
