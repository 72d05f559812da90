/** Calls that somebody has to start: the machine, and two pages of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { step } from './machine';
import type { Peer } from './protocol';
import { type CallState, type Effect, GIVE_UP_MS, type Input, initialState } from './state';
import { FakeConnection, Tab, World } from './testing/world';

const capable = { media: true, leaving: true, restart: true, resume: true };
/** Ann is there first, and offers; Zoe comes later, and is offered to. */
const ann = { userId: 'ann', capabilities: { ...capable, asks: false } };
const zoe = { userId: 'zoe', capabilities: { ...capable, asks: false } };
const asking = { ...zoe, capabilities: { ...capable, asks: true } };
const plain = { userId: 'plain' };

const clear: Effect = { do: 'clear-timers' };
const giveUp: Effect = { do: 'set-timer', timer: 'give-up', ms: GIVE_UP_MS };
const restart: Effect = { do: 'restart-media' };
const tell: Effect = { do: 'tell-devices' };
const call: Input = { type: 'call' };
const open = (peer: Peer, polite: boolean, offers: boolean): Effect => {
  return { do: 'open-media', peer, polite, offers };
};
const comes = (peer: Peer): Input => ({ type: 'peer-joined', peer });
const joined = (peer: Peer | null, resumed = false): Input => {
  return { type: 'joined', userId: 'me', polite: peer !== null, resumed, peer };
};

describe('a call that is to be started', () => {
  it.each<[string, boolean, Peer, Effect[]]>([
    ['this side asks for it', true, zoe, [clear, open(zoe, false, true), giveUp]],
    ['the other one does', false, asking, [clear, open(asking, false, true), giveUp]],
    ['both do', true, asking, [clear, open(asking, false, true), giveUp]],
    ['it is one with a plain client', true, plain, [clear, open(plain, true, true)]],
  ])('waits for that if %s', (_, asks, peer, effects) => {
    const ready = took(inRoom(asks), comes(peer));
    expect(ready.effects).toEqual([]);
    expect(ready.state).toMatchObject({ phase: 'ready', media: 'none', peer });
    const started = took(ready.state, call);
    expect(started.state.phase).toBe('connecting');
    expect(started.effects).toEqual(effects);
  });

  it('waits for nobody if neither asks for it', () => {
    expect(took(inRoom(false), comes(zoe)).state.phase).toBe('connecting');
    expect(took(inRoom(false), comes(plain)).state.phase).toBe('connecting');
  });

  it('may be one that was come to', () => {
    const ready = took(joining(true), joined(ann));
    expect(ready.effects).toEqual([]);
    expect(took(ready.state, call).effects).toEqual([clear, open(ann, true, false), giveUp]);
  });

  it('is started once', () => {
    const { state } = took(took(inRoom(true), comes(zoe)).state, call);
    expect(took(state, call).effects).toEqual([]);
    expect(took(inRoom(true), call).state.phase).toBe('waiting');
  });

  it('is started anew with whoever comes next', () => {
    let { state } = took(took(inRoom(true), comes(zoe)).state, call);
    state = took(state, { type: 'peer-left', userId: 'zoe' }).state;
    expect(state.phase).toBe('waiting');
    expect(took(state, comes({ ...zoe, userId: 'zoe2' })).state.phase).toBe('ready');
  });

  it('goes back to waiting if the other one goes instead', () => {
    const ready = took(inRoom(true), comes(zoe)).state;
    expect(took(ready, { type: 'peer-left', userId: 'zoe' }).state).toMatchObject({
      phase: 'waiting',
      peerLeft: true,
    });
  });

  it('can be hung up before', () => {
    const ready = took(inRoom(true), comes(zoe)).state;
    expect(took(ready, { type: 'leave' }).state.phase).toBe('ended');
  });

  it('waits until who is away is back', () => {
    let { state } = took(inRoom(true), comes(zoe));
    state = took(state, { type: 'peer-away', userId: 'zoe' }).state;
    expect(state).toMatchObject({ phase: 'ready', peerAway: true });
    expect(took(state, call).effects).toEqual([]);
    state = took(state, { type: 'peer-back', peer: zoe }).state;
    expect(state).toMatchObject({ phase: 'ready', peerAway: false });
    expect(took(state, call).state.phase).toBe('connecting');
  });

  it('is still to be started after a lost server', () => {
    let { state } = took(inRoom(true), comes(zoe));
    state = took(state, { type: 'server-lost' }).state;
    expect(state).toMatchObject({ phase: 'ready', server: 'lost' });
    state = took(state, { type: 'server-up' }).state;
    expect(took(state, joined(zoe, true)).state.phase).toBe('ready');
  });

  it('has a page that has forgotten it ask the other one whether it goes on', () => {
    // The side that is offered to asks for the path; the other one is told.
    expect(took(joining(true), joined(ann, true)).effects).toEqual([restart]);
    let { state } = took(took(inRoom(true), comes(zoe)).state, call);
    state = took(state, { type: 'media-up' }).state;
    const back = took(state, { type: 'peer-back', peer: zoe });
    expect(back.effects).toEqual([tell]);
  });
});

