/** What the lobby offers beside the preview; loaded when that stands. */
import type { ScreenProps } from '../device-notice';
import { inLanguage } from '../i18n/later';
import { CameraPick, MicrophonePick, Refused, SpeakerPick } from './device-picks';
import { NameField } from './name-field';
import { useSettings } from './use-settings';
import { settingsWords } from './words';
import './settings.css';

export { Level } from './level';

const words = inLanguage(settingsWords);

/** Devices to choose from, a sound to try, a name. */
export function Pickers({ call, snapshot }: ScreenProps) {
  const settings = useSettings(call);
  const now = snapshot.settings;
  if (!settings || !now) return null;
  const props = { settings, now };
  return (
    <div class="picks compact">
      <NameField {...props} placeholder={words.optional} />
      <CameraPick {...props} />
      <MicrophonePick {...props} />
      <SpeakerPick {...props} />
      <Refused now={now} />
    </div>
  );
}
