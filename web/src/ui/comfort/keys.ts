/** Which keys stand for something during a call, and when they mean something else. */

/** What of a keyboard event counts. */
export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey' | 'isComposing'
>;

/** The key as a shortcut is written: a small letter, `?`, ` `, `Escape`; `null`: it is no shortcut. */
export function shortcutOf(press: KeyPress): string | null {
  const { key, code } = press;
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing) return null;
  // Where the question mark is, and what is pressed besides, differs among keyboards.
  if (key === '?' || key === '？') return '?';
  if (press.shiftKey) return null;
  if (key === ' ' || key === 'Escape') return key;
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  // A keyboard of another script: the key where the letter is on others.
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  return key.length === 1 && key > '~' && letter ? letter.toLowerCase() : null;
}

const TYPING = 'input, textarea, select, [contenteditable], dialog, [role=menu]';
const PRESSING =
  'button, a, summary, [role=button], [role=slider], [tabindex="0"], video[controls]';

/** Whether the element that has the keyboard wants the key for itself. */
export function isTaken(key: string, target: Element | null): boolean {
  if (!target) return false;
  return target.closest(TYPING) !== null || (key === ' ' && target.closest(PRESSING) !== null);
}

/** A page is not told whether there is a keyboard; what is held in the hand has none. */
export function hasKeyboard(): boolean {
  return !matchMedia('(pointer: coarse)').matches;
}
