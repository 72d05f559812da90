import { useEffect, useState } from 'preact/hooks';
import type { Call, CallSnapshot } from '../../call';
import { type Item, itemsOf } from './items';

/** A new line stands over the picture for so long (ms). */
const NEWS_MS = 6_000;

/** When the person has last looked into a call's conversation (`performance.now()`), over all its screens. */
const looked = new WeakMap<Call, number>();
/** Files that the browser has been given to keep. */
const handed = new WeakSet<File>();

/** What the chat is to the rest of the screen. */
export interface ChatNews {
  /** The other page takes part in it, or has. */
  offered: boolean;
  /** How many lines and offers of theirs the person has not seen. */
  unread: number;
  /** What is to be shown over the picture. */
  latest: Item | null;
}

/** Keeps count of what has come while the chat was closed, and hands received files to the person. */
export function useChat(call: Call, snapshot: CallSnapshot, open: boolean): ChatNews {
  const { takes, phase, files } = snapshot;
  const items = itemsOf(snapshot);
  const last = items.at(-1)?.at ?? 0;
  const since = looked.get(call) ?? 0;
  const fresh = open ? [] : items.filter((item) => !item.mine && item.at > since);
  const newest = fresh.at(-1) ?? null;
  const [gone, setGone] = useState<string | null>(null);

  useEffect(() => {
    // Fetched when picture and sound are there, so that it is no part of the call's beginning.
    if (phase === 'connected' && takes.chat) call.beside().catch(() => {});
  }, [call, phase, takes.chat]);

  useEffect(() => {
    if (open) looked.set(call, last);
  }, [call, open, last]);

  const key = newest?.key ?? null;
  const lasting = newest?.transfer?.state === 'offered';
  useEffect(() => {
    if (key === null || lasting) return;
    const timer = setTimeout(() => setGone(key), NEWS_MS);
    return () => clearTimeout(timer);
  }, [key, lasting]);

  useEffect(() => {
    for (const { file, state } of files) {
      if (!file || state !== 'done' || handed.has(file)) continue;
      handed.add(file);
      handOver(file);
    }
  }, [files]);

  return {
    offered: takes.chat || items.length > 0,
    unread: fresh.length,
    latest: newest && (lasting || key !== gone) ? newest : null,
  };
}

/** A browser has begun to read by then (ms). */
const READ_AFTER_MS = 60_000;

/** Gives the person a file that the page has kept for them, as a download. */
export function handOver(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READ_AFTER_MS);
}
