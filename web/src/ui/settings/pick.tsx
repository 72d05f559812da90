import chevron from 'lucide-static/icons/chevron-down.svg?raw';
import type { ComponentChildren } from 'preact';
import { Glyph } from '../icons';

interface PickProps {
  label: string;
  value: string;
  /** Values and their names, in order; the first that is named is shown if `value` is none of them. */
  options: readonly (readonly [value: string, name: string])[];
  /** Strokes of its icon. */
  icon?: string;
  /** What is said where there is nothing to choose. */
  none?: string;
  onPick(value: string): void;
  /** A button beside it. */
  children?: ComponentChildren;
}

/** A list to choose one of, with its name. */
export function Pick({ label, value, options, icon, none, onPick, children }: PickProps) {
  const empty = options.length === 0;
  return (
    <div class="pick">
      <label class="pick-field">
        <span class="pick-label">{label}</span>
        {icon && <Glyph strokes={icon} />}
        <select
          disabled={empty}
          value={value}
          onChange={(event) => onPick(event.currentTarget.value)}
        >
          {empty && <option>{none}</option>}
          {options.map(([id, name]) => (
            <option key={id} value={id} selected={id === value}>
              {name}
            </option>
          ))}
        </select>
        <Glyph strokes={chevron} />
      </label>
      {children}
    </div>
  );
}
