/** The path of the media: opened, interrupted, repaired, renewed. */
import { backoff } from './backoff';
import {
  backToWaiting,
  type CallState,
  CLEAR,
  type Effect,
  GIVE_UP,
  isBroken,
  isCapable,
  preceded,
  RENEW_MS,
  RESTART_AFTER_MS,
  restartAfter,
  type Step,
  same,
} from './state';

/** Which part a side has: both must come to the same answer, or neither offers. */
export interface Role {
  polite: boolean;
  offers: boolean;
}

/**
 * The one who was there first makes the offer, since who waits can have it ready. Whose seat that is the
 * server remembers: so both agree also when one of them has forgotten everything in a reload.
 */
export function roleOf({ polite, peer }: CallState): Role {
  // A plain client is always offered to, and never gives way.
  if (!peer || !isCapable(peer)) return { polite: true, offers: true };
  return { polite, offers: !polite };
}

/** Whether one of the two wants a call to be started by somebody. */
export function asksFirst({ asks, peer }: CallState): boolean {
  return asks || peer?.capabilities?.asks === true;
}

/** The previous path, if any, goes on until the new one carries. `called`: nobody has to start the call any more. */
export function openMedia(state: CallState, called = state.media !== 'none'): Step {
  const { peer } = state;
  if (!peer) return same(state);
  const carrying = state.media === 'up';
  const peerAway = peer.away === true;
  if (!called && asksFirst(state)) {
    return same({ ...state, phase: 'ready', peerAway, peerUnloaded: false, peerLeft: false });
  }
  const effects: Effect[] = [CLEAR, { do: 'open-media', peer, ...roleOf(state) }];
  // A plain client may wait for its person to press 'call': there is no hurry.
  if (isCapable(peer) && !peerAway) effects.push(carrying ? restartAfter(RENEW_MS) : GIVE_UP);
  return {
    state: {
      ...state,
      phase: carrying ? 'connected' : state.connectedAt === null ? 'connecting' : 'reconnecting',
      peerAway,
      peerUnloaded: false,
      media: carrying ? 'up' : 'opening',
      mediaTo: peer.userId,
      peerLeft: false,
      renewing: carrying,
      restarts: 0,
      stuck: false,
    },
    effects,
  };
}

/**
 * The same two seats, after one of them was away: the path between them may have outlasted that. If
 * not, what was on its way is lost: whoever comes back begins anew, and the other one waits a while.
 */
export function meetAgain(state: CallState, renew: (broken: CallState) => Step): Step {
  const { peer, media } = state;
  if (!peer) return same(state);
  const capable = peer.capabilities?.restart === true;
  if (media === 'none' || state.mediaTo !== peer.userId || !capable) {
    const opened = openMedia(state);
    // The other side may hold on to a path of which this page knows nothing.
    if (capable && !roleOf(state).offers) opened.effects.push({ do: 'restart-media' });
    return opened;
  }
  const tell: Effect = { do: 'tell-devices' };
  const met = { ...state, peerAway: peer.away === true, peerUnloaded: false, stuck: false };
  if (!isBroken(met) || met.peerAway) return { state: met, effects: [tell] };
  return preceded([tell], renew(met));
}

/** They have come back to a broken path: they see to it, and this side does if they do not. */
export function waitForThem(state: CallState): Step {
  return { state, effects: [GIVE_UP, restartAfter(RESTART_AFTER_MS)] };
}

/** The path carries. */
export function mediaUp(state: CallState, now: number): Step {
  return {
    state: {
      ...state,
      phase: 'connected',
      media: 'up',
      renewing: false,
      restarts: 0,
      stuck: false,
      connectedAt: state.connectedAt ?? now,
    },
    effects: [CLEAR],
  };
}

/** The path carries no more; it may heal by itself. */
export function mediaInterrupted(state: CallState, now: number): Step {
  if (state.media !== 'up') return same(state);
  if (isDeserted(state)) return backToWaiting(state, now);
  return {
    state: { ...state, phase: 'reconnecting', media: 'interrupted' },
    effects: state.peerAway ? [] : [restartAfter(RESTART_AFTER_MS), GIVE_UP],
  };
}

/** Nothing comes any more. The wait that an interruption is given to heal is over by the time that this is seen. */
export function mediaStalled(state: CallState, random: number): Step {
  if (state.media !== 'up' || isDeserted(state)) return same(state);
  const still: CallState = { ...state, phase: 'reconnecting', media: 'interrupted' };
  return state.peerAway ? same(still) : repairAnew(still, random);
}

/** The path will not heal. */
export function mediaFailed(state: CallState, now: number, random: number): Step {
  if (state.media === 'none') return same(state);
  if (isDeserted(state)) return backToWaiting(state, now);
  const phase = state.connectedAt === null ? 'connecting' : 'reconnecting';
  const failed: CallState = { ...state, phase, media: 'interrupted' };
  if (state.peerAway) return same(failed);
  if (state.media !== 'interrupted') return repairAnew(failed, random);
  // An attempt that fails at once is followed by the next one no sooner for that.
  return state.restarts > 0 ? same(failed) : repair(failed, random);
}

/** The other's seat has ended, and nobody waits for them. */
function isDeserted({ seat, peer, peerAway }: CallState): boolean {
  return seat === 'held' && !peer && !peerAway;
}

/** Tries a new path, and another one after a while that grows with each. */
export function repair(state: CallState, random: number): Step {
  const again = restartAfter(backoff(state.restarts, random));
  if (state.seat !== 'held') return { state, effects: [again] };
  const tried = { ...state, restarts: state.restarts + 1 };
  return { state: tried, effects: [{ do: 'restart-media' }, again] };
}

/** The same with new hope: something has changed. */
export function repairAnew(state: CallState, random: number): Step {
  const { state: tried, effects } = repair({ ...state, restarts: 0, stuck: false }, random);
  return { state: tried, effects: isBroken(state) ? [GIVE_UP, ...effects] : effects };
}
