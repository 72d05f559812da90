import { en, type Words } from './en';
import { zh } from './zh';

/** A language that the page speaks: its key, the value of its `lang` attribute, and its words. */
export interface Language {
  key: 'en' | 'zh';
  tag: string;
  words: Words;
}

const LANGUAGES: Record<string, Language> = {
  en: { key: 'en', tag: 'en', words: en },
  zh: { key: 'zh', tag: 'zh-Hans', words: zh },
};

/** The first of the browser's languages that the page speaks; English if there is none. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const language = LANGUAGES[tag.toLowerCase().split('-')[0] ?? ''];
    if (language) return language;
  }
  return { key: 'en', tag: 'en', words: en };
}
