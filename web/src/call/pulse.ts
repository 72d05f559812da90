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

/**
 * Whether a path still carries, told from its counters: nothing comes and checks stay unanswered. Browsers say
 * so themselves only after five seconds and more. Where they do not count checks, it is left to them.
 */
export class Pulse {
  #heard: Beat | null = null;

  /** Takes the next counters; `true` if nothing has come for a while. */
  isStill(beat: Beat): boolean {
    const heard = this.#heard;
    const alive =
      !heard ||
      heard.pair !== beat.pair ||
      heard.packets !== beat.packets ||
      heard.answered !== beat.answered;
    if (alive) this.#heard = beat;
    return !alive && beat.asked - heard.asked >= UNANSWERED;
  }
}
