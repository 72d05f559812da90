import type { SetupTimes } from '../../call';
import { words } from './say';

const PARTS = ['page', 'socket', 'join', 'offer', 'ice', 'dtls', 'frame'] as const;

/** Which part of setting up a call took how long. */
export function SetupParts({ setup }: { setup: SetupTimes }) {
  return (
    <dl class="facts">
      {PARTS.filter((part) => setup[part] !== null).map((part) => (
        <div key={part}>
          <dt>{words.setup.parts[part]}</dt>
          <dd>{setup[part]} ms</dd>
        </div>
      ))}
    </dl>
  );
}

/** How soon the call stood. */
export function setupText({ total }: SetupTimes): string {
  return words.setup.total((total / 1_000).toFixed(1));
}
