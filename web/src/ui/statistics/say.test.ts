import { expect, it, vi } from 'vitest';
import type { CallSnapshot, Summary } from '../../call';

// The page's language is the browser's.
vi.stubGlobal('navigator', { languages: ['en'] });
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('document', { documentElement: {} });
const { bitrateText, bothOf, msText, reviewOf, shareText, troubleText } = await import('./say');

it.each<[string, Partial<Summary>, string | null]>([
  ['too short', { seconds: 1 }, null],
  ['good', { seconds: 100 }, 'The connection was good all the time.'],
  [
    'a moment',
    { seconds: 100, troubles: { 'own-network': 0.9 } },
    'The connection was good all the time.',
  ],
  [
    'the own network',
    { seconds: 180, troubles: { 'own-network': 12 } },
    'Weak for 12 s of 3 min: mostly your network.',
  ],
  [
    'several',
    { seconds: 80, troubles: { 'their-network': 12, 'own-computer': 3 }, interrupted: 5 },
    'Weak for 20 s of 80 s: mostly their network.',
  ],
  [
    'an interruption',
    { seconds: 3_000, interrupted: 95 },
    'Weak for 2 min of 50 min: the connection broke.',
  ],
])('says how a call was: %s', (_, summary, sentence) => {
  const whole = { seconds: 0, troubles: {}, interrupted: 0, ...summary };
  expect(reviewOf(snapshot({ summary: whole }))).toBe(sentence);
});

it('says what is wrong only while the call goes on', () => {
  expect(troubleText(snapshot({ trouble: 'own-network' }))).toBe('Your network is slow');
  expect(troubleText(snapshot({ trouble: null }))).toBeNull();
  const broken = { ...snapshot({ trouble: 'own-network' }), phase: 'reconnecting' as const };
  expect(troubleText(broken)).toBeNull();
});

it.each([
  [bitrateText(null), 'not known'],
  [bitrateText(0), '0 kbit/s'],
  [bitrateText(64_400), '64 kbit/s'],
  [bitrateText(999_600), '1 Mbit/s'],
  [bitrateText(2_540_000), '2.5 Mbit/s'],
  [bitrateText(20_400_000), '20 Mbit/s'],
  [shareText(0), '0 %'],
  [shareText(0.0123), '1.2 %'],
  [shareText(0.2), '20 %'],
  [msText(0.4), '< 1 ms'],
  [msText(42.4), '42 ms'],
])('writes %s', (written, expected) => {
  expect(written).toBe(expected);
});

it('adds sound and picture, as far as they are known', () => {
  expect(bothOf(1, 2)).toBe(3);
  expect(bothOf(null, 2)).toBe(2);
  expect(bothOf(null, null)).toBeNull();
});

function snapshot(statistics: Partial<CallSnapshot['statistics']>): CallSnapshot {
  return { phase: 'connected', statistics } as CallSnapshot;
}
