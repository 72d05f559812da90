/**
 * What a tab remembers of a room over a reload, private to the tab, a copy of which has a copy; and what the browser
 * remembers for the next call.
 */
import type { CallSnapshot, ChoiceStore, Kind, ResumeStore } from '../call';
import { keep, kept } from './kept';
import { remember, remembered } from './tab';

/** After a longer absence than this, nobody expects to be in a call at once (ms). */
const BACK_WITHIN_MS = 60_000;

/** A call that a page was in when it went. */
export interface Absence {
  /** Devices that the person had switched off. */
  off: Kind[];
}

/** Whether somebody has to start a call before it connects. */
export function asksFirst(): boolean {
  return kept('ask') !== null;
}

/** Keeps what gives a room's seat back. */
export function seatKeeper(room: string): ResumeStore {
  const key = `seat:${room}`;
  return {
    load: () => remembered(key),
    save: (token) => remember(key, token),
  };
}

/** Keeps devices, quality and name for the next call. */
export const choiceKeeper: ChoiceStore = {
  load: () => attempt(() => JSON.parse(kept('choices') ?? '{}')),
  save: (choices) => keep('choices', JSON.stringify(choices)),
};

/** Notes, when a page goes, whether it was in a call, and how. `now` is the time of day (ms). */
export function noteAbsence(call: CallSnapshot, now: number): void {
  const off = (['microphone', 'camera'] as const).filter((kind) => !call[kind].wanted);
  remember(`left:${call.roomId}`, call.inCall ? JSON.stringify({ at: now, off }) : null);
}

/** The call to go back into by itself, told once; `null` if there is none, or none of late. */
export function takeAbsence(room: string, now: number): Absence | null {
  const key = `left:${room}`;
  return attempt(() => {
    const { at, off } = JSON.parse(remembered(key) ?? '{}');
    remember(key, null);
    return now - at < BACK_WITHIN_MS ? { off } : null;
  });
}

/** Browsers may forbid a page to keep anything. */
export function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
