import { useEffect, useRef } from 'preact/hooks';
import { isTaken, shortcutOf } from './keys';

/**
 * Presses the buttons of the screen by their keys: each button says which one it has in `aria-keyshortcuts`.
 * `more`: what other keys do.
 */
export function useKeys(more: Record<string, () => void> = {}): void {
  const latest = useRef(more);
  latest.current = more;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      const key = shortcutOf(event);
      if (key === null || isTaken(key, event.target as Element | null)) return;
      const act = latest.current[key];
      const button = act ? null : buttonOf(key);
      if (!act && !button) return;
      event.preventDefault();
      act?.();
      button?.click();
    };
    addEventListener('keydown', down);
    return () => removeEventListener('keydown', down);
  }, []);
}

/** The button on the screen that has this key; `null` if there is none that can be pressed. */
export function buttonOf(key: string): HTMLButtonElement | null {
  return document.querySelector(`[aria-keyshortcuts="${CSS.escape(key.toUpperCase())}"]:enabled`);
}
