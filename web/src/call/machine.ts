/**
 * The life of a call as one pure state machine: `(state, input, now)` gives the next state and the
 * effects to carry out. It knows no socket, no RTCPeerConnection and no clock.
 */
import type { Peer } from './protocol';

/** Where the call stands, as a person would say it. `replaced`: it goes on in another tab. */
export type Phase =
  | 'lobby'
  | 'joining'
  | 'waiting'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'replaced'
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

/** Connection to the server: first attempt, up, lost and being retried, or refused for their number. */
export type ServerLink = 'connecting' | 'up' | 'lost' | 'crowded';

/** Path of the media: none, being set up, carrying, or interrupted. */
export type MediaLink = 'none' | 'opening' | 'up' | 'interrupted';

/** Everything that the machine remembers. Times are milliseconds of one monotonic clock. */
export interface CallState {
  readonly phase: Phase;
  readonly server: ServerLink;
  readonly seat: 'none' | 'asked' | 'held';
  /** Public id of the own seat, or of the last one. */
  readonly userId: string;
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
  | { type: 'join' }
  | { type: 'leave' }
  | { type: 'server-up' }
  | { type: 'server-lost'; crowded?: boolean }
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
  | { type: 'media-up' }
  | { type: 'media-interrupted' }
  | { type: 'media-failed' }
  /** The other side's end of the path is another one, or none. */
  | { type: 'media-outdated' }
  | { type: 'timer'; timer: Timer };

/** What to do. */
export type Effect =
  | { do: 'send-join' }
  | { do: 'send-leave' }
  | { do: 'open-media'; peer: Peer; polite: boolean; offers: boolean }
  | { do: 'close-media' }
  /** Make a new path, or ask the side that offers to. */
  | { do: 'restart-media' }
  /** Tell the other person again which devices are on. */
  | { do: 'tell-devices' }
  | { do: 'set-timer'; timer: Timer; ms: number }
  /** Forget the timers of the media; asking for a seat goes on. */
  | { do: 'clear-timers' };

/** How long to look for a path before saying so. */
export const GIVE_UP_MS = 30_000;
/** An interrupted path often heals by itself; after this it is negotiated anew. */
export const RESTART_AFTER_MS = 3_000;
/** Between two attempts at a new path. */
export const RESTART_EVERY_MS = 6_000;
/** A page that goes is back after this if it was loaded anew; else it was closed. */
export const GONE_AFTER_MS = 6_000;
/** Between two attempts to take a seat again. */
export const REJOIN_MS = 3_000;

const CLEAR: Effect = { do: 'clear-timers' };
const GIVE_UP: Effect = { do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS };
const REJOIN: Effect = { do: 'set-timer', timer: 'rejoin', ms: REJOIN_MS };
const restartAfter = (ms: number): Effect => ({ do: 'set-timer', timer: 'restart', ms });

/** The state before anything has happened. */
export function initialState(): CallState {
  return {
    phase: 'lobby',
    server: 'connecting',
    seat: 'none',
    userId: '',
    peer: null,
    peerAway: false,
    peerUnloaded: false,
    media: 'none',
    mediaTo: '',
    peerLeft: false,
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
      return serverLost(state, input.crowded ? 'crowded' : 'lost');
    default:
      // What comes late, after hanging up or failing, changes nothing.
      return inCall(state) ? stepInCall(state, input, now) : same(state);
  }
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

type InputInCall = Exclude<Input, { type: 'join' | 'leave' | 'server-up' | 'server-lost' }>;

function stepInCall(state: CallState, input: InputInCall, now: number): Step {
  switch (input.type) {
    case 'joined':
      return joined(state, input, now);
    case 'full':
      return denied(state, now, { kind: 'full' });
    case 'replaced':
      return quit({ ...state, seat: 'none' }, now, { phase: 'replaced', failure: null });
    case 'refused':
      return refused(state, input, now);
    case 'peer-joined':
      return openMedia({ ...state, peer: input.peer }, HEARD_OF_THEM);
    case 'peer-away':
      return peerAway(state, input.userId);
    case 'peer-back':
      return meetAgain({ ...state, peer: input.peer }, HEARD_OF_THEM, [
        restartAfter(RESTART_AFTER_MS),
      ]);
    case 'peer-leaving':
      return state.media === 'none' ? same(state) : backToWaiting(state, now);
    case 'peer-unloading':
      return {
        state: { ...state, peerUnloaded: true },
        effects: [{ do: 'set-timer', timer: 'gone', ms: GONE_AFTER_MS }],
      };
    case 'peer-left':
      return peerLeft(state, input.userId, now);
    case 'media-up':
      return mediaUp(state, now);
    case 'media-interrupted':
      return mediaInterrupted(state, now);
    case 'media-failed':
      return mediaFailed(state, now);
    case 'media-outdated':
      return openMedia(state, HEARD_OF_THEM);
    case 'timer':
      return timer(state, input.timer, now);
  }
}

function join(state: CallState): Step {
  return askForSeat({ ...initialState(), server: state.server, phase: 'joining' });
}

function askForSeat(state: CallState): Step {
  if (state.server !== 'up') return { state: { ...state, seat: 'none' }, effects: [] };
  return { state: { ...state, seat: 'asked' }, effects: [{ do: 'send-join' }] };
}

function serverUp(state: CallState): Step {
  const next: CallState = { ...state, server: 'up' };
  return inCall(next) ? askForSeat(next) : same(next);
}

function serverLost(state: CallState, server: ServerLink): Step {
  const next: CallState = {
    ...state,
    server,
    seat: 'none',
    peerAway: false,
    waitingForSeat: false,
  };
  // While they were away, the end of the wait was the server's to tell.
  return { state: next, effects: state.peerAway && isBroken(state) ? [GIVE_UP] : [] };
}

function joined(state: CallState, input: Extract<Input, { type: 'joined' }>, now: number): Step {
  // The answer to a second `join` of the same connection tells nothing new.
  if (state.seat === 'held') return same(state);
  const { userId, peer, polite, resumed } = input;
  const seated: CallState = { ...state, seat: 'held', userId, peer, waitingForSeat: false };
  if (peer) {
    const role = { polite, offers: false };
    return resumed ? meetAgain(seated, role, restart(seated)) : openMedia(seated, role);
  }
  // Nobody in the other seat, but the picture still moves: the other has lost the server as well.
  if (state.media === 'up') return same(seated);
  return state.media === 'none'
    ? same({ ...seated, phase: 'waiting' })
    : backToWaiting(seated, now);
}

/** No seat at present. A picture that still moves is never given up for one. */
function denied(state: CallState, now: number, failure: Failure): Step {
  if (state.media !== 'up') {
    return quit({ ...state, seat: 'none' }, now, { phase: 'failed', failure });
  }
  return askLater(state);
}

function askLater(state: CallState): Step {
  return { state: { ...state, seat: 'none', waitingForSeat: true }, effects: [REJOIN] };
}

function refused(state: CallState, input: Extract<Input, { type: 'refused' }>, now: number): Step {
  const { event, code } = input;
  if (event === 'join') {
    // Too many for the moment: the next one may well be taken.
    if (code === 'too_many_joins') return askLater(state);
    return denied(state, now, { kind: 'refused', code });
  }
  // The server knows nothing of our seat: take it again.
  return code === 'not_joined' && state.seat === 'held' ? askForSeat(state) : same(state);
}

/** Which part a side has: both must come to the same answer, or neither offers. */
interface Role {
  polite: boolean;
  offers: boolean;
}

/** The role of the side that was in the room when the other one came. */
const HEARD_OF_THEM: Role = { polite: false, offers: true };

/**
 * Between pages of this kind the ids of the seats decide, whoever was there first: so both agree also
 * when one of them has forgotten everything in a reload. `byOrder` is the role for other clients.
 */
function roleOf({ userId, peer }: CallState, byOrder: Role): Role {
  // A plain client is always offered to, and never gives way.
  if (!peer || !isCapable(peer)) return { polite: true, offers: true };
  if (!peer.capabilities?.restart) return byOrder;
  const offers = userId < peer.userId;
  return { polite: !offers, offers };
}

/** The previous path, if any, goes on until the new one carries. */
function openMedia(state: CallState, byOrder: Role): Step {
  const { peer } = state;
  if (!peer) return same(state);
  const carrying = state.media === 'up';
  const peerAway = peer.away === true;
  const effects: Effect[] = [CLEAR, { do: 'open-media', peer, ...roleOf(state, byOrder) }];
  // A plain client may wait for its person to press 'call': there is no hurry.
  if (isCapable(peer) && !carrying && !peerAway) effects.push(GIVE_UP);
  return {
    state: {
      ...state,
      phase: carrying ? 'connected' : state.connectedAt === null ? 'connecting' : 'reconnecting',
      peerAway,
      peerUnloaded: false,
      media: carrying ? 'up' : 'opening',
      mediaTo: peer.userId,
      peerLeft: false,
    },
    effects,
  };
}

/**
 * The same two seats, after one of them was away: the path between them may have outlasted that. If
 * not, what was on its way is lost: whoever comes back begins anew, and the other one waits a while.
 */
function meetAgain(state: CallState, byOrder: Role, renew: Effect[]): Step {
  const { peer, media } = state;
  if (!peer) return same(state);
  const capable = peer.capabilities?.restart === true;
  if (media === 'none' || state.mediaTo !== peer.userId || !capable) {
    const opened = openMedia(state, byOrder);
    // The other side may hold on to a path of which this page knows nothing.
    if (capable && !roleOf(state, byOrder).offers) opened.effects.push({ do: 'restart-media' });
    return opened;
  }
  const effects: Effect[] = [{ do: 'tell-devices' }];
  if (isBroken(state) && !peer.away) effects.push(GIVE_UP, ...renew);
  return { state: { ...state, peerAway: peer.away === true, peerUnloaded: false }, effects };
}

function peerAway(state: CallState, userId: string): Step {
  if (state.peer?.userId !== userId) return same(state);
  // The server says when they are back, or that they are gone: nothing to try until then.
  return { state: { ...state, peerAway: true }, effects: isBroken(state) ? [CLEAR] : [] };
}

function peerLeft(state: CallState, userId: string, now: number): Step {
  if (state.peer?.userId !== userId) return same(state);
  // Without a word before it, a `bye` says only that the other has lost the server.
  if (state.media === 'up' && state.peer.capabilities?.leaving === true) {
    return same({ ...state, peer: null, peerAway: false });
  }
  return backToWaiting(state, now);
}

function backToWaiting(state: CallState, now: number): Step {
  return {
    state: {
      ...stopTalk(state, now),
      phase: state.seat === 'held' ? 'waiting' : 'joining',
      peer: null,
      peerAway: false,
      media: 'none',
      peerLeft: true,
    },
    effects: [CLEAR, { do: 'close-media' }],
  };
}

function mediaUp(state: CallState, now: number): Step {
  return {
    state: { ...state, phase: 'connected', media: 'up', connectedAt: state.connectedAt ?? now },
    effects: [CLEAR],
  };
}

function mediaInterrupted(state: CallState, now: number): Step {
  if (state.media !== 'up') return same(state);
  if (state.seat === 'held' && !state.peer) return backToWaiting(state, now);
  return {
    state: { ...state, phase: 'reconnecting', media: 'interrupted' },
    effects: state.peerAway ? [] : [restartAfter(RESTART_AFTER_MS), GIVE_UP],
  };
}

function mediaFailed(state: CallState, now: number): Step {
  if (state.media === 'none') return same(state);
  if (state.seat === 'held' && !state.peer) return backToWaiting(state, now);
  const effects: Effect[] = [];
  if (!state.peerAway) {
    effects.push(...restart(state));
    if (state.media !== 'interrupted') effects.push(GIVE_UP);
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
  const again = restartAfter(RESTART_EVERY_MS);
  return state.seat === 'held' ? [{ do: 'restart-media' }, again] : [again];
}

function timer(state: CallState, which: Timer, now: number): Step {
  switch (which) {
    case 'rejoin':
      return state.seat === 'none' ? askForSeat(state) : same(state);
    case 'restart':
      return isBroken(state) ? { state, effects: restart(state) } : same(state);
    case 'gone':
      return state.peerAway && state.peerUnloaded ? backToWaiting(state, now) : same(state);
    case 'give-up': {
      if (!isBroken(state)) return same(state);
      const kind = state.connectedAt === null ? 'unreachable' : 'lost';
      return quit(state, now, { phase: 'failed', failure: { kind } });
    }
  }
}

/** Whether there should be a path that carries, and is none. */
function isBroken({ media }: CallState): boolean {
  return media === 'opening' || media === 'interrupted';
}

function quit(state: CallState, now: number, end: Pick<CallState, 'phase' | 'failure'>): Step {
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
      waitingForSeat: false,
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