describe('two pages', () => {
  let world: World;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubGlobal('MediaStream', FakeStream);
    vi.stubGlobal('RTCPeerConnection', ConnectionOfThisWorld);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  class ConnectionOfThisWorld extends FakeConnection {
    constructor(config: RTCConfiguration) {
      super(world, config);
    }
  }

  describe.each([
    ['both ask', true, true],
    ['the first one asks', true, false],
    ['the second one asks', false, true],
  ])('of which %s', (_, one, other) => {
    it.each([
      ['the first one', false, 0],
      ['the second one', false, 1],
      ['the first one of a sealed call', true, 0],
      ['the second one of a sealed call', true, 1],
    ] as const)('are connected when %s starts the call', async (_who, sealed, which) => {
      const sides = await meet(sealed, one, other);
      expect(phases(sides)).toEqual(['ready', 'ready']);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(phases(sides)).toEqual(['ready', 'ready']);
      const offers = world.connections.filter(({ remoteDescription }) => remoteDescription);
      expect(offers).toEqual([]);
      sides[which].call.start();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(phases(sides)).toEqual(['connected', 'connected']);
      expect(world.connections.filter(({ closed }) => !closed)).toHaveLength(2);
    });

    it('are connected once when both start it', async () => {
      const sides = await meet(true, one, other);
      for (const { call } of sides) call.start();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(phases(sides)).toEqual(['connected', 'connected']);
      expect(world.connections.filter(({ closed }) => !closed)).toHaveLength(2);
    });

    it.each([0, 1] as const)('are not asked again when page %i is loaded anew', async (which) => {
      const sides = await meet(true, one, other);
      sides[0].call.start();
      await vi.advanceTimersByTimeAsync(1_000);
      sides[which].reload();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(phases(sides)).toEqual(['connected', 'connected']);
    });

    it.each([0, 1] as const)(
      'still wait when page %i is loaded anew before the call',
      async (which) => {
        const sides = await meet(true, one, other);
        sides[which].reload();
        await vi.advanceTimersByTimeAsync(40_000);
        expect(phases(sides)).toEqual(['ready', 'ready']);
        sides[0].call.start();
        await vi.advanceTimersByTimeAsync(1_000);
        expect(phases(sides)).toEqual(['connected', 'connected']);
      },
    );
  });

  it('see within seconds that the other page was closed', async () => {
    const sides = await meet(true, true, true);
    sides[1].call.unload();
    await vi.advanceTimersByTimeAsync(100);
    sides[1].reload({ downFor: 1e9 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sides[0].call.snapshot).toMatchObject({ phase: 'waiting', peerLeft: true });
  });

  async function meet(sealed: boolean, one: boolean, other: boolean): Promise<[Tab, Tab]> {
    world = new World(1, { sealed });
    const sides: [Tab, Tab] = [new Tab(world, one), new Tab(world, other)];
    await vi.advanceTimersByTimeAsync(1_000);
    return sides;
  }

  function phases(sides: Tab[]) {
    return sides.map(({ call }) => call.snapshot.phase);
  }
});

function took(state: CallState, input: Input) {
  return step(state, input, 0, 0.5);
}

function joining(asks: boolean): CallState {
  const { state } = took(initialState(), { type: 'server-up' });
  return took(state, { type: 'join', asks }).state;
}

function inRoom(asks: boolean): CallState {
  return took(joining(asks), joined(null)).state;
}

class FakeStream {
  getTracks = () => [];
}
