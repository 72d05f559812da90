import { useEffect, useRef } from 'preact/hooks';
import type { Call, CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { useSettings } from './use-settings';
import { settingsWords } from './words';
import './settings.css';

const words = inLanguage(settingsWords);

/** How loud the own microphone is. It is measured only while it is seen. */
export function Level({ call, snapshot }: { call: Call; snapshot: CallSnapshot }) {
  const settings = useSettings(call);
  const meter = useRef<HTMLMeterElement>(null);
  const { track, wanted } = snapshot.microphone;
  const open = track !== null && wanted;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another track is another microphone
  useEffect(() => {
    if (!settings || !open) return;
    let stop: (() => void) | null = null;
    const show = (level: number) => {
      if (meter.current) meter.current.value = level;
    };
    // Before the person has done anything browsers do not even let sound be measured.
    const follow = () => {
      const seen = !document.hidden && navigator.userActivation?.hasBeenActive !== false;
      if (seen) stop ??= settings.watchLevel(show);
      else {
        stop?.();
        stop = null;
      }
    };
    follow();
    const events = ['visibilitychange', 'pointerup', 'keyup'] as const;
    for (const event of events) document.addEventListener(event, follow);
    return () => {
      for (const event of events) document.removeEventListener(event, follow);
      stop?.();
      show(0);
    };
  }, [settings, track, open]);

  return <meter class={open ? 'level' : 'level off'} ref={meter} aria-label={words.level} />;
}
