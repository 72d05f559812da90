import languages from 'lucide-static/icons/languages.svg?raw';
import { useState } from 'preact/hooks';
import { language } from '../i18n';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { keep, kept } from '../kept';
import { useModal } from '../modal';
import { languageOfHash } from '../route';
import '../style/dialog.css';
import './preferences.css';
import { paint } from './theme';

const words = inLanguage({
  en: {
    heading: 'Language and colours',
    language: 'Language',
    theme: 'Colours',
    system: 'System',
    light: 'Light',
    dark: 'Dark',
    close: 'Close',
  },
  zh: {
    heading: '语言和颜色',
    language: '语言',
    theme: '颜色',
    system: '跟随系统',
    light: '浅色',
    dark: '深色',
    close: '关闭',
  },
});

/** Each in its own words: whoever looks for one cannot read the other. */
const LANGUAGES = { en: 'English', zh: '中文' };
const THEMES = { system: words.system, light: words.light, dark: words.dark };

/** Switches language and colours, and remembers them. */
export function Preferences({ onClose }: { onClose(): void }) {
  const dialog = useModal();
  const [theme, setTheme] = useState(kept('theme') ?? 'system');

  const repaint = (chosen: string) => {
    const theme = chosen === 'system' ? null : chosen;
    keep('theme', theme);
    paint(theme);
    paintFrame();
    setTheme(chosen);
  };
  const speak = (chosen: string) => {
    if (chosen === language.key) return;
    keep('language', chosen);
    // A page that was in a call comes back to it.
    location.reload();
  };

  return (
    <dialog
      ref={dialog}
      class="dialog preferences"
      aria-labelledby="preferences-heading"
      onClose={onClose}
    >
      <h2 id="preferences-heading" tabIndex={-1} autofocus>
        {words.heading}
      </h2>
      {/* A site that shows the page in a frame may have chosen for it. */}
      {languageOfHash(location.hash) === null && (
        <Choice legend={words.language} from={LANGUAGES} value={language.key} onChoose={speak} />
      )}
      <Choice legend={words.theme} from={THEMES} value={theme} onChoose={repaint} />
      <button type="button" class="primary" onClick={() => dialog.current?.close()}>
        {words.close}
      </button>
    </dialog>
  );
}

interface ChoiceProps {
  legend: string;
  from: Record<string, string>;
  value: string;
  onChoose(value: string): void;
}

function Choice({ legend, from, value, onChoose }: ChoiceProps) {
  return (
    <fieldset class="preference-choice">
      <legend>{legend}</legend>
      <div>
        {Object.entries(from).map(([key, label]) => (
          <label key={key}>
            <input
              type="radio"
              name={legend}
              checked={key === value}
              onChange={() => onChoose(key)}
            />
            <span lang={key === 'zh' ? 'zh-Hans' : undefined}>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The button that opens them, for screens with a header. */
export function PreferencesButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="preferences-button"
        aria-label={words.heading}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <Glyph strokes={languages} />
      </button>
      {open && <Preferences onClose={() => setOpen(false)} />}
    </>
  );
}

/** Lets what the browser draws around the page have its colours. */
export function paintFrame(): void {
  const theme = kept('theme');
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    meta.dataset.when ??= meta.media;
    const own = meta.dataset.when.includes('dark') ? 'dark' : 'light';
    meta.media = theme === null ? meta.dataset.when : theme === own ? 'all' : 'not all';
  }
}
