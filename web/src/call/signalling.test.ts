/** A room's line to the server over a socket of the tests' own: what it tells, and when it comes back. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OWN_CAPABILITIES } from './protocol';
import { type Signalling, type SignallingHandler, socketSignalling } from './signalling';

const made = vi.hoisted(() => ({ io: vi.fn() }));
vi.mock('socket.io-client', () => made);

const SEAT = { roomId: 'tea', userNum: 1, userId: 'me', polite: false, iceServers: [], peer: null };
const ZOE = { roomId: 'tea', userId: 'zoe' };
const SERVERS = [{ urls: 'stun:192.0.2.1' }];

let socket: FakeSocket;
let line: Signalling;
let heard: unknown[][];

beforeEach(() => {
  vi.useFakeTimers();
  made.io.mockReset();
  made.io.mockImplementation((...given) => {
    socket = new FakeSocket(given.at(-1));
    return socket;
  });
  line = socketSignalling('tea');
  heard = [];
  line.connect(handlerThat((what, ...given) => heard.push([what, ...given])));
});

afterEach(() => vi.useRealTimers());

it('goes straight to a WebSocket of its own, and falls back to polling', () => {
  const options = { transports: ['websocket', 'polling'], tryAllTransports: true, forceNew: true };
  expect(made.io).toHaveBeenLastCalledWith(expect.objectContaining(options));
  socketSignalling('tea', 'https://call.example');
  const [server, given] = made.io.mock.lastCall ?? [];
  expect(server).toBe('https://call.example');
  expect(given).toMatchObject(options);
});

it('connects when it is told to, and says that it is up as soon as a seat can be asked for', () => {
  expect(socket.connects).toBe(1);
  socket.reach();
  expect(heard).toEqual([['up']]);
  expect(socket.connected).toBe(false);
});

it('asks for a seat with what the page can do, and with what lets it in', () => {
  socket.open();
  line.join({ token: 'of the site' });
  const capabilities = { ...OWN_CAPABILITIES, asks: true };
  line.join({ resume: 'seat', capabilities });
  expect(socket.emitted).toEqual([
    ['join', { roomId: 'tea', capabilities: OWN_CAPABILITIES, token: 'of the site' }],
    ['join', { roomId: 'tea', capabilities, resume: 'seat' }],
  ]);
});

describe('a seat that is asked for while the connection opens', () => {
  const join = { roomId: 'tea', capabilities: OWN_CAPABILITIES };

  it('comes with it', async () => {
    socket.reach();
    line.join({});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.entered).toEqual([{ join }]);
    expect(socket.emitted).toEqual([]);
  });

  it('is asked for after it, if that is a second later', async () => {
    socket.reach();
    await vi.advanceTimersByTimeAsync(900);
    expect(socket.entered).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(socket.entered).toEqual([{}]);
    line.join({});
    expect(socket.emitted).toEqual([['join', join]]);
  });

  it('is asked for with each connection anew', () => {
    socket.reach();
    line.join({});
    socket.lose();
    socket.reach();
    line.join({ resume: 'seat' });
    expect(socket.entered).toEqual([{ join }, { join: { ...join, resume: 'seat' } }]);
    expect(heard).toEqual([['up'], ['lost', undefined], ['up']]);
  });

  it('is left as well before there is an answer', () => {
    socket.reach();
    line.join({});
    socket.connected = false;
    expect(line.leave()).toBe(true);
    expect(socket.emitted).toEqual([['leave', { roomId: 'tea' }]]);
  });

  it('is given up with the connection when the page is done before the answer', () => {
    socket.reach();
    line.join({});
    socket.connected = false;
    line.close();
    expect(socket.disconnects).toBe(0);
    socket.receive('connect');
    expect(socket.disconnects).toBe(1);
  });

  it('is let go when the page is done and the connection fails', () => {
    socket.reach();
    line.join({});
    line.close();
    socket.fail({});
    expect(socket.disconnects).toBe(1);
  });

  it('is not left on another connection than the one that it was asked for on', () => {
    socket.reach();
    line.join({});
    socket.sendBuffer.push('leave');
    socket.fail({});
    expect(socket.sendBuffer).toEqual([]);
    expect(line.leave()).toBe(false);
  });
});

it('leaves a message for whoever comes', () => {
  line.keep({ type: 'restart' });
  expect(socket.emitted).toEqual([]);
  socket.open();
  line.keep({ type: 'restart' });
  const kept = { roomId: 'tea', data: { type: 'restart' }, keep: true };
  expect(socket.emitted).toEqual([['message', kept]]);
});

it.each<[string, unknown, unknown[]]>([
  ['joined', SEAT, ['joined', SEAT]],
  ['full', { roomId: 'tea', userNum: 2 }, ['full']],
  ['replaced', { roomId: 'tea' }, ['replaced']],
  ['otherjoined', ZOE, ['peerJoined', ZOE]],
  ['peeraway', ZOE, ['peerAway', 'zoe']],
  ['peerback', ZOE, ['peerBack', ZOE]],
  ['bye', ZOE, ['peerLeft', 'zoe']],
  ['iceservers', { roomId: 'tea', iceServers: SERVERS }, ['iceServers', SERVERS]],
])('hands over %s of its own room, and of no other', (event, body, expected) => {
  socket.receive(event, { ...(body as object), roomId: 'coffee' });
  expect(heard).toEqual([]);
  socket.receive(event, body);
  expect(heard).toEqual([expected]);
});

it('hands over messages as they are, and refusals', () => {
  socket.receive('message', { type: 'restart' });
  const refusal = { event: 'join', code: 'malformed', message: '' };
  socket.receive('refused', refusal);
  expect(heard).toEqual([
    ['message', { type: 'restart' }],
    ['refused', refusal],
  ]);
});

it('sends while it is connected; what was meant for a lost connection is dropped', () => {
  line.send({ type: 'restart' });
  expect(socket.emitted).toEqual([]);
  socket.open();
  line.send({ type: 'restart' });
  expect(socket.emitted).toEqual([['message', { roomId: 'tea', data: { type: 'restart' } }]]);
});

it('leaves its seat if the server can be told', () => {
  expect(line.leave()).toBe(false);
  expect(socket.emitted).toEqual([]);
  socket.open();
  expect(line.leave()).toBe(true);
  expect(socket.emitted).toEqual([['leave', { roomId: 'tea' }]]);
});

describe('a connection that cannot be made', () => {
  it.each<[string, object, string | undefined]>([
    ['nothing of its reason', { description: new Event('error') }, undefined],
    ['no answer', { description: 0 }, undefined],
    ['too many sockets', { data: { code: 'too_many_sockets' } }, 'crowded'],
    ['something else of the server', { data: { code: 'another' } }, undefined],
    ['too many requests', { description: 429 }, 'crowded'],
    ['a full server', { description: 503 }, 'busy'],
    ['a server that does not run behind its proxy', { description: 502 }, 'busy'],
    ['a server that does not answer its proxy', { description: 504 }, 'busy'],
    ['an address without a server', { description: 404 }, undefined],
  ])('with %s is told as that', (_, reason, why) => {
    socket.fail(reason);
    expect(heard).toEqual([['lost', why]]);
  });

  it('is left to the client as long as that tries by itself', async () => {
    socket.fail({});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.connects).toBe(1);
  });

  it('is tried again after five seconds if the server has refused it', async () => {
    socket.active = false;
    socket.fail({ data: { code: 'too_many_sockets' } });
    await vi.advanceTimersByTimeAsync(4_900);
    expect(socket.connects).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(socket.connects).toBe(2);
  });
});

describe('a server that has refused a connection', () => {
  const refusal = { data: { code: 'too_many_sockets' } };

  beforeEach(async () => {
    socket.reach();
    socket.active = false;
    socket.fail(refusal);
    socket.active = true;
    heard.length = 0;
    socket.entered.length = 0;
    await vi.advanceTimersByTimeAsync(5_000);
  });

  it('is not told to be up before it has taken another one', () => {
    socket.reach();
    expect(heard).toEqual([]);
    expect(socket.entered).toEqual([{}]);
    socket.receive('connect');
    expect(heard).toEqual([['up']]);
    line.join({});
    expect(socket.emitted).toEqual([['join', { roomId: 'tea', capabilities: OWN_CAPABILITIES }]]);
  });

  it('is told to be crowded as long as it refuses, and nothing else', async () => {
    for (let tries = 0; tries < 3; tries += 1) {
      socket.reach();
      socket.active = false;
      socket.fail(refusal);
      socket.active = true;
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(heard).toEqual([
      ['lost', 'crowded'],
      ['lost', 'crowded'],
      ['lost', 'crowded'],
    ]);
  });

  it('is asked for a seat with the connection again, once it has taken one', () => {
    socket.reach();
    socket.receive('connect');
    socket.lose();
    heard.length = 0;
    socket.reach();
    expect(heard).toEqual([['up']]);
  });

  it('is asked for a seat with the connection in another network', () => {
    line.hurry();
    heard.length = 0;
    socket.reach();
    expect(heard).toEqual([['up']]);
  });
});

describe('a connection that is lost', () => {
  it('is told as that, and left to the client', async () => {
    socket.open();
    socket.lose();
    expect(heard).toEqual([['up'], ['lost', undefined]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.connects).toBe(1);
  });

  it('is made again after a second if the server has ended it', async () => {
    socket.open();
    socket.active = false;
    socket.lose();
    await vi.advanceTimersByTimeAsync(900);
    expect(socket.connects).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(socket.connects).toBe(2);
  });
});

describe('asking for fresh credentials', () => {
  it('ends with the answer', async () => {
    socket.open();
    const asked = settled(line.askIceServers());
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.done).toBe(false);
    expect(socket.emitted).toEqual([['iceservers', { roomId: 'tea' }]]);
    socket.acknowledge();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.done).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.engine.closes).toBe(0);
  });

  it('ends at once where there is nobody to ask', async () => {
    const asked = settled(line.askIceServers());
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.done).toBe(true);
    expect(socket.emitted).toEqual([]);
  });

  it('ends without an answer after four seconds, and the connection with it', async () => {
    socket.open();
    const asked = settled(line.askIceServers());
    await vi.advanceTimersByTimeAsync(3_900);
    expect([asked.done, socket.engine.closes]).toEqual([false, 0]);
    await vi.advanceTimersByTimeAsync(200);
    expect([asked.done, socket.engine.closes]).toEqual([true, 1]);
  });

  it('does not end the connection that has taken the place of the silent one', async () => {
    socket.open();
    void line.askIceServers();
    const silent = socket.engine;
    socket.engine = new FakeEngine();
    await vi.advanceTimersByTimeAsync(4_100);
    expect([silent.closes, socket.engine.closes]).toEqual([1, 0]);
  });
});

describe('in a hurry', () => {
  it('tries whether the connection stands, by asking for credentials', () => {
    socket.open();
    line.hurry();
    expect(socket.emitted).toEqual([['iceservers', { roomId: 'tea' }]]);
    expect([socket.connects, socket.disconnects]).toEqual([1, 0]);
  });

  it('begins the connection anew that does not stand, and once', async () => {
    socket.active = false;
    socket.fail({ data: { code: 'too_many_sockets' } });
    line.hurry();
    expect([socket.disconnects, socket.connects]).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.connects).toBe(2);
  });
});

it('is silent after its end, and does not come back', async () => {
  socket.open();
  socket.active = false;
  socket.lose();
  heard.length = 0;
  line.close();
  expect(socket.disconnects).toBe(1);
  socket.receive('message', {});
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard).toEqual([]);
  expect(socket.connects).toBe(1);
});

/** A handler whose every event is told by its name. */
function handlerThat(tell: (what: string, ...given: unknown[]) => void): SignallingHandler {
  return new Proxy({} as SignallingHandler, {
    get:
      (_, what) =>
      (...given: unknown[]) =>
        tell(String(what), ...given),
  });
}

