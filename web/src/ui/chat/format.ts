const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A number of bytes for people, in steps of 1000 as systems show them: `1.2 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would be rounded up to a thousand is one of the next.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** How long what is left takes at a speed (bytes a second) (s); `null` if there is no telling. */
export function secondsLeft(left: number, speed: number | null): number | null {
  if (speed === null || speed <= 0) return null;
  const seconds = Math.ceil(left / speed);
  return seconds < 100 * 3_600 ? seconds : null;
}
