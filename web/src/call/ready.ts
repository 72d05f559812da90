import type { Line } from './lines';
import type { Link } from './link';

/** So long an offer stands ready, and holds ports of the relay; later comers wait a moment longer (ms). */
const READY_FOR_MS = 10 * 60_000;

/** The link that stands ready for whoever comes, with its offer made and its candidates found. */
export class ReadyLink {
  #link: Link | null = null;
  #dropping: ReturnType<typeof setTimeout> | undefined;
  readonly #make: () => Link;

  constructor(make: () => Link) {
    this.#make = make;
  }

  /** Makes one, in place of the one before. */
  renew(): void {
    this.drop();
    this.#link = this.#make();
    this.#dropping = setTimeout(() => this.drop(), READY_FOR_MS);
  }

  /** Hands it over; `null` if there is none. */
  take(): Link | null {
    const link = this.#link;
    this.#link = null;
    this.drop();
    return link;
  }

  drop(): void {
    clearTimeout(this.#dropping);
    this.#link?.close();
    this.#link = null;
  }

  /** Replaces what it is to send. */
  setTrack(line: Line, track: MediaStreamTrack | null): void {
    this.#link?.setTrack(line, track);
  }
}
