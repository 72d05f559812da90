/** The upper end of an axis that has room for `value`: 1, 2 or 5 times a power of ten, and at least `least`. */
export function topOf(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5].find((times) => times * power >= wanted * 0.999) ?? 10;
  return step * power;
}

/** How many minutes an axis shows: as few as will do. */
export function minutesFor(seconds: number): number {
  return [1, 2, 5].find((minutes) => minutes * 60 >= seconds) ?? 5;
}

/** A point of a line: when (ms), and how much; `null` where that is not known. */
export type Point = readonly [at: number, value: number | null];

/** Points further apart than this are not joined (ms). */
const GAP_MS = 4_000;

/**
 * The line through points as the `d` of an SVG path, in a box of `width` by `height` that ends at `end` (ms) on the
 * right, is `span` milliseconds wide and `top` high. Where something is not known, the line is interrupted.
 */
export function lineOf(
  points: readonly Point[],
  { end, span, top, width, height }: Record<'end' | 'span' | 'top' | 'width' | 'height', number>,
): string {
  let line = '';
  let before: number | null = null;
  for (const [at, value] of points) {
    const x = width * (1 - (end - at) / span);
    if (value === null || x < 0) {
      before = null;
      continue;
    }
    const y = height * (1 - Math.min(1, value / top));
    const joined = before !== null && at - before < GAP_MS;
    line += `${joined ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = at;
  }
  return line;
}
