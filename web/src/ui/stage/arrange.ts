/** Which picture is large, and which ones are small beside it. */

/** The pictures of a call. */
export type Picture = 'screen' | 'theirs' | 'own';

const ALL: readonly Picture[] = ['screen', 'theirs', 'own'];

/** What there is, and what the person wants. */
export interface Wishes {
  /** They show a screen. */
  screen: boolean;
  ownHidden: boolean;
  /** The picture that was made large by hand. */
  chosen: Picture | null;
}

/** Their screen is large, or else they are, unless the person has chosen otherwise. The large one comes first. */
export function arrange({ screen, ownHidden, chosen }: Wishes): readonly Picture[] {
  const there = ALL.filter((one) => {
    if (one === 'own') return !ownHidden;
    return one === 'theirs' || screen;
  });
  return there.toSorted((a, b) => Number(b === chosen) - Number(a === chosen));
}

/** Where the small pictures are. */
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

/** The corner to which an arrow key leads; `null` for other keys. */
export function cornerBy(key: string, from: Corner): Corner | null {
  const [vertical, horizontal] = from.split('-');
  switch (key) {
    case 'ArrowUp':
      return `top-${horizontal}` as Corner;
    case 'ArrowDown':
      return `bottom-${horizontal}` as Corner;
    case 'ArrowLeft':
      return `${vertical}-left` as Corner;
    case 'ArrowRight':
      return `${vertical}-right` as Corner;
    default:
      return null;
  }
}
