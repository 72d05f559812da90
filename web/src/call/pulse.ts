/** Counters of a path, as the browser's statistics give them. */
export interface Beat {
  /** Packets with sound and pictures that have come. */
  packets: number;
  /** The candidate pair that carries; empty if the browser names none. */
  pair: string;
  /** Connectivity checks that were sent on it, and answers to them. */
  asked: number;
  answered: number;
}

/** As many checks in a row without an answer are no accident. */
const UNANSWERED = 3;
/** Sound alone comes with fifty packets a second; so many from one reading to the next are a flow. */
const FLOW = 10;
/** A flow does not pause for as many readings. */
const MISSED = 2;

/**
 * Whether a path still carries, told from counters that are read every second: a flow has stopped, or checks stay
 * unanswered while nothing comes. Browsers say so themselves only after five seconds and more. Where they do not
 * count, it is left to them.
 */
export class Pulse {
  #heard: Beat | null = null;
  #flows: [number, number] = [0, 0];
  #missed = 0;

  /** Takes the next counters; `true` if nothing comes any more. `sends`: the other side has something to send. */
  isStill(beat: Beat, sends: boolean): boolean {
    const heard = this.#heard;
    if (!heard) return this.#hear(beat);
    const more = beat.packets - heard.packets;
    const samePair = beat.pair === heard.pair;
    if (more !== 0 || (samePair && beat.answered !== heard.answered)) {
      // The last reading before a stop has seen a part of the flow only.
      this.#flows = [this.#flows[1], more];
      return this.#hear(beat);
    }
    if (!samePair) this.#heard = beat;
    this.#missed += 1;
    const stopped = sends && Math.max(...this.#flows) >= FLOW && this.#missed >= MISSED;
    return stopped || (samePair && beat.asked - heard.asked >= UNANSWERED);
  }

  #hear(beat: Beat): false {
    this.#heard = beat;
    this.#missed = 0;
    return false;
  }
}
