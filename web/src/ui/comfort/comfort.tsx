import { useEffect, useRef, useState } from 'preact/hooks';
import { type Call, type CallSnapshot, listenForVoice } from '../../call';
import { inLanguage } from '../i18n/later';
import { toggleFullScreen } from '../stage/views';
import type { ToolName } from '../tools';
import './comfort.css';
import { hasKeyboard } from './keys';
import { useKeys } from './use-keys';
import { useLetGo, useTalkKey } from './use-talk-key';
import { useWakeLock } from './use-wake-lock';

const words = inLanguage({
  en: {
    hold: 'Hold the space bar to talk.',
    talking: 'You are heard as long as you hold the space bar.',
    muted: 'You are muted.',
    mutedHold: 'You are muted. Hold the space bar to talk.',
  },
  zh: {
    hold: '按住空格键说话。',
    talking: '按住空格键时，对方能听到你。',
    muted: '你已静音。',
    mutedHold: '你已静音。按住空格键说话。',
  },
});

/** How long a hint stays (ms). */
const HINT_MS = 5000;

interface ComfortProps {
  call: Call;
  snapshot: CallSnapshot;
  onTool(tool: ToolName | null): void;
}

/** What makes a call easier to be in: keys, a screen that stays on, and a word to those who speak while muted. */
export function Comfort({ call, snapshot, onTool }: ComfortProps) {
  useWakeLock();
  useLetGo();
  useKeys({
    f: toggleFullScreen,
    '?': () => onTool('help'),
    Escape: () => onTool(null),
  });
  const talking = useTalkKey(call);
  const hint = useHint(snapshot.microphone, talking);
  return (
    <p class="comfort" role="status" data-shown={hint !== null}>
      {hint}
    </p>
  );
}

function useHint({ wanted, track }: CallSnapshot['microphone'], talking: boolean): string | null {
  const [hint, setHint] = useState<string | null>(null);
  const muted = !wanted && track !== null && !talking;
  // Whoever has held it once knows.
  const known = useRef(false);
  if (talking) known.current = true;
  useEffect(() => {
    if (!muted) return setHint(null);
    const hold = hasKeyboard() ? words.hold : null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (text: string | null) => {
      clearTimeout(timer);
      setHint(text);
      timer = setTimeout(() => setHint(null), HINT_MS);
    };
    show(known.current ? null : hold);
    const stop = listenForVoice(track, () => show(hold ? words.mutedHold : words.muted));
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [muted, track]);
  return talking ? words.talking : hint;
}
