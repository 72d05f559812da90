import type { ComponentChildren } from 'preact';
import { single } from '../controls';

interface TellingProps {
  /** What is said; nothing is shown while there is nothing to say. */
  children: ComponentChildren;
  /** Beside it, and not read aloud again and again. */
  clock?: string;
  dot?: boolean;
  /** Fades with the bar. */
  fades?: boolean;
  action?: string;
  onAction?(): void;
}

/** A line that stays as long as it holds: who shares, who records. */
export function Telling({ children, clock, dot, fades, action, onAction }: TellingProps) {
  return (
    <div class={children ? 'telling' : 'telling-none'} data-fades={fades}>
      {children && dot && <span class="red-dot" />}
      {/* There before it has something to say, so that a screen reader hears of it. */}
      <span role="status">{children}</span>
      {children && clock && <span class="clock">{clock}</span>}
      {children && action && onAction && (
        <button type="button" class="telling-action" onClick={single(onAction)}>
          {action}
        </button>
      )}
    </div>
  );
}
