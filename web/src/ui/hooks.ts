import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Call, CallSnapshot } from '../call';

/** The call's snapshot, drawn again on every change. */
export function useSnapshot(call: Call): CallSnapshot {
  const [snapshot, setSnapshot] = useState(call.snapshot);
  useEffect(() => {
    const take = () => setSnapshot(call.snapshot);
    take();
    return call.subscribe(take);
  }, [call]);
  return snapshot;
}

const LOAD_AGAIN_MS = 2000;

/** A part of the page that is fetched apart from the rest; `null` until it is here. */
export function useLoaded<T extends object>(load: () => Promise<T>): T | null {
  const [part, setPart] = useState<T | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tryAgain = () => {
      timer = setTimeout(attempt, LOAD_AGAIN_MS);
    };
    const attempt = () => void load().then(setPart, tryAgain);
    attempt();
    return () => clearTimeout(timer);
  }, [load]);
  return part;
}

/** Milliseconds since `since` (of `performance.now()`), counted every second. */
export function useElapsed(since: number | null): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (since === null) return;
    setNow(performance.now());
    const ticking = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(ticking);
  }, [since]);
  return since === null ? 0 : Math.max(0, now - since);
}

/** Shape of an element, as width divided by height; `null` before it is laid out. */
export function useShape(ref: RefObject<Element | null>): number | null {
  const [shape, setShape] = useState<number | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setShape(height > 0 ? width / height : null);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return shape;
}

const IDLE_MS = 3000;

/**
 * Whether nobody has moved for three seconds. Not idle while the keyboard is on a control inside
 * `keeps`, or the pointer rests on it.
 */
export function useIdle(keeps: RefObject<HTMLElement | null>): boolean {
  const [idle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const sleep = () => {
      const element = keeps.current;
      const busy = element?.matches(':hover') || element?.querySelector(':focus-visible');
      if (busy) timer.current = setTimeout(sleep, IDLE_MS);
      else setIdle(true);
    };
    const wake = () => {
      setIdle(false);
      clearTimeout(timer.current);
      timer.current = setTimeout(sleep, IDLE_MS);
    };
    wake();
    const events = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
    for (const event of events) window.addEventListener(event, wake);
    return () => {
      clearTimeout(timer.current);
      for (const event of events) window.removeEventListener(event, wake);
    };
  }, [keeps]);
  return idle;
}
