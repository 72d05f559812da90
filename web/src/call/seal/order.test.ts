import { expect, it, vi } from 'vitest';
import { inOrder } from './order';

it('runs at once what needs no waiting, and what follows something slow after it', async () => {
  const done: string[] = [];
  const run = inOrder();
  run(() => void done.push('a'));
  expect(done).toEqual(['a']);
  let finish = () => {};
  run(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    done.push('slow');
  });
  run(() => void done.push('b'));
  run(async () => void done.push('c'));
  expect(done).toEqual(['a']);
  finish();
  await vi.waitUntil(() => done.length === 4);
  expect(done).toEqual(['a', 'slow', 'b', 'c']);
  run(() => void done.push('d'));
  expect(done.at(-1)).toBe('d');
});

it('goes on after an act that fails', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const run = inOrder();
  run(() => Promise.reject(new Error('no')));
  const next = vi.fn();
  run(next);
  await vi.waitUntil(() => next.mock.calls.length === 1);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
});
