import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

it('has the same colours for a dark system and for those who choose the dark', async () => {
  const css = await readFile(new URL('./tokens.css', import.meta.url), 'utf8');
  const block = (selector: string) => {
    const from = css.lastIndexOf(`${selector} {`);
    expect(from, selector).toBeGreaterThan(0);
    const inside = css.slice(css.indexOf('{', from) + 1, css.indexOf('}', from));
    return inside.trim().split(/\s*\n\s*/);
  };
  const system = block(':root:not([data-theme="light"])');
  expect(system.length).toBeGreaterThan(10);
  expect(block('[data-theme="dark"]')).toEqual(system);
});
