import { kept } from '../kept';
import { languageOfHash } from '../route';
import { chooseLanguage } from './language';

/** The language of the page: of the site around it, of the person's choice, or of the browser. */
export const language = chooseLanguage([
  languageOfHash(location.hash) ?? kept('language') ?? '',
  ...navigator.languages,
]);
document.documentElement.lang = language.tag;

/** The words of the page, in its language. */
export const words = language.words;
