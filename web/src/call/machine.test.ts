import { describe, expect, it } from 'vitest';
import {
  type CallState,
  type Effect,
  GIVE_UP_MS,
  type Input,
  initialState,
  RESTART_AFTER_MS,
  RESTART_EVERY_MS,
  SEAT_HOLD_MS,
  step,
} from './machine';

/** One line of a scenario: input, and what the call then looks like. `at` moves the clock on (ms). */
interface Line {
  at?: number;
  input: Input;
  phase: CallState['phase'];
  effects?: Effect[];
  also?: Partial<CallState>;
}

const ours = { media: true, leaving: true };
const ann = { userId: 'ann', capabilities: ours };
const plain = { userId: 'plain' };

const up: Input = { type: 'server-up' };
const lost: Input = { type: 'server-lost' };
const join: Input = { type: 'join' };
const leave: Input = { type: 'leave' };
const full: Input = { type: 'full' };
const mediaUp: Input = { type: 'media-up' };
const seated = (userId = 'me'): Input => ({ type: 'joined', userId, polite: false, peer: null });
const meets = (userId: string, peer: typeof ann): Input => ({
  type: 'joined',
  userId,
  polite: true,
  peer,
});
const comes = (peer: CallState['peer'] & object): Input => ({ type: 'peer-joined', peer });
const bye = (userId: string): Input => ({ type: 'peer-left', userId });
const timer = (which: 'rejoin' | 'restart' | 'give-up'): Input => ({ type: 'timer', timer: which });

const sendJoin: Effect = { do: 'send-join' };
const sendLeave: Effect = { do: 'send-leave' };
const close: Effect = { do: 'close-media' };
const clear: Effect = { do: 'clear-timers' };
const restart: Effect = { do: 'restart-media' };
const set = (which: 'rejoin' | 'restart' | 'give-up', ms: number): Effect => ({
  do: 'set-timer',
  timer: which,
  ms,
});
const open = (peer: CallState['peer'] & object, polite: boolean, offers: boolean): Effect => ({
  do: 'open-media',
  peer,
  polite,
  offers,
});

const waiting: Line[] = [
  { input: up, phase: 'lobby' },
  { input: join, phase: 'joining', effects: [sendJoin] },
  { input: seated(), phase: 'waiting', effects: [] },
];
const called: Line[] = [
  ...waiting,
  {
    input: comes(ann),
    phase: 'connecting',
    effects: [clear, open(ann, false, true), set('give-up', GIVE_UP_MS)],
  },
  { at: 1_000, input: mediaUp, phase: 'connected', effects: [clear] },
];

