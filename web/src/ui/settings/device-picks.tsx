import mic from 'lucide-static/icons/mic.svg?raw';
import turn from 'lucide-static/icons/switch-camera.svg?raw';
import video from 'lucide-static/icons/video.svg?raw';
import volume from 'lucide-static/icons/volume-2.svg?raw';
import { useState } from 'preact/hooks';
import type { DeviceOption, Settings, SettingsSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { Pick } from './pick';
import { playTestSound } from './test-sound';
import { settingsWords } from './words';

const words = inLanguage(settingsWords);

interface DeviceProps {
  settings: Settings;
  now: SettingsSnapshot;
}

/** Which camera; on a phone a button turns to the one on its other side. */
export function CameraPick({ settings, now }: DeviceProps) {
  return (
    <Pick
      icon={video}
      label={words.camera}
      none={words.noCamera}
      value={now.camera}
      options={named(now.cameras, words.cameraNumber)}
      onPick={(id) => void settings.choose('camera', id)}
    >
      {now.canFlip && (
        <button
          type="button"
          class="pick-button"
          aria-label={words.flip}
          data-tip={words.flip}
          onClick={() => void settings.flip()}
        >
          <Glyph strokes={turn} />
        </button>
      )}
    </Pick>
  );
}

/** Which microphone. */
export function MicrophonePick({ settings, now }: DeviceProps) {
  return (
    <Pick
      icon={mic}
      label={words.microphone}
      none={words.noMicrophone}
      value={now.microphone}
      options={named(now.microphones, words.microphoneNumber)}
      onPick={(id) => void settings.choose('microphone', id)}
    />
  );
}

/** Which speaker, where the browser lets people choose, and a sound to try it by. */
export function SpeakerPick({ settings, now }: DeviceProps) {
  const [playing, setPlaying] = useState(false);
  const play = async () => {
    setPlaying(true);
    try {
      await playTestSound(now.speaker);
    } finally {
      setPlaying(false);
    }
  };
  const test = (
    <button type="button" class="pick-button" disabled={playing} onClick={() => void play()}>
      {now.speakers.length === 0 && <Glyph strokes={volume} />}
      <span aria-live="polite">{playing ? words.playing : words.test}</span>
    </button>
  );
  if (now.speakers.length === 0) return <div class="pick">{test}</div>;
  return (
    <Pick
      icon={volume}
      label={words.speaker}
      value={now.speaker}
      options={named(now.speakers, words.speakerNumber)}
      onPick={(id) => void settings.choose('speaker', id)}
    >
      {test}
    </Pick>
  );
}

/** A device that did not start, in words. */
export function Refused({ now }: { now: SettingsSnapshot }) {
  if (!now.refused) return null;
  const { kind } = now.refused;
  return (
    <p class="refused" role="alert">
      {kind === 'camera' ? words.refusedCamera : words.refusedMicrophone}
    </p>
  );
}

/** Ids with names: without a permission the browser tells none, and they are numbered. */
function named(options: readonly DeviceOption[], nth: (number: string) => string) {
  const hasUsual = options.length > 1 && options[0]?.id === '';
  return options.map(({ id, label }, at) => {
    const number = String(hasUsual ? at : at + 1);
    return [id, hasUsual && at === 0 ? words.automatic : label || nth(number)] as const;
  });
}
