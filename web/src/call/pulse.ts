/** Counters of the candidate pair that carries, as the browser's statistics give them. */
export interface Beat {
  pair: string;
  /** Packets of any kind that have come. */
  packets: number;
  /** Connectivity checks that were sent, and answers to them. */
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
    if (heard?.pair !== beat.pair) {
      this.#flows = [0, 0];
      return this.#hear(beat);
    }
    const more = beat.packets - heard.packets;
    if (more !== 0 || beat.answered !== heard.answered) {
      // The last reading before a stop has seen a part of the flow only.
      this.#flows = [this.#flows[1], more];
      return this.#hear(beat);
    }
    this.#missed += 1;
    const stopped = sends && Math.max(...this.#flows) >= FLOW && this.#missed >= MISSED;
    return stopped || beat.asked - heard.asked >= UNANSWERED;
  }

  #hear(beat: Beat): false {
    this.#heard = beat;
    this.#missed = 0;
    return false;
  }
}
