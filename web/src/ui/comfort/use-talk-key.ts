import { useEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../call';
import { isTaken, shortcutOf } from './keys';

/** Lets a muted person be heard as long as the space bar is held; whether it is. */
export function useTalkKey(call: Call): boolean {
  const [talking, setTalking] = useState(false);
  const held = useRef(false);
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || shortcutOf(event) !== ' ') return;
      if (isTaken(' ', event.target as Element | null)) return;
      // The space bar scrolls pages as well.
      event.preventDefault();
      const { wanted, track } = call.snapshot.microphone;
      if (held.current || wanted || !track) return;
      held.current = true;
      setTalking(true);
      void call.setDevice('microphone', true);
    };
    const stop = () => {
      if (!held.current) return;
      held.current = false;
      setTalking(false);
      void call.setDevice('microphone', false);
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === ' ') stop();
    };
    addEventListener('keydown', down);
    addEventListener('keyup', up);
    // Where another window takes the keyboard, nobody tells that the key was let go.
    addEventListener('blur', stop);
    return () => {
      stop();
      removeEventListener('keydown', down);
      removeEventListener('keyup', up);
      removeEventListener('blur', stop);
    };
  }, [call]);
  return talking;
}

/**
 * Takes the keyboard off a button that was pressed with the mouse: else the space bar would press it again,
 * where whoever has just muted means to talk.
 */
export function useLetGo(): void {
  useEffect(() => {
    const click = ({ detail, target }: MouseEvent) => {
      if (detail === 0 || !(target instanceof Element)) return;
      target.closest<HTMLElement>('button[aria-keyshortcuts]')?.blur();
    };
    addEventListener('click', click);
    return () => removeEventListener('click', click);
  }, []);
}
