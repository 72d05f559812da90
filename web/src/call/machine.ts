/**
 * The life of a call as one pure state machine: `(state, input, now)` gives the next state and the
 * effects to carry out. It knows no socket, no RTCPeerConnection and no clock.
 */
import type { Peer } from './protocol';

/** Where the call stands, as a person would say it. */
export type Phase =
  | 'lobby'
  | 'joining'
  | 'waiting'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'ended'
  | 'failed';

/** Why a call failed. `full`: both seats are taken; `unreachable`: no path between the two was
 * found; `lost`: the path broke and did not come back; `refused`: the server does not take
 * what was asked, for the reason that `code` names. */
export type Failure =
  | { kind: 'full' }
  | { kind: 'unreachable' }
  | { kind: 'lost' }
  | { kind: 'refused'; code: string };

/** Connection to the server: first attempt, up, or lost and being retried. */
export type ServerLink = 'connecting' | 'up' | 'lost';

/** Path of the media: none, being set up, carrying, or interrupted. */
export type MediaLink = 'none' | 'opening' | 'up' | 'interrupted';

/** Everything that the machine remembers. Times are milliseconds of one monotonic clock. */
export interface CallState {
  readonly phase: Phase;
  readonly server: ServerLink;
  readonly seat: 'none' | 'asked' | 'held';
  /** Public ids that this page has had: a seat under one of them is its own, not yet timed out. */
  readonly ownIds: readonly string[];
  readonly peer: Peer | null;
  readonly media: MediaLink;
  /** The other person was here and went. */
  readonly peerLeft: boolean;
  /** When a held seat was last lost with the server's connection. */
  readonly seatLostAt: number | null;
  /** The room counts as full because of our own lost seat; it is asked again and again. */
  readonly waitingForSeat: boolean;
  readonly attempts: number;
  readonly failure: Failure | null;
  /** Start of the current talk, and length of the talks before it. */
  readonly connectedAt: number | null;
  readonly talkedMs: number;
}

/** Timers by what they are for; setting one again replaces it. */
export type Timer = 'rejoin' | 'restart' | 'give-up';

/** What happened. */
export type Input =
  | { type: 'join' }
  | { type: 'leave' }
  | { type: 'server-up' }
  | { type: 'server-lost' }
  | { type: 'joined'; userId: string; polite: boolean; peer: Peer | null }
  | { type: 'full' }
  | { type: 'refused'; event: string; code: string }
  | { type: 'peer-joined'; peer: Peer }
  | { type: 'peer-leaving' }
  | { type: 'peer-left'; userId: string }
  | { type: 'media-up' }
  | { type: 'media-interrupted' }
  | { type: 'media-failed' }
  | { type: 'timer'; timer: Timer };

/** What to do. */
export type Effect =
  | { do: 'send-join' }
  | { do: 'send-leave' }
  | { do: 'open-media'; peer: Peer; polite: boolean; offers: boolean }
  | { do: 'close-media' }
  | { do: 'restart-media' }
  | { do: 'set-timer'; timer: Timer; ms: number }
  | { do: 'clear-timers' };

/** How long a seat of a lost connection may still be held by the server: its ping interval (25 s)
 * and timeout (20 s), and a margin. On a server with longer ones, a seat of one's own may look taken
 * after this time: the call is told to be full, and joining again helps. */
export const SEAT_HOLD_MS = 50_000;
/** How long to look for a path before saying so. */
export const GIVE_UP_MS = 30_000;
/** An interrupted path often heals by itself; after this it is negotiated anew. */
export const RESTART_AFTER_MS = 3_000;
/** Between two attempts at a new path. */
export const RESTART_EVERY_MS = 6_000;
/** Between two attempts to take a seat again, growing to the last. */
const REJOIN_MS = [1_000, 2_000, 3_000, 5_000] as const;
const REMEMBERED_IDS = 8;

