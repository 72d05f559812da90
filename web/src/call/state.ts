/** What the machine of a call remembers, hears and orders, and the ways out of a call. */
import type { Peer } from './protocol';
import type { Overload } from './signalling';

/**
 * Where the call stands, as a person would say it. `ready`: both are here, and one of them is to start the call;
 * `replaced`: it goes on in another tab.
 */
export type Phase =
  | 'lobby'
  | 'joining'
  | 'waiting'
  | 'ready'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'replaced'
  | 'ended'
  | 'failed';

/** Why a call failed. `full`: both seats are taken; `unreachable`: no path between the two was
 * found; `refused`: the server does not take what was asked, for the reason that `code` names. */
export type Failure =
  | { kind: 'full' }
  | { kind: 'unreachable' }
  | { kind: 'refused'; code: string };

/** Connection to the server: first attempt, up, lost and being retried, or refused and being retried. */
export type ServerLink = 'connecting' | 'up' | 'lost' | Overload;

/** Path of the media: none, being set up, carrying, or interrupted. */
export type MediaLink = 'none' | 'opening' | 'up' | 'interrupted';

/** Everything that the machine remembers. Times are milliseconds of one monotonic clock. */
export interface CallState {
  readonly phase: Phase;
  readonly server: ServerLink;
  /** Somebody has to start the call before anything is connected. The other side may ask for that as well. */
  readonly asks: boolean;
  readonly seat: 'none' | 'asked' | 'held';
  /** Public id of the own seat, or of the last one. */
  readonly userId: string;
  /** The own seat is not the first of the two. */
  readonly polite: boolean;
  readonly peer: Peer | null;
  /** The other person has lost the server, and is waited for. */
  readonly peerAway: boolean;
  /** The other person's page went: it is being loaded anew, or was closed. */
  readonly peerUnloaded: boolean;
  readonly media: MediaLink;
  /** Public id of the seat that the media goes to. */
  readonly mediaTo: string;
  /** The other person was here and went. */
  readonly peerLeft: boolean;
  /** The path that carries is an old one: a new one is to take its place. */
  readonly renewing: boolean;
  /** New paths that were tried since one carried. */
  readonly restarts: number;
  /** None of them has helped for a while; more are tried. */
  readonly stuck: boolean;
  /** A seat was denied for the moment; it is asked for again and again. */
  readonly waitingForSeat: boolean;
  readonly failure: Failure | null;
  /** Start of the current talk, and length of the talks before it. */
  readonly connectedAt: number | null;
  readonly talkedMs: number;
}

/** Timers by what they are for; setting one again replaces it. */
export type Timer = 'rejoin' | 'restart' | 'give-up' | 'gone';

/** What happened. */
export type Input =
  | { type: 'join'; asks?: boolean }
  | { type: 'leave' }
  | { type: 'server-up' }
  | { type: 'server-lost'; why?: Overload | undefined }
  | { type: 'joined'; userId: string; polite: boolean; resumed: boolean; peer: Peer | null }
  | { type: 'full' }
  | { type: 'replaced' }
  | { type: 'refused'; event: string; code: string }
  | { type: 'peer-joined'; peer: Peer }
  | { type: 'peer-away'; userId: string }
  | { type: 'peer-back'; peer: Peer }
  | { type: 'peer-leaving' }
  | { type: 'peer-unloading' }
  | { type: 'peer-left'; userId: string }
  /** One of the two has started the call. */
  | { type: 'call' }
  | { type: 'media-up' }
  | { type: 'media-interrupted' }
  /** Nothing has come for some seconds, whatever the browser says. */
  | { type: 'media-stalled' }
  | { type: 'media-failed' }
  /** The other side's end of the path is another one, or none. */
  | { type: 'media-outdated' }
  /** The device is in another network, or in one again. */
  | { type: 'network-changed' }
  | { type: 'timer'; timer: Timer };

/** What to do. */
export type Effect =
  | { do: 'send-join' }
  | { do: 'send-leave' }
  | { do: 'open-media'; peer: Peer; polite: boolean; offers: boolean }
  | { do: 'close-media' }
  /** The connection to the server may be that of another network: try it, or make one at once. */
  | { do: 'hurry-server' }
  /** Make a new path, or ask the side that offers to. */
  | { do: 'restart-media' }
  /** Tell the other side again that the call is on, if it has been asked for, and which devices are. */
  | { do: 'tell-devices' }
  | { do: 'set-timer'; timer: Timer; ms: number }
  /** Forget the timers of the media; asking for a seat goes on. */
  | { do: 'clear-timers' };

