import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CallSnapshot } from '../call';
import { ASKS_FIRST, asksFirst, noteAbsence, seatKeeper, takeAbsence } from './memory';

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

afterEach(() => vi.unstubAllGlobals());

it('keeps a way back to the seat of each room, until it is given up', () => {
  seatKeeper('tea').save('token');
  expect(seatKeeper('tea').load()).toBe('token');
  expect(seatKeeper('coffee').load()).toBeNull();
  seatKeeper('tea').save(null);
  expect(seatKeeper('tea').load()).toBeNull();
});

it('goes back into a call that was left a moment ago, once, and as quiet as it was', () => {
  noteAbsence(call({ microphone: false }), 1_000);
  expect(takeAbsence('coffee', 3_000)).toBeNull();
  expect(takeAbsence('tea', 3_000)).toEqual({ off: ['microphone'] });
  expect(takeAbsence('tea', 3_000)).toBeNull();
});

it('goes back into no call that was left long ago, or hung up', () => {
  noteAbsence(call(), 1_000);
  expect(takeAbsence('tea', 100_000)).toBeNull();
  noteAbsence(call(), 1_000);
  noteAbsence(call({ inCall: false }), 2_000);
  expect(takeAbsence('tea', 3_000)).toBeNull();
});

it('asks before it connects if that was chosen, and not where nothing is kept', () => {
  vi.stubGlobal('localStorage', undefined);
  expect(asksFirst()).toBe(false);
  const kept: Record<string, string> = {};
  vi.stubGlobal('localStorage', { getItem: (key: string) => kept[key] ?? null });
  expect(asksFirst()).toBe(false);
  kept[ASKS_FIRST] = '1';
  expect(asksFirst()).toBe(true);
});

it('remembers with its place in the history where the browser forbids to keep anything', () => {
  vi.stubGlobal('sessionStorage', undefined);
  const replaceState = (state: object) => vi.stubGlobal('history', { state, replaceState });
  replaceState({ other: 1 });
  expect(seatKeeper('tea').load()).toBeNull();
  expect(takeAbsence('tea', 1_000)).toBeNull();
  seatKeeper('tea').save('token');
  noteAbsence(call({ microphone: false }), 1_000);
  expect(seatKeeper('tea').load()).toBe('token');
  expect(takeAbsence('tea', 3_000)).toEqual({ off: ['microphone'] });
  expect(takeAbsence('tea', 3_000)).toBeNull();
  seatKeeper('tea').save(null);
  expect(seatKeeper('tea').load()).toBeNull();
  expect(history.state).toMatchObject({ other: 1 });
});

function call({ inCall = true, microphone = true } = {}): CallSnapshot {
  const device = { asking: false, track: null, problem: null };
  return {
    roomId: 'tea',
    inCall,
    microphone: { ...device, wanted: microphone },
    camera: { ...device, wanted: true },
  } as CallSnapshot;
}
