import { describe, expect, it } from 'vitest';
import { backoff } from './backoff';
import { step } from './machine';
import type { Peer } from './protocol';
import {
  ABSENT_MS,
  type CallState,
  type Effect,
  GIVE_UP_MS,
  GONE_AFTER_MS,
  type Input,
  initialState,
  REJOIN_MS,
  RENEW_MS,
  RESTART_AFTER_MS,
  type Timer,
} from './state';

/** One line of a scenario: input, and what the call then looks like. `at` moves the clock on (ms). */
interface Line {
  at?: number;
  input: Input;
  phase: CallState['phase'];
  effects?: Effect[];
  also?: Partial<CallState>;
}

const ours = { media: true, leaving: true, restart: true, resume: true };
const ann = { userId: 'ann', capabilities: ours };
const zoe = { userId: 'zoe', capabilities: ours };
const plain = { userId: 'plain' };
/** Capable, but of another make: it does not name its connections. */
const other = { userId: 'other', capabilities: { media: true, resume: true } };

const up: Input = { type: 'server-up' };
const lost: Input = { type: 'server-lost' };
const join: Input = { type: 'join' };
const leave: Input = { type: 'leave' };
const full: Input = { type: 'full' };
const replaced: Input = { type: 'replaced' };
const mediaUp: Input = { type: 'media-up' };
const interrupted: Input = { type: 'media-interrupted' };
const changed: Input = { type: 'network-changed' };
const outdated: Input = { type: 'media-outdated' };
const refusedJoin = (code: string): Input => ({ type: 'refused', event: 'join', code });
const joined = (userId: string, peer: Peer | null, polite: boolean, resumed = false): Input => ({
  type: 'joined',
  userId,
  polite,
  resumed,
  peer,
});
const seated = (userId = 'me'): Input => joined(userId, null, false);
const meets = (peer: Peer, userId = 'me'): Input => joined(userId, peer, true);
/** Back to the own seat, to which the server has kept who was there first. */
const resumes = (peer: Peer | null): Input => joined('me', peer, peer === ann, true);
const comes = (peer: Peer): Input => ({ type: 'peer-joined', peer });
const away = (userId: string): Input => ({ type: 'peer-away', userId });
const back = (peer: Peer): Input => ({ type: 'peer-back', peer });
const bye = (userId: string): Input => ({ type: 'peer-left', userId });
const timer = (which: Timer): Input => ({ type: 'timer', timer: which });

const sendJoin: Effect = { do: 'send-join' };
const sendLeave: Effect = { do: 'send-leave' };
const close: Effect = { do: 'close-media' };
const clear: Effect = { do: 'clear-timers' };
const hurry: Effect = { do: 'hurry-server' };
const restart: Effect = { do: 'restart-media' };
const tell: Effect = { do: 'tell-devices' };
const set = (which: Timer, ms: number): Effect => ({ do: 'set-timer', timer: which, ms });
/** Ann is there first, and offers; Zoe comes later, and is offered to. */
const open = (peer: Peer, polite: boolean, offers: boolean): Effect => ({
  do: 'open-media',
  peer,
  polite,
  offers,
});
/** `again(n)`: the wait after attempt number n, with nothing random about it. */
const again = (attempt: number): Effect => set('restart', backoff(attempt, 0.5));
const renew = set('restart', RENEW_MS);
const absent = set('gone', ABSENT_MS);
const giveUp = set('give-up', GIVE_UP_MS);

const waiting: Line[] = [
  { input: up, phase: 'lobby' },
  { input: join, phase: 'joining', effects: [sendJoin] },
  { input: seated(), phase: 'waiting', effects: [] },
];
const called: Line[] = [
  ...waiting,
  {
    input: comes(zoe),
    phase: 'connecting',
    effects: [clear, open(zoe, false, true), giveUp],
  },
  { at: 1_000, input: mediaUp, phase: 'connected', effects: [clear] },
];
const answered: Line[] = [
  { input: up, phase: 'lobby' },
  { input: join, phase: 'joining' },
  { input: meets(ann), phase: 'connecting', effects: [clear, open(ann, true, false), giveUp] },
  { at: 1_000, input: mediaUp, phase: 'connected' },
];

