/** What a tab remembers of a room over a reload. Private to the tab; a copy of the tab has a copy. */
import type { CallSnapshot, Kind, ResumeStore } from '../call';

/** After a longer absence than this, nobody expects to be in a call at once (ms). */
const BACK_WITHIN_MS = 60_000;

/** A call that a page was in when it went. */
export interface Absence {
  /** Devices that the person had switched off. */
  off: Kind[];
}

/** Under what every page of the browser remembers that it asks before it connects. */
export const ASKS_FIRST = 'ask';

/** Whether somebody has to start a call before it connects. */
export function asksFirst(): boolean {
  return attempt(() => localStorage.getItem(ASKS_FIRST)) !== null;
}

/** Keeps what gives a room's seat back. */
export function seatKeeper(room: string): ResumeStore {
  const key = `seat:${room}`;
  return {
    load: () => attempt(() => sessionStorage.getItem(key)),
    save: (token) => attempt(() => put(key, token)),
  };
}

/** Notes, when a page goes, whether it was in a call, and how. `now` is the time of day (ms). */
export function noteAbsence(call: CallSnapshot, now: number): void {
  const off = (['microphone', 'camera'] as const).filter((kind) => !call[kind].wanted);
  attempt(() => put(`left:${call.roomId}`, call.inCall ? JSON.stringify({ at: now, off }) : null));
}

/** The call to go back into by itself, told once; `null` if there is none, or none of late. */
export function takeAbsence(room: string, now: number): Absence | null {
  const key = `left:${room}`;
  return attempt(() => {
    const { at, off } = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    put(key, null);
    return now - at < BACK_WITHIN_MS ? { off } : null;
  });
}

function put(key: string, value: string | null): void {
  if (value === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, value);
}

/** Browsers may forbid a page to keep anything: then a reload costs the seat, and nothing else. */
export function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
