import type { ChoiceStore } from './choices';
import type { DeviceAccess } from './devices';
import type { Saver } from './files/save';
import type { NetworkWatch } from './network';
import type { RoomKeys } from './seal/keys';
import type { Signalling } from './signalling';

/** Settings of a call: a room's name, or the keys of a sealed room, which name it as well. */
export type CallOptions = ({ roomId: string } | { keys: RoomKeys }) & CallSettings;

/** Settings with defaults that fit a page served by twocan itself. */
export interface CallSettings {
  /** Token of the site that the call is part of, for servers that ask for one. */
  token?: string | undefined;
  /** Connects to the other one only when one of the two has started the call; see {@link Call.asks}. */
  asks?: boolean;
  /** Keeps the seat over a reload of the page; without it, a lost connection to the server at most. */
  resume?: ResumeStore;
  /** Keeps what the person has chosen of devices and quality; without it, for this call. */
  choices?: ChoiceStore;
  signalling?: Signalling;
  devices?: DeviceAccess;
  network?: NetworkWatch;
  /** Where files go that the other person sends. */
  saver?: Saver;
}

/** Remembers, for one room and one tab, with what the seat is had back. */
export interface ResumeStore {
  load(): string | null;
  save(token: string | null): void;
}

/** Remembers it as long as the page is not loaded anew. */
export function rememberHere(): ResumeStore {
  let kept: string | null = null;
  return {
    load: () => kept,
    save: (token) => {
      kept = token;
    },
  };
}
