/**
 * The life of a call as one pure state machine: `(state, input, now)` gives the next state and the
 * effects to carry out. It knows no socket, no RTCPeerConnection and no clock.
 */
import {
  mediaFailed,
  mediaInterrupted,
  mediaStalled,
  mediaUp,
  meetAgain,
  openMedia,
  repair,
  repairAnew,
  waitForThem,
} from './path';
import {
  ABSENT_MS,
  backToWaiting,
  type CallState,
  CLEAR,
  type Effect,
  type Failure,
  GIVE_UP,
  GONE_AFTER_MS,
  type Input,
  inCall,
  initialState,
  isBroken,
  preceded,
  quit,
  REJOIN,
  type ServerLink,
  type Step,
  same,
  type Timer,
} from './state';

/** Takes one input at the time `now` (ms); `random` is from 0 up to 1, and spreads attempts in time. */
export function step(state: CallState, input: Input, now: number, random: number): Step {
  switch (input.type) {
    case 'join':
      return inCall(state) ? same(state) : join(state, input.asks);
    case 'leave':
      return inCall(state) ? quit(state, now, { phase: 'ended', failure: null }) : same(state);
    case 'server-up':
      return serverUp(state);
    case 'server-lost':
      return serverLost(state, input.why ?? 'lost');
    case 'network-changed':
      return networkChanged(state, random);
    default:
      // What comes late, after hanging up or failing, changes nothing.
      return inCall(state) ? stepInCall(state, input, now, random) : same(state);
  }
}

type InputOutside = { type: 'join' | 'leave' | 'server-up' | 'server-lost' | 'network-changed' };
type InputInCall = Exclude<Input, InputOutside>;

function stepInCall(state: CallState, input: InputInCall, now: number, random: number): Step {
  switch (input.type) {
    case 'joined':
      return joined(state, input, random);
    case 'full':
      return denied(state, now, { kind: 'full' });
    case 'replaced':
      return quit({ ...state, seat: 'none' }, now, { phase: 'replaced', failure: null });
    case 'refused':
      return refused(state, input, now);
    case 'peer-joined':
      return openMedia({ ...state, peer: input.peer, polite: false });
    case 'peer-away':
      return peerAway(state, input.userId);
    case 'peer-back':
      return meetAgain({ ...state, peer: input.peer }, waitForThem);
    case 'peer-leaving':
      return state.media === 'none' ? same(state) : backToWaiting(state, now);
    case 'peer-unloading':
      return {
        state: { ...state, peerUnloaded: true },
        effects: [{ do: 'set-timer', timer: 'gone', ms: GONE_AFTER_MS }],
      };
    case 'peer-left':
      return peerLeft(state, input.userId, now);
    case 'call':
      // Nothing reaches who is away: they are told as soon as they are back and somebody presses.
      return state.phase === 'ready' && !state.peerAway ? openMedia(state, true) : same(state);
    case 'media-up':
      return mediaUp(state, now);
    case 'media-interrupted':
      return mediaInterrupted(state, now);
    case 'media-stalled':
      return mediaStalled(state, random);
    case 'media-failed':
      return mediaFailed(state, now, random);
    case 'media-outdated':
      return openMedia(state);
    case 'timer':
      return timer(state, input.timer, now, random);
  }
}

function join({ server }: CallState, asks = false): Step {
  return askForSeat({ ...initialState(), server, asks, phase: 'joining' });
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

function networkChanged(state: CallState, random: number): Step {
  const hurry: Effect = { do: 'hurry-server' };
  if (state.media === 'none' || state.seat !== 'held' || state.peerAway) {
    return { state, effects: [hurry] };
  }
  // A path that seems to carry may be that of the other network.
  return preceded([hurry], repairAnew(state, random));
}

function joined(state: CallState, input: Extract<Input, { type: 'joined' }>, random: number): Step {
  // The answer to a second `join` of the same connection tells nothing new.
  if (state.seat === 'held') return same(state);
  const { userId, peer, polite, resumed } = input;
  const seat = 'held';
  const seated: CallState = { ...state, seat, userId, polite, peer, waitingForSeat: false };
  if (peer) {
    if (!resumed) return openMedia(seated);
    return meetAgain(seated, (broken) => repairAnew(broken, random));
  }
  if (state.media === 'none') return same({ ...seated, phase: 'waiting' });
  // Nobody in the other seat, but there is a path to somebody: the other has lost the server as well.
  const wait: Effect = { do: 'set-timer', timer: 'gone', ms: ABSENT_MS };
  return {
    state: { ...seated, peerAway: true, stuck: false },
    effects: isBroken(state) ? [CLEAR, wait] : [wait],
  };
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

function peerAway(state: CallState, userId: string): Step {
  if (state.peer?.userId !== userId) return same(state);
  // The server says when they are back, or that they are gone: nothing to try until then.
  return {
    state: { ...state, peerAway: true, stuck: false },
    effects: isBroken(state) ? [CLEAR] : [],
  };
}

function peerLeft(state: CallState, userId: string, now: number): Step {
  if (state.peer?.userId !== userId) return same(state);
  // Without a word before it, a `bye` says only that the other has lost the server.
  if (state.media === 'up' && state.peer.capabilities?.leaving === true) {
    return same({ ...state, peer: null, peerAway: false });
  }
  return backToWaiting(state, now);
}

function timer(state: CallState, which: Timer, now: number, random: number): Step {
  switch (which) {
    case 'rejoin':
      return state.seat === 'none' ? askForSeat(state) : same(state);
    case 'restart':
      return isBroken(state) ? repair(state, random) : same(state);
    case 'gone':
      return gone(state, now);
    case 'give-up': {
      if (state.media !== 'opening' && state.media !== 'interrupted') return same(state);
      if (state.connectedAt !== null) return same({ ...state, stuck: true });
      return quit(state, now, { phase: 'failed', failure: { kind: 'unreachable' } });
    }
  }
}

function gone(state: CallState, now: number): Step {
  const { peerAway, peerUnloaded, peer, seat, media } = state;
  if (!peerAway) return same(state);
  if (peerUnloaded) return backToWaiting(state, now);
  if (peer || seat !== 'held') return same(state);
  return media === 'up' ? same({ ...state, peerAway: false }) : backToWaiting(state, now);
}
