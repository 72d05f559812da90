import { language } from '.';

/** Words of a part that is loaded later, in the language of the page. */
export function inLanguage<T>(all: { en: T; zh: T }): T {
  return all[language.key];
}
