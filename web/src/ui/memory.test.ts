import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CallSnapshot } from '../call';
import { keep } from './kept';
import { asksFirst, choiceKeeper, noteAbsence, seatKeeper, takeAbsence } from './memory';

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

it('keeps what was chosen for the calls to come, or for the tab where the browser forbids that', () => {
  for (const storage of [sessionStorage, undefined]) {
    vi.stubGlobal('localStorage', storage);
    expect(asksFirst()).toBe(false);
    keep('ask', '1');
    expect(asksFirst()).toBe(true);
    keep('ask', null);
    expect(asksFirst()).toBe(false);
    expect(choiceKeeper.load()).toEqual({});
    choiceKeeper.save({ name: 'Ada' });
    expect(choiceKeeper.load()).toEqual({ name: 'Ada' });
    sessionStorage.removeItem('choices');
  }
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

it('goes on where not even the history takes anything', () => {
  vi.stubGlobal('sessionStorage', undefined);
  const replaceState = () => {
    throw new DOMException('too often', 'SecurityError');
  };
  vi.stubGlobal('history', { state: { 'seat:tea': 'first' }, replaceState });
  seatKeeper('tea').save('second');
  expect(seatKeeper('tea').load()).toBe('first');
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
