import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * A dialog that is open as long as it is drawn, with the rest of the page out of reach. Its heading takes the keyboard
 * with `autofocus`: the first control may lie out of sight in a low window. At its end it gives the keyboard back to
 * what had it, also where the browser does not: when the keyboard was at the browser itself, say.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      // Told of a while later: the keyboard may be somewhere else by then.
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
    };
  }, []);
  return dialog;
}
