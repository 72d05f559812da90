import { useRef, useState } from 'preact/hooks';
import { type Corner, cornerBy } from './arrange';

/** Below this a press is no drag (px). */
const SLOP = 6;

type OnButton<E> = E & { currentTarget: HTMLElement };

/**
 * The corner of small pictures, and the properties of the button on each: it drags its picture about, which
 * snaps into the nearest corner; arrow keys move it too; and a mere press is one.
 */
export function useDraggable() {
  const [corner, setCorner] = useState<Corner>('bottom-right');
  const start = useRef<{ x: number; y: number } | null>(null);
  const dragged = useRef(false);

  const end = (event: OnButton<PointerEvent>) => {
    const from = start.current;
    const picture = event.currentTarget.parentElement;
    start.current = null;
    if (!from || !picture) return;
    delete picture.dataset.dragging;
    picture.style.translate = '';
    dragged.current = Math.hypot(event.clientX - from.x, event.clientY - from.y) >= SLOP;
    if (!dragged.current) return;
    const vertical = event.clientY < innerHeight / 2 ? 'top' : 'bottom';
    const horizontal = event.clientX < innerWidth / 2 ? 'left' : 'right';
    setCorner(`${vertical}-${horizontal}`);
  };

  const buttonOf = (onPress: () => void) => ({
    onClick() {
      // The end of a drag is no press.
      if (!dragged.current) onPress();
      dragged.current = false;
    },
    onKeyDown(event: KeyboardEvent) {
      dragged.current = false;
      const next = cornerBy(event.key, corner);
      if (!next) return;
      event.preventDefault();
      setCorner(next);
    },
    onPointerDown(event: OnButton<PointerEvent>) {
      dragged.current = false;
      if (event.button !== 0) return;
      start.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: OnButton<PointerEvent>) {
      const from = start.current;
      const picture = event.currentTarget.parentElement;
      if (!from || !picture) return;
      picture.dataset.dragging = '';
      picture.style.translate = `${event.clientX - from.x}px ${event.clientY - from.y}px`;
    },
    onPointerUp: end,
    onPointerCancel: end,
  });

  return { corner, buttonOf };
}
