import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { words } from '../i18n';
import { Icon } from '../icons';
import './panel.css';

interface PanelProps {
  heading: string;
  onClose(): void;
  children: ComponentChildren;
}

/**
 * What comes in from the side beside the picture, on a phone from below. The call goes on under it: it
 * takes the keyboard when it comes, and gives it back when it goes.
 */
export function Panel({ heading, onClose, children }: PanelProps) {
  const id = useId();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const first = panel.current?.querySelector<HTMLElement>('[data-first]');
    (first ?? panel.current)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <section
      class="panel"
      ref={panel}
      tabIndex={-1}
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.isComposing) onClose();
      }}
    >
      <header class="panel-head">
        <h2 id={id}>{heading}</h2>
        <button
          type="button"
          class="panel-close"
          aria-label={words.devices.dismiss}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </section>
  );
}