function settled(promise: Promise<unknown>): { done: boolean } {
  const state = { done: false };
  void promise.then(() => {
    state.done = true;
  });
  return state;
}

class FakeEngine {
  closes = 0;
  close() {
    this.closes += 1;
  }
}

/** As much of a client's socket as the line uses. */
class FakeSocket {
  connected = false;
  /** Whether it connects again by itself. */
  active = true;
  connects = 0;
  disconnects = 0;
  engine = new FakeEngine();
  sendBuffer: unknown[] = [];
  /** With what each connection was entered. */
  readonly entered: object[] = [];
  readonly emitted: unknown[][] = [];
  readonly #auth: (enter: (auth: object) => void) => void;
  readonly #listeners = new Map<string, (...given: unknown[]) => void>();
  #timeout = 0;
  #acknowledge = (_late: Error | null) => {};

  constructor({ auth }: { auth: (enter: (auth: object) => void) => void }) {
    this.#auth = auth;
  }

  get io() {
    return { engine: this.engine };
  }

  on(event: string, listener: (...given: unknown[]) => void) {
    this.#listeners.set(event, listener);
  }

  off() {
    this.#listeners.clear();
  }

  connect() {
    this.connects += 1;
    return this;
  }

  disconnect() {
    this.disconnects += 1;
    this.connected = false;
    return this;
  }

  timeout(ms: number) {
    this.#timeout = ms;
    return this;
  }

  emit(event: string, body: unknown, answered?: (late: Error | null) => void) {
    this.emitted.push([event, body]);
    if (!answered) return;
    const late = setTimeout(() => answered(new Error('late')), this.#timeout);
    this.#acknowledge = () => {
      clearTimeout(late);
      answered(null);
    };
  }

  acknowledge() {
    this.#acknowledge(null);
  }

  /** The connection is there, and waits to be entered. */
  reach() {
    this.#auth((auth) => {
      this.entered.push(auth);
      this.connected = true;
    });
  }

  open() {
    this.reach();
    vi.advanceTimersByTime(1_000);
  }

  lose() {
    this.connected = false;
    this.receive('disconnect');
  }

  fail(reason: object) {
    this.connected = false;
    this.receive('connect_error', Object.assign(new Error('no connection'), reason));
  }

  receive(event: string, ...given: unknown[]) {
    this.#listeners.get(event)?.(...given);
  }
}