/** The state before anything has happened. */
export function initialState(): CallState {
  return {
    phase: 'lobby',
    server: 'connecting',
    seat: 'none',
    ownIds: [],
    peer: null,
    media: 'none',
    peerLeft: false,
    seatLostAt: null,
    waitingForSeat: false,
    attempts: 0,
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

/** Takes one input at the time `now` (ms). */
export function step(state: CallState, input: Input, now: number): Step {
  switch (input.type) {
    case 'join':
      return inCall(state) ? same(state) : join(state);
    case 'leave':
      return inCall(state) ? quit(state, now, { phase: 'ended', failure: null }) : same(state);
    case 'server-up':
      return serverUp(state);
    case 'server-lost':
      return serverLost(state, now);
    default:
      // What comes late, after hanging up or failing, changes nothing.
      return inCall(state) ? stepInCall(state, input, now) : same(state);
  }
}

/** Whether the person has joined and has not hung up. */
export function inCall(state: CallState): boolean {
  return state.phase !== 'lobby' && state.phase !== 'ended' && state.phase !== 'failed';
}

/** Whether the other's page says what it does with its devices and before it leaves. */
export function isCapable(peer: Peer): boolean {
  return peer.capabilities !== undefined && peer.capabilities !== null;
}

type InputInCall = Exclude<Input, { type: 'join' | 'leave' | 'server-up' | 'server-lost' }>;

function stepInCall(state: CallState, input: InputInCall, now: number): Step {
  switch (input.type) {
    case 'joined':
      return joined(state, input, now);
    case 'full':
      return full(state, now);
    case 'refused':
      return refused(state, input, now);
    case 'peer-joined':
      return openMedia({ ...state, peer: input.peer }, !isCapable(input.peer), true);
    case 'peer-leaving':
      return state.peer ? backToWaiting(state, now) : same(state);
    case 'peer-left':
      return peerLeft(state, input.userId, now);
    case 'media-up':
      return mediaUp(state, now);
    case 'media-interrupted':
      return mediaInterrupted(state, now);
    case 'media-failed':
      return mediaFailed(state, now);
    case 'timer':
      return timer(state, input.timer, now);
  }
}

function join(state: CallState): Step {
  const fresh = { ...initialState(), server: state.server, ownIds: state.ownIds };
  return askForSeat({ ...fresh, phase: 'joining' });
}

function askForSeat(state: CallState): Step {
  if (state.server !== 'up') return { state: { ...state, seat: 'none' }, effects: [] };
  return { state: { ...state, seat: 'asked' }, effects: [{ do: 'send-join' }] };
}

function serverUp(state: CallState): Step {
  const next: CallState = { ...state, server: 'up' };
  return inCall(next) ? askForSeat(next) : same(next);
}

function serverLost(state: CallState, now: number): Step {
  const seatLostAt = state.seat === 'held' ? now : state.seatLostAt;
  return same({ ...state, server: 'lost', seat: 'none', seatLostAt, waitingForSeat: false });
}

function joined(state: CallState, input: Extract<Input, { type: 'joined' }>, now: number): Step {
  // The answer to a second `join` of the same connection tells nothing new.
  if (state.seat === 'held' && state.ownIds.at(-1) === input.userId) return same(state);
  const seated: CallState = {
    ...state,
    seat: 'held',
    ownIds: [...state.ownIds.filter((id) => id !== input.userId), input.userId].slice(
      -REMEMBERED_IDS,
    ),
    seatLostAt: null,
    waitingForSeat: false,
    attempts: 0,
  };
  const peer = input.peer && !state.ownIds.includes(input.peer.userId) ? input.peer : null;
  if (peer) {
    const capable = isCapable(peer);
    return openMedia({ ...seated, peer }, capable ? input.polite : true, !capable);
  }
  // Nobody in the other seat, but the picture still moves: the other has lost the server as well.
  if (state.media === 'up') return same({ ...seated, peer: null });
  return state.media === 'none'
    ? same({ ...seated, phase: 'waiting', peer: null })
    : backToWaiting(seated, now);
}

function full(state: CallState, now: number): Step {
  const ownSeatMayRemain = state.seatLostAt !== null && now - state.seatLostAt < SEAT_HOLD_MS;
  // A picture that still moves is never given up for a seat.
  if (!ownSeatMayRemain && state.media !== 'up') {
    return quit({ ...state, seat: 'none' }, now, { phase: 'failed', failure: { kind: 'full' } });
  }
  const ms = REJOIN_MS[Math.min(state.attempts, REJOIN_MS.length - 1)] ?? REJOIN_MS[0];
  return {
    state: { ...state, seat: 'none', waitingForSeat: true, attempts: state.attempts + 1 },
    effects: [{ do: 'set-timer', timer: 'rejoin', ms }],
  };
}

function refused(state: CallState, input: Extract<Input, { type: 'refused' }>, now: number): Step {
  if (input.event === 'join') {
    const failure: Failure = { kind: 'refused', code: input.code };
    return quit({ ...state, seat: 'none' }, now, { phase: 'failed', failure });
  }
  // The server knows nothing of our seat: take one again.
  if (input.code === 'not_joined' && state.seat === 'held') {
    return askForSeat({ ...state, seatLostAt: now });
  }
  return same(state);
}

/** The previous path, if any, goes on until the new one carries. */
function openMedia(state: CallState, polite: boolean, offers: boolean): Step {
  const { peer } = state;
  if (!peer) return same(state);
  const carrying = state.media === 'up';
  const effects: Effect[] = [{ do: 'clear-timers' }, { do: 'open-media', peer, polite, offers }];
  // A plain client may wait for its person to press 'call': there is no hurry.
  if (isCapable(peer) && !carrying) {
    effects.push({ do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS });
  }
  return {
    state: {
      ...state,
      phase: carrying ? 'connected' : state.connectedAt === null ? 'connecting' : 'reconnecting',
      media: carrying ? 'up' : 'opening',
      peerLeft: false,
    },
    effects,
  };
}

function peerLeft(state: CallState, userId: string, now: number): Step {
  if (state.peer?.userId !== userId) return same(state);
  // Without a word before it, a `bye` says only that the other has lost the server.
  if (state.media === 'up' && state.peer.capabilities?.leaving === true) {
    return same({ ...state, peer: null });
  }
  return backToWaiting(state, now);
}

function backToWaiting(state: CallState, now: number): Step {
  return {
    state: {
      ...stopTalk(state, now),
      phase: state.seat === 'held' ? 'waiting' : 'joining',
      peer: null,
      media: 'none',
      peerLeft: true,
    },
    effects: [{ do: 'clear-timers' }, { do: 'close-media' }, ...resumeRejoin(state)],
  };
}

/** Clearing all timers must not end the attempts to take the seat again. */
function resumeRejoin(state: CallState): Effect[] {
  return state.waitingForSeat ? [{ do: 'set-timer', timer: 'rejoin', ms: REJOIN_MS[0] }] : [];
}

function mediaUp(state: CallState, now: number): Step {
  return {
    state: {
      ...state,
      phase: 'connected',
      media: 'up',
      connectedAt: state.connectedAt ?? now,
    },
    effects: [{ do: 'clear-timers' }, ...resumeRejoin(state)],
  };
}

function mediaInterrupted(state: CallState, now: number): Step {
  if (state.media !== 'up') return same(state);
  if (state.seat === 'held' && !state.peer) return backToWaiting(state, now);
  return {
    state: { ...state, phase: 'reconnecting', media: 'interrupted' },
    effects: [
      { do: 'set-timer', timer: 'restart', ms: RESTART_AFTER_MS },
      { do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS },
    ],
  };
}

function mediaFailed(state: CallState, now: number): Step {
  if (state.media === 'none') return same(state);
  if (state.seat === 'held' && !state.peer) return backToWaiting(state, now);
  const effects = restart(state);
  if (state.media !== 'interrupted') {
    effects.push({ do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS });
  }
  return {
    state: {
      ...state,
      phase: state.connectedAt === null ? 'connecting' : 'reconnecting',
      media: 'interrupted',
    },
    effects,
  };
}

function restart(state: CallState): Effect[] {
  const again: Effect = { do: 'set-timer', timer: 'restart', ms: RESTART_EVERY_MS };
  return state.seat === 'held' ? [{ do: 'restart-media' }, again] : [again];
}

function timer(state: CallState, which: Timer, now: number): Step {
  switch (which) {
    case 'rejoin':
      return state.seat === 'none' ? askForSeat(state) : same(state);
    case 'restart':
      return state.media === 'interrupted' ? { state, effects: restart(state) } : same(state);
    case 'give-up': {
      if (state.media !== 'opening' && state.media !== 'interrupted') return same(state);
      const kind = state.connectedAt === null ? 'unreachable' : 'lost';
      return quit(state, now, { phase: 'failed', failure: { kind } });
    }
  }
}

function quit(state: CallState, now: number, end: Pick<CallState, 'phase' | 'failure'>): Step {
  const effects: Effect[] = [{ do: 'clear-timers' }];
  if (state.seat !== 'none') effects.push({ do: 'send-leave' });
  effects.push({ do: 'close-media' });
  return {
    state: {
      ...stopTalk(state, now),
      ...end,
      seat: 'none',
      peer: null,
      media: 'none',
      peerLeft: false,
      seatLostAt: null,
      waitingForSeat: false,
      attempts: 0,
    },
    effects,
  };
}

function stopTalk(state: CallState, now: number): CallState {
  if (state.connectedAt === null) return state;
  return { ...state, connectedAt: null, talkedMs: state.talkedMs + (now - state.connectedAt) };
}

function same(state: CallState): Step {
  return { state, effects: [] };
}
