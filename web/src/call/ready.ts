import type { Line } from './lines';
import type { Link } from './link';
import type { PeerMessage } from './protocol';

/** So long an offer stands ready, and holds ports of the relay; later comers wait a moment longer (ms). */
const READY_FOR_MS = 10 * 60_000;
/** An offer is left for whoever comes when all candidates have been found, or after this time (ms). */
const LEAVE_WITHIN_MS = 500;

/**
 * The link that stands ready for whoever comes, with its offer made and its candidates found. The offer is left with
 * the server, so that they have it with their seat.
 */
export class ReadyLink {
  #link: Link | null = null;
  #dropping: ReturnType<typeof setTimeout> | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #isLeft = false;
  readonly #make: (gathered: () => void) => Link;
  readonly #leave: (offer: PeerMessage | null) => void;

  /** `make` makes a link that calls `gathered` when it has all its candidates. */
  constructor(make: (gathered: () => void) => Link, leave: (offer: PeerMessage | null) => void) {
    this.#make = make;
    this.#leave = leave;
  }

  /** Makes one, in place of the one before. */
  renew(): void {
    this.drop();
    const link = this.#make(() => this.#leaveOffer(link));
    this.#link = link;
    this.#leaving = setTimeout(() => this.#leaveOffer(link), LEAVE_WITHIN_MS);
    this.#dropping = setTimeout(() => {
      this.drop();
      // What takes its place says nothing: nobody is to answer a connection that is gone.
      this.#leave(null);
    }, READY_FOR_MS);
  }

  /** Hands it over, and whether its offer had been left with the server; `null` if there is none. */
  take(): { link: Link; isLeft: boolean } | null {
    const link = this.#link;
    const isLeft = this.#isLeft;
    this.#link = null;
    this.drop();
    return link && { link, isLeft };
  }

  drop(): void {
    clearTimeout(this.#dropping);
    clearTimeout(this.#leaving);
    this.#isLeft = false;
    this.#link?.close();
    this.#link = null;
  }

  /** Replaces what it is to send. */
  setTrack(line: Line, track: MediaStreamTrack | null): void {
    this.#link?.setTrack(line, track);
  }

  #leaveOffer(link: Link): void {
    if (link !== this.#link || this.#isLeft) return;
    const offer = link.offerToLeave();
    if (!offer) return;
    this.#isLeft = true;
    this.#leave(offer);
  }
}
