import type { Trouble } from './trouble';

/** How a call has been, for how long. */
export interface Summary {
  /** Seconds that were looked at. */
  readonly seconds: number;
  /** Seconds of each trouble that was shown. */
  readonly troubles: Readonly<Partial<Record<Trouble, number>>>;
  /** Seconds without any path. */
  readonly interrupted: number;
}

/** Before anything has been seen. */
export const NOTHING: Summary = { seconds: 0, troubles: {}, interrupted: 0 };

/** Adds one reading, which stands for so many seconds. */
export function add(
  { seconds, troubles, interrupted }: Summary,
  what: Trouble | 'interrupted' | null,
  length: number,
): Summary {
  const trouble = what !== 'interrupted' && what;
  return {
    seconds: seconds + length,
    troubles: trouble ? { ...troubles, [trouble]: (troubles[trouble] ?? 0) + length } : troubles,
    interrupted: what === 'interrupted' ? interrupted + length : interrupted,
  };
}

/**
 * What was wrong for how many seconds altogether, and what of it for longest; `null` if all was well. A network of which
 * nobody knows whose it is, as at the beginning of each trouble, says least: all that is known goes before.
 */
export function worstOf({
  troubles,
  interrupted,
}: Summary): { what: Trouble | 'interrupted'; seconds: number } | null {
  const all = [...Object.entries(troubles), ['interrupted', interrupted] as const];
  const weight = ([what, length]: readonly [string, number]) => (what === 'network' ? 0 : length);
  const [longest] = all
    .filter(([, length]) => length > 0)
    .sort((one, other) => weight(other) - weight(one));
  if (!longest) return null;
  const seconds = all.reduce((sum, [, length]) => sum + length, 0);
  return { what: longest[0] as Trouble | 'interrupted', seconds };
}
