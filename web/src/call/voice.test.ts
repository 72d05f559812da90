import { describe, expect, it } from 'vitest';
import { Voice } from './voice';

/** At which moments something is said. */
function told(levels: number[]): number[] {
  const voice = new Voice();
  return levels.flatMap((level, moment) => (voice.hear(level) ? [moment] : []));
}
const moments = (count: number, level: number) => Array<number>(count).fill(level);

describe('a voice', () => {
  it('is heard after half a second', () => {
    expect(told(moments(20, 0.1))).toEqual([4]);
  });

  it('may pause between words', () => {
    const words = [...moments(2, 0.1), 0, ...moments(3, 0.1), 0, ...moments(3, 0.1)];
    expect(told(words)).toHaveLength(1);
  });

  it('is neither a cough nor a quiet room', () => {
    const cough = [...moments(3, 0.5), ...moments(5, 0)];
    expect(told([...cough, ...cough, ...cough])).toEqual([]);
    expect(told(moments(1000, 0.01))).toEqual([]);
  });

  it('is spoken of once in half a minute', () => {
    expect(told(moments(700, 0.1))).toEqual([4, 304, 604]);
  });
});
