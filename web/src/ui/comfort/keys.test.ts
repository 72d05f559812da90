import { describe, expect, it } from 'vitest';
import { type KeyPress, shortcutOf } from './keys';

const NONE = { ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, isComposing: false };
const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => {
  return { key, code: '', ...NONE, ...more };
};

describe('a shortcut', () => {
  it('is a letter, whatever its case, the space bar, Escape or the question mark', () => {
    expect(['m', 'M', ' ', 'Escape'].map((key) => shortcutOf(press(key)))).toEqual([
      'm',
      'm',
      ' ',
      'Escape',
    ]);
    expect(shortcutOf(press('?', { shiftKey: true }))).toBe('?');
    expect(shortcutOf(press('？', { shiftKey: true }))).toBe('?');
  });

  it('is where the letter would be on a keyboard of another script', () => {
    expect(shortcutOf(press('ь', { code: 'KeyM' }))).toBe('m');
    // But where the keyboard has the letter elsewhere, the letter counts.
    expect(shortcutOf(press(',', { code: 'KeyM' }))).toBeNull();
    expect(shortcutOf(press('m', { code: 'Semicolon' }))).toBe('m');
  });

  it('is none with a modifier, nor while a word is put together', () => {
    for (const modifier of ['ctrlKey', 'altKey', 'metaKey', 'shiftKey', 'isComposing']) {
      expect(shortcutOf(press('m', { [modifier]: true })), modifier).toBeNull();
    }
    expect(shortcutOf(press('?', { ctrlKey: true }))).toBeNull();
  });

  it('is none of the other keys', () => {
    for (const key of ['Enter', 'Tab', 'ArrowUp', '1', '/', 'Dead']) {
      expect(shortcutOf(press(key, { code: 'KeyX' })), key).toBeNull();
    }
  });
});