const scenarios: Record<string, Line[]> = {
  'the first one waits, offers when the other comes, and hangs up': [
    ...called,
    {
      at: 61_000,
      input: leave,
      phase: 'ended',
      effects: [clear, sendLeave, close],
      also: { talkedMs: 60_000, seat: 'none', media: 'none', peer: null },
    },
  ],
  'the newcomer answers, politely': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: meets('me', ann),
      phase: 'connecting',
      effects: [clear, open(ann, true, false), set('give-up', GIVE_UP_MS)],
    },
  ],
  'a plain client is always offered to, politely, and not hurried': [
    ...waiting,
    { input: comes(plain), phase: 'connecting', effects: [clear, open(plain, true, true)] },
  ],
  'the newcomer offers to a plain client': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: { type: 'joined', userId: 'me', polite: true, peer: plain },
      phase: 'connecting',
      effects: [clear, open(plain, true, true)],
    },
  ],
  'joining waits for the server, and goes on by itself when it answers': [
    { input: lost, phase: 'lobby' },
    { input: join, phase: 'joining', effects: [], also: { server: 'lost' } },
    { input: up, phase: 'joining', effects: [sendJoin] },
    { input: seated(), phase: 'waiting' },
  ],
  'they say goodbye: back to waiting, and on again when they return': [
    ...called,
    {
      at: 5_000,
      input: { type: 'peer-leaving' },
      phase: 'waiting',
      effects: [clear, close],
      also: { peerLeft: true, talkedMs: 4_000, connectedAt: null },
    },
    { input: bye('ann'), phase: 'waiting', effects: [] },
    { input: comes(ann), phase: 'connecting', also: { peerLeft: false } },
  ],
  'a bye without goodbye leaves the moving picture alone': [
    ...called,
    { input: bye('ann'), phase: 'connected', effects: [], also: { peer: null } },
    { input: { type: 'media-interrupted' }, phase: 'waiting', effects: [clear, close] },
  ],
  'their page comes back on a new connection: a new path, and the old one until it carries': [
    ...called,
    { input: bye('ann'), phase: 'connected' },
    {
      input: comes({ ...ann, userId: 'ann2' }),
      phase: 'connected',
      effects: [clear, open({ ...ann, userId: 'ann2' }, false, true)],
    },
  ],
  'a plain client that goes is gone': [
    ...waiting,
    { input: comes(plain), phase: 'connecting' },
    { input: mediaUp, phase: 'connected' },
    { input: bye('plain'), phase: 'waiting', effects: [clear, close] },
  ],
  'a bye of somebody else changes nothing': [
    ...called,
    { input: bye('ghost'), phase: 'connected', effects: [], also: { peer: ann } },
  ],
  'the server is lost in a call: the picture goes on, and the seat is taken again': [
    ...called,
    { at: 2_000, input: lost, phase: 'connected', effects: [], also: { seat: 'none' } },
    { at: 3_000, input: up, phase: 'connected', effects: [sendJoin] },
    {
      input: full,
      phase: 'connected',
      effects: [set('rejoin', 1_000)],
      also: { waitingForSeat: true },
    },
    { at: 4_000, input: timer('rejoin'), phase: 'connected', effects: [sendJoin] },
    { input: full, phase: 'connected', effects: [set('rejoin', 2_000)] },
    { at: 6_000, input: timer('rejoin'), phase: 'connected', effects: [sendJoin] },
    {
      input: meets('me2', ann),
      phase: 'connected',
      effects: [clear, open(ann, true, false)],
      also: { waitingForSeat: false, seatLostAt: null },
    },
  ],
  'a moving picture outlasts any full room': [
    ...called,
    { at: 2_000, input: lost, phase: 'connected' },
    { at: 2_000 + 2 * SEAT_HOLD_MS, input: up, phase: 'connected', effects: [sendJoin] },
    { input: full, phase: 'connected', effects: [set('rejoin', 1_000)] },
  ],
  'both lost the server: the first back finds nobody, and the picture goes on': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    { input: seated('me2'), phase: 'connected', effects: [], also: { peer: null } },
    {
      input: comes({ ...ann, userId: 'ann2' }),
      phase: 'connected',
      effects: [clear, open({ ...ann, userId: 'ann2' }, false, true)],
    },
  ],
  'while waiting, the own former seat is not taken for a visitor': [
    ...waiting,
    { input: lost, phase: 'waiting', effects: [] },
    { input: up, phase: 'waiting', effects: [sendJoin] },
    { input: meets('me2', { ...ann, userId: 'me' }), phase: 'waiting', effects: [] },
    { input: bye('me'), phase: 'waiting', effects: [] },
  ],
  'a full room is full': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: full,
      phase: 'failed',
      effects: [clear, close],
      also: { failure: { kind: 'full' }, seat: 'none' },
    },
    { input: join, phase: 'joining', effects: [sendJoin], also: { failure: null } },
  ],
  'a room that stays full after the own seat has timed out is full': [
    ...waiting,
    { at: 1_000, input: lost, phase: 'waiting' },
    { at: 2_000, input: up, phase: 'waiting' },
    { at: 2_000, input: full, phase: 'waiting', effects: [set('rejoin', 1_000)] },
    { at: 1_000 + SEAT_HOLD_MS, input: timer('rejoin'), phase: 'waiting', effects: [sendJoin] },
    { input: full, phase: 'failed', also: { failure: { kind: 'full' } } },
  ],
  'a broken path is looked for again, and found': [
    ...called,
    {
      at: 2_000,
      input: { type: 'media-interrupted' },
      phase: 'reconnecting',
      effects: [set('restart', RESTART_AFTER_MS), set('give-up', GIVE_UP_MS)],
    },
    {
      at: 5_000,
      input: timer('restart'),
      phase: 'reconnecting',
      effects: [restart, set('restart', RESTART_EVERY_MS)],
    },
    {
      at: 6_000,
      input: mediaUp,
      phase: 'connected',
      effects: [clear],
      also: { connectedAt: 1_000 },
    },
  ],
  'a broken path that stays broken ends in words': [
    ...called,
    { at: 2_000, input: { type: 'media-interrupted' }, phase: 'reconnecting' },
    {
      at: 3_000,
      input: { type: 'media-failed' },
      phase: 'reconnecting',
      effects: [restart, set('restart', RESTART_EVERY_MS)],
    },
    {
      at: 32_000,
      input: timer('give-up'),
      phase: 'failed',
      effects: [clear, sendLeave, close],
      also: { failure: { kind: 'lost' } },
    },
  ],
  'no path at all': [
    ...waiting,
    { input: comes(ann), phase: 'connecting' },
    {
      input: { type: 'media-failed' },
      phase: 'connecting',
      effects: [restart, set('restart', RESTART_EVERY_MS), set('give-up', GIVE_UP_MS)],
    },
    { input: timer('give-up'), phase: 'failed', also: { failure: { kind: 'unreachable' } } },
  ],
  'without the server a new path cannot be negotiated, only waited for': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: { type: 'media-interrupted' }, phase: 'reconnecting' },
    {
      input: timer('restart'),
      phase: 'reconnecting',
      effects: [set('restart', RESTART_EVERY_MS)],
    },
  ],
  'a refused join is told, with its reason': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: { type: 'refused', event: 'join', code: 'malformed' },
      phase: 'failed',
      effects: [clear, close],
      also: { failure: { kind: 'refused', code: 'malformed' } },
    },
  ],
  'a server that has forgotten the seat is asked for another': [
    ...called,
    {
      input: { type: 'refused', event: 'message', code: 'not_joined' },
      phase: 'connected',
      effects: [sendJoin],
    },
    {
      input: { type: 'refused', event: 'message', code: 'alone' },
      phase: 'connected',
      effects: [],
    },
  ],
  'a second answer to join changes nothing': [
    ...called,
    { input: meets('me', ann), phase: 'connected', effects: [] },
  ],
  'what comes after hanging up changes nothing': [
    ...called,
    { input: leave, phase: 'ended' },
    { input: comes(ann), phase: 'ended', effects: [] },
    { input: mediaUp, phase: 'ended', effects: [] },
    { input: { type: 'media-failed' }, phase: 'ended', effects: [] },
    { input: timer('give-up'), phase: 'ended', effects: [] },
    { input: lost, phase: 'ended', effects: [] },
    { input: up, phase: 'ended', effects: [] },
    { input: leave, phase: 'ended', effects: [] },
    { input: join, phase: 'joining', effects: [sendJoin], also: { talkedMs: 0 } },
  ],
};

describe('the life of a call', () => {
  for (const [name, lines] of Object.entries(scenarios)) {
    it(name, () => {
      let state = initialState();
      let now = 0;
      lines.forEach((line, index) => {
        now = line.at ?? now;
        const result = step(state, line.input, now);
        state = result.state;
        const where = `line ${index}: ${JSON.stringify(line.input)}`;
        expect(state.phase, where).toBe(line.phase);
        if (line.effects) expect(result.effects, where).toEqual(line.effects);
        if (line.also) expect(state, where).toMatchObject(line.also);
      });
    });
  }

  it('asks for no seat and opens no media before the person joins', () => {
    const inputs: Input[] = [up, seated(), comes(ann), full, mediaUp, timer('rejoin'), lost, leave];
    let state = initialState();
    for (const input of inputs) {
      const result = step(state, input, 0);
      expect(result.effects).toEqual([]);
      state = result.state;
    }
    expect(state.phase).toBe('lobby');
  });
});
