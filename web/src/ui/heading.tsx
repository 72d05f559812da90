import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

// The browser itself places the focus on a page that has just been loaded.
let loaded = false;

/**
 * Heading of a screen. Takes the focus when its screen comes, since the button that led to it is gone. Described by the
 * screen's `#lead`: a live region that appears together with its text is not announced by itself.
 */
export function Heading({ unseen, children }: { unseen?: boolean; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (loaded) heading.current?.focus({ preventScroll: true });
    loaded = true;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} class={unseen ? 'unseen' : undefined} aria-describedby="lead">
      {children}
    </h1>
  );
}