/** How long to look for a path before saying so. */
export const GIVE_UP_MS = 30_000;
/** An interrupted path often heals by itself; after this it is negotiated anew. */
export const RESTART_AFTER_MS = 3_000;
/** A new path that has not taken the old one's place after this is tried again. */
export const RENEW_MS = 5_000;
/** Whoever is back in a room first waits as long for the other one, who may have lost the server as well. */
export const ABSENT_MS = 10_000;
/** A page that goes is back after this if it was loaded anew; else it was closed. */
export const GONE_AFTER_MS = 6_000;
/** Between two attempts to take a seat again. */
export const REJOIN_MS = 3_000;

/** Timers of the media are for nothing. */
export const CLEAR: Effect = { do: 'clear-timers' };
/** Look for a path from here on, and say so if there is none for long. */
export const GIVE_UP: Effect = { do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS };
/** Ask for a seat again in a while. */
export const REJOIN: Effect = { do: 'set-timer', timer: 'rejoin', ms: REJOIN_MS };
/** Try a new path after `ms`. */
export const restartAfter = (ms: number): Effect => ({ do: 'set-timer', timer: 'restart', ms });

/** The state before anything has happened. */
export function initialState(): CallState {
  return {
    phase: 'lobby',
    server: 'connecting',
    asks: false,
    seat: 'none',
    userId: '',
    polite: false,
    peer: null,
    peerAway: false,
    peerUnloaded: false,
    media: 'none',
    mediaTo: '',
    peerLeft: false,
    renewing: false,
    restarts: 0,
    stuck: false,
    waitingForSeat: false,
    failure: null,
    connectedAt: null,
    talkedMs: 0,
  };
}

/** Result of one step. */
export interface Step {
  state: CallState;
  effects: Effect[];
}

const OUTSIDE: readonly Phase[] = ['lobby', 'replaced', 'ended', 'failed'];

/** Whether the person has joined and has not hung up. */
export function inCall(state: CallState): boolean {
  return !OUTSIDE.includes(state.phase);
}

/** Whether the other's page says what it does with its devices and before it leaves. */
export function isCapable(peer: Peer): boolean {
  return peer.capabilities !== undefined && peer.capabilities !== null;
}

/** Whether there should be a path that carries, or a new one, and is none. */
export function isBroken({ media, renewing }: CallState): boolean {
  return media === 'opening' || media === 'interrupted' || renewing;
}

/** The other one is gone; the seat stays. */
export function backToWaiting(state: CallState, now: number): Step {
  return {
    state: {
      ...stopTalk(state, now),
      phase: state.seat === 'held' ? 'waiting' : 'joining',
      peer: null,
      peerAway: false,
      media: 'none',
      peerLeft: true,
      renewing: false,
      restarts: 0,
      stuck: false,
    },
    effects: [CLEAR, { do: 'close-media' }],
  };
}

/** Ends the call, and gives up the seat. */
export function quit(
  state: CallState,
  now: number,
  end: Pick<CallState, 'phase' | 'failure'>,
): Step {
  const effects: Effect[] = [CLEAR];
  if (state.seat !== 'none') effects.push({ do: 'send-leave' });
  effects.push({ do: 'close-media' });
  return {
    state: {
      ...stopTalk(state, now),
      ...end,
      seat: 'none',
      peer: null,
      peerAway: false,
      media: 'none',
      peerLeft: false,
      renewing: false,
      restarts: 0,
      stuck: false,
      waitingForSeat: false,
    },
    effects,
  };
}

function stopTalk(state: CallState, now: number): CallState {
  if (state.connectedAt === null) return state;
  return { ...state, connectedAt: null, talkedMs: state.talkedMs + (now - state.connectedAt) };
}

/** The step with other effects before its own. */
export function preceded(first: Effect[], { state, effects }: Step): Step {
  return { state, effects: [...first, ...effects] };
}

/** Nothing to do. */
export function same(state: CallState): Step {
  return { state, effects: [] };
}
