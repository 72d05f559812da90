import { useRef, useState } from 'preact/hooks';

type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

/** Below this a press is no drag (px). */
const SLOP = 6;

/** Properties of an element that can be dragged about, and snaps into the nearest corner. */
export function useDraggable() {
  const [corner, setCorner] = useState<Corner>('bottom-right');
  const start = useRef<{ x: number; y: number } | null>(null);

  const move = (element: HTMLElement, x: number, y: number) => {
    element.style.translate = `${x}px ${y}px`;
  };
  const end = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const from = start.current;
    start.current = null;
    if (!from) return;
    const element = event.currentTarget;
    delete element.dataset.dragging;
    element.style.translate = '';
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < SLOP) return;
    const vertical = event.clientY < innerHeight / 2 ? 'top' : 'bottom';
    const horizontal = event.clientX < innerWidth / 2 ? 'left' : 'right';
    setCorner(`${vertical}-${horizontal}`);
  };

  return {
    'data-corner': corner,
    onPointerDown(event: PointerEvent & { currentTarget: HTMLElement }) {
      if (event.button !== 0) return;
      start.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent & { currentTarget: HTMLElement }) {
      const from = start.current;
      if (!from) return;
      event.currentTarget.dataset.dragging = '';
      move(event.currentTarget, event.clientX - from.x, event.clientY - from.y);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