const scenarios: Record<string, Line[]> = {
  'one waits, the other comes, and one hangs up': [
    ...called,
    {
      at: 61_000,
      input: leave,
      phase: 'ended',
      effects: [clear, sendLeave, close],
      also: { talkedMs: 60_000, seat: 'none', media: 'none', peer: null },
    },
  ],
  'whoever was there first offers': [
    ...waiting,
    { input: comes(zoe), phase: 'connecting', effects: [clear, open(zoe, false, true), giveUp] },
    { input: leave, phase: 'ended' },
    { input: join, phase: 'joining' },
    { input: meets(zoe), phase: 'connecting', effects: [clear, open(zoe, true, false), giveUp] },
    { input: bye('zoe'), phase: 'waiting' },
    { input: comes(ann), phase: 'connecting', effects: [clear, open(ann, false, true), giveUp] },
  ],
  'the same with a capable client of another make': [
    ...waiting,
    {
      input: comes(other),
      phase: 'connecting',
      effects: [clear, open(other, false, true), giveUp],
    },
    { input: leave, phase: 'ended' },
    { input: join, phase: 'joining' },
    {
      input: meets(other),
      phase: 'connecting',
      effects: [clear, open(other, true, false), giveUp],
    },
  ],
  'a plain client is always offered to, politely, and not hurried': [
    ...waiting,
    { input: comes(plain), phase: 'connecting', effects: [clear, open(plain, true, true)] },
  ],
  'the newcomer offers to a plain client': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    { input: meets(plain), phase: 'connecting', effects: [clear, open(plain, true, true)] },
  ],
  'joining waits for the server, and goes on by itself when it answers': [
    { input: lost, phase: 'lobby' },
    { input: join, phase: 'joining', effects: [], also: { server: 'lost' } },
    { input: up, phase: 'joining', effects: [sendJoin] },
    { input: seated(), phase: 'waiting' },
  ],
  'a server with too many connections is asked again and again': [
    { input: { type: 'server-lost', why: 'crowded' }, phase: 'lobby', also: { server: 'crowded' } },
    { input: join, phase: 'joining', effects: [] },
    { input: up, phase: 'joining', effects: [sendJoin] },
    {
      input: refusedJoin('too_many_joins'),
      phase: 'joining',
      effects: [set('rejoin', REJOIN_MS)],
      also: { waitingForSeat: true },
    },
    { input: timer('rejoin'), phase: 'joining', effects: [sendJoin] },
    { input: seated(), phase: 'waiting', also: { waitingForSeat: false } },
    { input: timer('rejoin'), phase: 'waiting', effects: [] },
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
    { input: bye('zoe'), phase: 'waiting', effects: [] },
    { input: comes(zoe), phase: 'connecting', also: { peerLeft: false } },
  ],
  'a plain client that goes is gone': [
    ...waiting,
    { input: comes(plain), phase: 'connecting' },
    { input: mediaUp, phase: 'connected' },
    { input: bye('plain'), phase: 'waiting', effects: [clear, close] },
  ],
  'a word about somebody else changes nothing': [
    ...called,
    { input: bye('ghost'), phase: 'connected', effects: [], also: { peer: zoe } },
    { input: away('ghost'), phase: 'connected', effects: [], also: { peerAway: false } },
  ],

  'they lose the server and come back: the path stays as it is': [
    ...called,
    { input: away('zoe'), phase: 'connected', effects: [], also: { peerAway: true, media: 'up' } },
    {
      input: back(zoe),
      phase: 'connected',
      effects: [tell],
      also: { peerAway: false, media: 'up' },
    },
  ],
  'they are away, and the path breaks: nothing to try before they are back': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { at: 2_000, input: interrupted, phase: 'reconnecting', effects: [] },
    { at: 3_000, input: { type: 'media-failed' }, phase: 'reconnecting', effects: [] },
    {
      at: 4_000,
      input: back(zoe),
      phase: 'reconnecting',
      effects: [tell, giveUp, set('restart', RESTART_AFTER_MS)],
    },
    { at: 5_000, input: mediaUp, phase: 'connected', also: { connectedAt: 1_000 } },
  ],
  'the path breaks, and then they are away: giving up is left to the server': [
    ...called,
    { at: 2_000, input: interrupted, phase: 'reconnecting' },
    { at: 2_500, input: away('zoe'), phase: 'reconnecting', effects: [clear] },
    { at: 22_000, input: bye('zoe'), phase: 'waiting', effects: [clear, close] },
  ],
  'they are away, and we lose the server too: nobody tells the end of that': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { at: 2_000, input: interrupted, phase: 'reconnecting', effects: [] },
    { at: 3_000, input: lost, phase: 'reconnecting', effects: [giveUp] },
    { at: 33_000, input: timer('give-up'), phase: 'reconnecting', also: { stuck: true } },
  ],
  'they do not come back in time: the moving picture goes on alone': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { input: bye('zoe'), phase: 'connected', effects: [], also: { peer: null, peerAway: false } },
    { input: interrupted, phase: 'waiting', effects: [clear, close], also: { peerLeft: true } },
  ],
  'they come back too late, to another seat: a new path, and the old one until it carries': [
    ...called,
    { input: bye('zoe'), phase: 'connected' },
    {
      input: comes({ ...zoe, userId: 'zoe2' }),
      phase: 'connected',
      effects: [clear, open({ ...zoe, userId: 'zoe2' }, false, true), renew],
    },
    { input: timer('restart'), phase: 'connected', effects: [restart, again(0)] },
    { input: timer('restart'), phase: 'connected', effects: [restart, again(1)] },
    { input: mediaUp, phase: 'connected', effects: [clear], also: { connectedAt: 1_000 } },
    { input: timer('restart'), phase: 'connected', effects: [] },
  ],
  'they load their page anew, and know of no path: a new one, and the old one until it carries': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { input: back(zoe), phase: 'connected', effects: [tell] },
    { input: outdated, phase: 'connected', effects: [clear, open(zoe, false, true), renew] },
    { input: mediaUp, phase: 'connected', also: { connectedAt: 1_000 } },
  ],
  'they close their page: after a while they are taken to have left': [
    ...called,
    {
      at: 2_000,
      input: { type: 'peer-unloading' },
      phase: 'connected',
      effects: [set('gone', GONE_AFTER_MS)],
    },
    { input: away('zoe'), phase: 'connected' },
    { at: 7_000, input: interrupted, phase: 'reconnecting', effects: [] },
    {
      at: 8_000,
      input: timer('gone'),
      phase: 'waiting',
      effects: [clear, close],
      also: { peerLeft: true },
    },
    { input: back(zoe), phase: 'connecting', effects: [clear, open(zoe, false, true), giveUp] },
  ],
  'they load their page anew in time': [
    ...called,
    { at: 2_000, input: { type: 'peer-unloading' }, phase: 'connected' },
    { input: away('zoe'), phase: 'connected' },
    { at: 3_000, input: back(zoe), phase: 'connected' },
    { at: 3_100, input: outdated, phase: 'connected' },
    { at: 7_000, input: away('zoe'), phase: 'connected' },
    { at: 8_000, input: timer('gone'), phase: 'connected', effects: [] },
  ],
  'the same after the path has broken': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { input: interrupted, phase: 'reconnecting' },
    { input: back(zoe), phase: 'reconnecting' },
    { input: outdated, phase: 'reconnecting', effects: [clear, open(zoe, false, true), giveUp] },
  ],
  'a client of another make that comes back has begun anew': [
    ...waiting,
    { input: comes(other), phase: 'connecting' },
    { input: mediaUp, phase: 'connected' },
    { input: away('other'), phase: 'connected', also: { peerAway: true } },
    {
      input: back(other),
      phase: 'connected',
      effects: [clear, open(other, false, true), renew],
      also: { peerAway: false },
    },
  ],

  'we lose the server and come back: the path stays as it is': [
    ...called,
    { at: 2_000, input: lost, phase: 'connected', effects: [], also: { seat: 'none' } },
    { at: 3_000, input: up, phase: 'connected', effects: [sendJoin] },
    { input: resumes(zoe), phase: 'connected', effects: [tell], also: { seat: 'held', peer: zoe } },
  ],
  'we come back to a path that has broken: the one who comes back begins': [
    ...called,
    { at: 2_000, input: lost, phase: 'connected' },
    {
      at: 3_000,
      input: interrupted,
      phase: 'reconnecting',
      effects: [set('restart', RESTART_AFTER_MS), giveUp],
    },
    { at: 4_000, input: up, phase: 'reconnecting', effects: [sendJoin] },
    {
      input: resumes(zoe),
      phase: 'reconnecting',
      effects: [tell, giveUp, restart, again(0)],
    },
  ],
  'we come back while they are away': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: interrupted, phase: 'reconnecting' },
    { input: up, phase: 'reconnecting' },
    {
      input: resumes({ ...zoe, away: true }),
      phase: 'reconnecting',
      effects: [tell],
      also: { peerAway: true },
    },
  ],
  'we come back to somebody else: a new path': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    {
      input: resumes(ann),
      phase: 'connected',
      effects: [clear, open(ann, true, false), renew, restart],
    },
  ],
  'we come back too late, to another seat: a new path, and the old one until it carries': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    {
      input: meets(zoe, 'me2'),
      phase: 'connected',
      effects: [clear, open(zoe, true, false), renew],
    },
  ],
  'the server starts anew: the first one back finds nobody, and the picture goes on': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    { input: resumes(null), phase: 'connected', effects: [absent], also: { peerAway: true } },
    { input: back(zoe), phase: 'connected', effects: [tell], also: { peer: zoe, peerAway: false } },
    { input: timer('gone'), phase: 'connected', effects: [] },
  ],
  'the server starts anew, and the relay with it: the first one back waits for the other': [
    ...called,
    { input: lost, phase: 'connected' },
    {
      at: 4_000,
      input: { type: 'media-stalled' },
      phase: 'reconnecting',
      effects: [giveUp, again(0)],
    },
    { input: up, phase: 'reconnecting' },
    { input: resumes(null), phase: 'reconnecting', effects: [clear, absent] },
    { input: { type: 'media-failed' }, phase: 'reconnecting', effects: [] },
    {
      input: back(zoe),
      phase: 'reconnecting',
      effects: [tell, giveUp, set('restart', RESTART_AFTER_MS)],
    },
  ],
  'the server starts anew, and nobody else comes back': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    { input: resumes(null), phase: 'connected', effects: [absent] },
    { at: 11_000, input: timer('gone'), phase: 'connected', also: { peerAway: false } },
    { input: interrupted, phase: 'waiting', effects: [clear, close] },
  ],
  'the same with a path that has broken': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: interrupted, phase: 'reconnecting' },
    { input: up, phase: 'reconnecting' },
    { input: resumes(null), phase: 'reconnecting', effects: [clear, absent] },
    { at: 11_000, input: timer('gone'), phase: 'waiting', effects: [clear, close] },
  ],
  'the server starts anew, and nobody has a seat to come back to': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: up, phase: 'connected' },
    { input: seated('me2'), phase: 'connected', effects: [absent], also: { peer: null } },
    {
      input: comes({ ...zoe, userId: 'zoe2' }),
      phase: 'connected',
      effects: [clear, open({ ...zoe, userId: 'zoe2' }, false, true), renew],
    },
  ],
  'our page is loaded anew: it asks the side that offers for a path': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: resumes(ann),
      phase: 'connecting',
      effects: [clear, open(ann, true, false), giveUp, restart],
    },
  ],
  'our page is loaded anew: it offers a path of its own': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    { input: resumes(zoe), phase: 'connecting', effects: [clear, open(zoe, false, true), giveUp] },
  ],
  'while they are away, a path to them is not given up': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: meets({ ...zoe, away: true }),
      phase: 'connecting',
      effects: [clear, open({ ...zoe, away: true }, true, false)],
      also: { peerAway: true },
    },
    {
      input: back(zoe),
      phase: 'connecting',
      effects: [tell, giveUp, set('restart', RESTART_AFTER_MS)],
    },
  ],
  'the side that answers asks again for an offer that has not come': [
    ...answered.slice(0, 3),
    { input: lost, phase: 'connecting' },
    { input: up, phase: 'connecting' },
    {
      input: resumes(ann),
      phase: 'connecting',
      effects: [tell, giveUp, restart, again(0)],
    },
    {
      input: timer('restart'),
      phase: 'connecting',
      effects: [restart, again(1)],
    },
  ],

  'another tab takes the seat, and gives it back': [
    ...called,
    {
      at: 4_000,
      input: replaced,
      phase: 'replaced',
      effects: [clear, close],
      also: { seat: 'none', media: 'none', talkedMs: 3_000 },
    },
    { input: lost, phase: 'replaced', effects: [] },
    { input: up, phase: 'replaced', effects: [] },
    { input: back(zoe), phase: 'replaced', effects: [] },
    { input: join, phase: 'joining', effects: [sendJoin] },
    { input: resumes(zoe), phase: 'connecting', effects: [clear, open(zoe, false, true), giveUp] },
  ],
  'another tab takes the seat of one who waits': [
    ...waiting,
    { input: replaced, phase: 'replaced', effects: [clear, close] },
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
  'whoever comes back too late to a full room is told so': [
    ...waiting,
    { input: lost, phase: 'waiting' },
    { input: up, phase: 'waiting' },
    { input: full, phase: 'failed', also: { failure: { kind: 'full' } } },
  ],
  'a moving picture is not given up for a seat': [
    ...called,
    { at: 2_000, input: lost, phase: 'connected' },
    { at: 60_000, input: up, phase: 'connected', effects: [sendJoin] },
    { input: full, phase: 'connected', effects: [set('rejoin', REJOIN_MS)] },
    { input: timer('rejoin'), phase: 'connected', effects: [sendJoin] },
    { input: refusedJoin('unauthorized'), phase: 'connected', effects: [set('rejoin', REJOIN_MS)] },
    { input: interrupted, phase: 'reconnecting' },
    { input: timer('rejoin'), phase: 'reconnecting', effects: [sendJoin] },
    { input: full, phase: 'failed', also: { failure: { kind: 'full' } } },
  ],

  'a broken path is looked for again, and found': [
    ...called,
    {
      at: 2_000,
      input: interrupted,
      phase: 'reconnecting',
      effects: [set('restart', RESTART_AFTER_MS), giveUp],
    },
    {
      at: 5_000,
      input: timer('restart'),
      phase: 'reconnecting',
      effects: [restart, again(0)],
    },
    {
      at: 6_000,
      input: mediaUp,
      phase: 'connected',
      effects: [clear],
      also: { connectedAt: 1_000 },
    },
  ],
  'nothing has come for a while: a new path is looked for at once': [
    ...called,
    {
      at: 5_000,
      input: { type: 'media-stalled' },
      phase: 'reconnecting',
      effects: [giveUp, restart, again(0)],
    },
    { input: interrupted, phase: 'reconnecting', effects: [] },
    { input: { type: 'media-failed' }, phase: 'reconnecting', effects: [] },
    { at: 6_000, input: mediaUp, phase: 'connected', effects: [clear], also: { restarts: 0 } },
  ],
  'nothing comes from somebody who is away, or has lost the server: others say how that ends': [
    ...called,
    { input: away('zoe'), phase: 'connected' },
    { input: { type: 'media-stalled' }, phase: 'reconnecting', effects: [] },
    { input: mediaUp, phase: 'connected' },
    { input: bye('zoe'), phase: 'connected' },
    { input: { type: 'media-stalled' }, phase: 'connected', effects: [] },
  ],
  'a broken path that stays broken: it is looked for without end, and words say so': [
    ...called,
    { at: 2_000, input: interrupted, phase: 'reconnecting' },
    {
      at: 3_000,
      input: { type: 'media-failed' },
      phase: 'reconnecting',
      effects: [restart, again(0)],
    },
    ...[1, 2, 3, 4, 5].map(
      (attempt): Line => ({
        input: timer('restart'),
        phase: 'reconnecting',
        effects: [restart, again(attempt)],
        also: { stuck: false },
      }),
    ),
    {
      at: 32_000,
      input: timer('give-up'),
      phase: 'reconnecting',
      effects: [],
      also: { stuck: true },
    },
    ...[6, 7, 99].map(
      (): Line => ({ input: timer('restart'), phase: 'reconnecting', also: { stuck: true } }),
    ),
    { input: mediaUp, phase: 'connected', also: { stuck: false, restarts: 0, connectedAt: 1_000 } },
  ],
  'an attempt that fails at once is followed by the next one no sooner for that': [
    ...called,
    {
      input: { type: 'media-failed' },
      phase: 'reconnecting',
      effects: [giveUp, restart, again(0)],
    },
    { input: { type: 'media-failed' }, phase: 'reconnecting', effects: [] },
  ],
  'whoever is stuck may join anew': [
    ...called,
    { input: interrupted, phase: 'reconnecting' },
    { input: timer('give-up'), phase: 'reconnecting', also: { stuck: true } },
    { input: leave, phase: 'ended', effects: [clear, sendLeave, close], also: { stuck: false } },
    { input: join, phase: 'joining', effects: [sendJoin] },
  ],
  'another network: a path that seems to carry is renewed, and the server reached': [
    { input: changed, phase: 'lobby', effects: [hurry] },
    ...called,
    { input: changed, phase: 'connected', effects: [hurry, restart, again(0)] },
    { input: timer('restart'), phase: 'connected', effects: [] },
  ],
  'another network is new hope for a path that was not found': [
    ...called,
    { input: interrupted, phase: 'reconnecting' },
    { input: timer('restart'), phase: 'reconnecting', effects: [restart, again(0)] },
    { input: timer('restart'), phase: 'reconnecting', effects: [restart, again(1)] },
    { input: timer('give-up'), phase: 'reconnecting', also: { stuck: true } },
    {
      input: changed,
      phase: 'reconnecting',
      effects: [hurry, giveUp, restart, again(0)],
      also: { stuck: false },
    },
  ],
  'another network, and no seat at the moment: the server comes first': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: changed, phase: 'connected', effects: [hurry] },
    { input: away('zoe'), phase: 'connected' },
  ],
  'no path at all': [
    ...waiting,
    { input: comes(zoe), phase: 'connecting' },
    {
      input: { type: 'media-failed' },
      phase: 'connecting',
      effects: [giveUp, restart, again(0)],
    },
    { input: timer('give-up'), phase: 'failed', also: { failure: { kind: 'unreachable' } } },
  ],
  'without the server a new path cannot be negotiated, only waited for': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: interrupted, phase: 'reconnecting' },
    {
      input: timer('restart'),
      phase: 'reconnecting',
      effects: [again(0)],
    },
  ],
  'hanging up without the server leaves no word, and keeps the way back': [
    ...called,
    { input: lost, phase: 'connected' },
    { input: leave, phase: 'ended', effects: [clear, close] },
    { input: up, phase: 'ended', effects: [] },
    { input: join, phase: 'joining', effects: [sendJoin] },
  ],
  'a refused join is told, with its reason': [
    { input: up, phase: 'lobby' },
    { input: join, phase: 'joining' },
    {
      input: refusedJoin('malformed'),
      phase: 'failed',
      effects: [clear, close],
      also: { failure: { kind: 'refused', code: 'malformed' } },
    },
  ],
  'a server that has forgotten the seat is asked for it': [
    ...called,
    {
      input: { type: 'refused', event: 'message', code: 'not_joined' },
      phase: 'connected',
      effects: [sendJoin],
    },
    ...['alone', 'queue_full', 'too_fast', 'too_large'].map(
      (code): Line => ({
        input: { type: 'refused', event: 'message', code },
        phase: 'connected',
        effects: [],
      }),
    ),
  ],
  'a second answer to join changes nothing': [
    ...called,
    { input: meets(ann), phase: 'connected', effects: [] },
  ],
  'what comes after hanging up changes nothing': [
    ...called,
    { input: leave, phase: 'ended' },
    { input: comes(zoe), phase: 'ended', effects: [] },
    { input: back(zoe), phase: 'ended', effects: [] },
    { input: replaced, phase: 'ended', effects: [] },
    { input: mediaUp, phase: 'ended', effects: [] },
    { input: { type: 'media-failed' }, phase: 'ended', effects: [] },
    { input: outdated, phase: 'ended', effects: [] },
    { input: timer('give-up'), phase: 'ended', effects: [] },
    { input: timer('rejoin'), phase: 'ended', effects: [] },
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
        const result = step(state, line.input, now, 0.5);
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
      const result = step(state, input, 0, 0.5);
      expect(result.effects).toEqual([]);
      state = result.state;
    }
    expect(state.phase).toBe('lobby');
  });
});
