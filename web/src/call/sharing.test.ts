/** Two pages, one of which shows a screen: only the side that offers makes the lines for it, whoever shares. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeConnection, Tab, World } from './testing/world';

const SETTLED_MS = 45_000;

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

it('costs nothing before somebody shares', async () => {
  const [first, second] = await inCall();
  expect([first.connection?.lines, second.connection?.lines]).toEqual([2, 2]);
});

describe.each([
  ['who was there first', 0],
  ['who came second', 1],
] as const)('shared by the one %s', (_, sharer) => {
  it('a screen comes over lines of its own, on the connection that there is', async () => {
    const sides = await inCall();
    const before = sides.map((side) => side.connection);
    sides[sharer].call.setScreen(aScreen());
    await vi.advanceTimersByTimeAsync(1_000);
    expectShown(sides, sharer);
    expect(sides.map((side) => side.connection)).toEqual(before);
  });

  it('a second one is offered on the same lines', async () => {
    const sides = await inCall();
    const { call } = sides[sharer];
    for (const screen of [aScreen(), null, aScreen()]) {
      call.setScreen(screen);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expectShown(sides, sharer);
  });

  it('it is there again after a reload of the one who sees it', async () => {
    const sides = await inCall();
    sides[sharer].call.setScreen(aScreen());
    await vi.advanceTimersByTimeAsync(1_000);
    sides[1 - sharer]?.reload();
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expectShown(sides, sharer);
  });

  it('it is gone after a reload of the one who shared it', async () => {
    const sides = await inCall();
    sides[sharer].call.setScreen(aScreen());
    await vi.advanceTimersByTimeAsync(1_000);
    sides[sharer].reload();
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expect(sides[1 - sharer]?.call.snapshot).toMatchObject({
      phase: 'connected',
      remote: { screen: null },
    });
  });

  it.each([0, 1] as const)('it arrives though side %i loses the server at once', async (which) => {
    for (const delay of [0, 15, 30, 50, 70, 90]) {
      const sides = await inCall();
      sides[sharer].call.setScreen(aScreen());
      await vi.advanceTimersByTimeAsync(delay);
      sides[which].drop();
      await vi.advanceTimersByTimeAsync(SETTLED_MS);
      expectShown(sides, sharer);
    }
  });

  it('it survives a new path', async () => {
    const sides = await inCall();
    sides[sharer].call.setScreen(aScreen());
    sides[0].breakPath();
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expectShown(sides, sharer);
  });
});

it('both may share at once', async () => {
  const sides = await inCall();
  for (const { call } of sides) call.setScreen(aScreen());
  await vi.advanceTimersByTimeAsync(1_000);
  expectShown(sides, 0);
  expectShown(sides, 1);
});

function expectShown(sides: readonly [Tab, Tab], sharer: 0 | 1) {
  const viewer = sides[sharer === 0 ? 1 : 0];
  expect(viewer.call.snapshot.phase).toBe('connected');
  expect(viewer.call.snapshot.remote.screen).not.toBeNull();
  const facts = sides.map(({ connection }) => [connection?.lines, connection?.signalingState]);
  expect(facts).toEqual([
    [4, 'stable'],
    [4, 'stable'],
  ]);
}

async function inCall(): Promise<[Tab, Tab]> {
  world = new World(1);
  const first = new Tab(world);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = new Tab(world);
  await vi.advanceTimersByTimeAsync(2_000);
  return [first, second];
}

function aScreen(): MediaStream {
  return new FakeStream() as unknown as MediaStream;
}

class ConnectionOfThisWorld extends FakeConnection {
  constructor(configuration: RTCConfiguration) {
    super(world, configuration);
  }
}

class FakeStream {
  readonly #picture = { kind: 'video', stop() {} };
  getTracks = () => [this.#picture];
  getVideoTracks = () => [this.#picture];
  getAudioTracks = () => [];
}
