import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Glyph } from '../icons';
import './menu.css';

/** One line of a menu. */
export interface MenuItem {
  /** Strokes of its icon. */
  icon: string;
  label: string;
  /** For what is on or off: whether it is on. */
  checked?: boolean;
  onSelect(): void;
}

interface MenuProps {
  label: string;
  icon: string;
  items: readonly MenuItem[];
}

/** A round button that opens a menu above it ([the pattern](https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/)). */
export function Menu({ label, icon, items }: MenuProps) {
  const id = useId();
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    linesOf(around.current)[0]?.focus();
    const outside = ({ target }: Event) => {
      if (!around.current?.contains(target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    return () => removeEventListener('pointerdown', outside);
  }, [open]);

  const walk = (event: KeyboardEvent) => {
    const all = linesOf(around.current);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: -1,
    };
    const to = steps[event.key];
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') return setOpen(false);
    else if (to === undefined) return;
    else all.at(to % all.length)?.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu" ref={around}>
      <button
        type="button"
        class="round"
        ref={button}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-tip={open ? undefined : label}
        onClick={() => setOpen(!open)}
      >
        <Glyph strokes={icon} />
      </button>
      {open && (
        <div
          class="menu-items"
          id={id}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          onKeyDown={walk}
        >
          {items.map((item) => (
            <button
              type="button"
              class="menu-item"
              tabIndex={-1}
              key={item.label}
              {...roleOf(item)}
              onClick={() => {
                close();
                item.onSelect();
              }}
            >
              <Glyph strokes={item.icon} />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function roleOf({ checked }: MenuItem) {
  if (checked === undefined) return { role: 'menuitem' } as const;
  return { role: 'menuitemcheckbox', 'aria-checked': checked } as const;
}

function linesOf(menu: HTMLElement | null): HTMLElement[] {
  return Array.from(menu?.querySelectorAll<HTMLElement>('.menu-item') ?? []);
}
