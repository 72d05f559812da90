import { expect, it } from 'vitest';
import { askWords } from '../ask/words';
import { callWords } from '../call-words';
import { chatWords } from '../chat/words';
import { afterWords } from '../screens/after-words';
import { waitingWords } from '../screens/waiting-words';
import { settingsWords } from '../settings/words';
import { statisticsWords } from '../statistics/words';
import { verifyWords } from '../verify/words';
import { en } from './en';
import { chooseLanguage } from './language';
import { zh } from './zh';

it.each([
  [['zh-CN', 'en'], 'zh-Hans'],
  [['zh'], 'zh-Hans'],
  [['en-GB', 'zh'], 'en'],
  [['de-DE', 'zh-TW'], 'zh-Hans'],
  [['de-DE'], 'en'],
  [[], 'en'],
])('%j reads %s', (preferred, tag) => {
  expect(chooseLanguage(preferred).tag).toBe(tag);
});

it('says everything in both languages, and nothing with an exclamation mark', () => {
  const [english, chinese] = [sentences(all('en')), sentences(all('zh'))];
  expect([...chinese.keys()]).toEqual([...english.keys()]);
  for (const [key, text] of [...english, ...chinese]) {
    expect(text.trim(), key).not.toBe('');
    expect(text, key).not.toMatch(/[!！]/);
  }
});

it('leaves no English in the Chinese words', () => {
  for (const [key, text] of sentences(all('zh'))) {
    const own = text.replace(/twocan|https|X/g, '');
    expect(own, key).not.toMatch(/[a-z]{2,}/i);
  }
});

/** All words of a language, those that are loaded later among them. */
function all(key: 'en' | 'zh') {
  const first = { en, zh }[key];
  return {
    ...first,
    after: afterWords[key],
    ask: askWords[key],
    inCall: callWords[key],
    chat: chatWords[key],
    settings: settingsWords[key],
    statistics: statisticsWords[key],
    verify: verifyWords[key],
    later: waitingWords[key],
  };
}

/** Every text by its path; texts with something to fill in are filled with X. */
function sentences(words: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const here = `${path}.${key}`;
    if (typeof value === 'string') found.set(here, value);
    else if (typeof value === 'function') found.set(here, value('X', 'X', 'X'));
    else for (const [inner, text] of sentences(value, here)) found.set(inner, text);
  }
  return found;
}
