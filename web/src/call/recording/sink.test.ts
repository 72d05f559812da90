import { expect, it } from 'vitest';
import { fileSink, memorySink } from './sink';

it('keeps pieces in their order, and makes one file of them', async () => {
  const sink = memorySink('video/webm');
  await sink.write(new Blob(['one ']));
  await sink.write(new Blob(['two']));
  const file = await sink.close();
  expect(await file?.text()).toBe('one two');
  expect(file?.type).toBe('video/webm');
});

it('writes to a file as it comes, and leaves nothing to save', async () => {
  const written: string[] = [];
  const sink = fileSink({
    write: async (piece) => void written.push(await piece.text()),
    close: async () => void written.push('closed'),
  });
  await sink.write(new Blob(['one']));
  expect(written).toEqual(['one']);
  expect(await sink.close()).toBeNull();
  expect(written).toEqual(['one', 'closed']);
});
