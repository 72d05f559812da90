/** Looks back so far (ms). */
const SPAN_MS = 4_000;

/** How fast something goes, as the mean of the last seconds. */
export class Speed {
  #samples: { moved: number; at: number }[] = [];

  /** Takes how far it is at the time `now` (ms); bytes a second, `null` before that can be told. */
  sample(moved: number, now: number): number | null {
    const last = this.#samples.at(-1);
    // Begun again, or waited for long.
    if (last && (moved < last.moved || now - last.at > SPAN_MS)) this.#samples = [];
    this.#samples.push({ moved, at: now });
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) >= SPAN_MS) {
      this.#samples.shift();
    }
    const [first] = this.#samples;
    if (!first || now - first.at < 500) return null;
    return ((moved - first.moved) * 1_000) / (now - first.at);
  }
}
