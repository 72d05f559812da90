import type { Settings, SettingsSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { settingsWords } from './words';

const words = inLanguage(settingsWords);
/** As long as a name may be, in characters. */
const LONGEST = 40;

/** As what the other person sees one named. */
export function NameField({
  settings,
  now,
  placeholder,
}: {
  settings: Settings;
  now: SettingsSnapshot;
  placeholder?: string;
}) {
  return (
    <label class="pick-field">
      <span class="pick-label">{words.name}</span>
      <input
        class="name-field"
        autocomplete="name"
        spellcheck={false}
        maxLength={LONGEST}
        placeholder={placeholder}
        defaultValue={now.name}
        onChange={(event) => settings.setName(event.currentTarget.value)}
      />
    </label>
  );
}
