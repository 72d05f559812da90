import { chooseLanguage } from './language';

/** The language of the page. */
export const language = chooseLanguage(navigator.languages ?? [navigator.language]);
document.documentElement.lang = language.tag;

/** The words of the page, in the browser's language. */
export const words = language.words;
