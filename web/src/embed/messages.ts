/**
 * What a framed page and the site around it say to each other by `postMessage`, in version 1. Described for those
 * who write sites in docs/embed.md.
 */
import type { Failure, Path, Phase } from '../call';

/** A call as the site around it is told. */
export interface EmbedState {
  /** `start`: the page shows its start, and no call yet. */
  phase: Phase | 'start';
  /** Why the call failed; `null` in every phase but `failed`. */
  failure: Failure | null;
  /** Whether the other person can hear or see through the own device. */
  microphone: boolean;
  camera: boolean;
  /** Whether the other person's devices are on. */
  theirMicrophone: boolean;
  theirCamera: boolean;
  /** How picture and sound go; `null` while they do not. */
  path: Path | null;
  /** Length of the talks that have ended, in milliseconds. */
  talkedMs: number;
}

/** What a site orders. */
export type Command =
  | { command: 'hello' }
  | { command: 'join' }
  | { command: 'leave' }
  | { command: 'microphone' | 'camera'; on: boolean };

/** What a page tells. */
export type Told =
  | { event: 'ready' }
  | { event: 'state'; state: EmbedState }
  | { event: 'refused'; message: string };

/** A message of either kind, with the version in which it is said. */
export type Versioned<T> = T & { twocan: 1 };
