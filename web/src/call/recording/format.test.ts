import { expect, it } from 'vitest';
import { formatFor, recordingFormat } from './format';

it('takes what most players know, of what the browser can write', () => {
  expect(formatFor(() => true)?.extension).toBe('.mp4');
  expect(formatFor((type) => type.includes('opus'))?.type).toBe('video/mp4;codecs=avc1,opus');
  expect(formatFor((type) => type.includes('webm'))?.type).toBe('video/webm;codecs=vp9,opus');
  expect(formatFor((type) => type.includes('vp8'))?.extension).toBe('.webm');
});

it('has none where the browser cannot record', () => {
  expect(formatFor(() => false)).toBeNull();
  expect(recordingFormat()).toBeNull();
});
