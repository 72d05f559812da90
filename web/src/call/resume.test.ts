/**
 * Two pages in one call: whatever is lost, loaded anew or taken over, in whatever order, both sides
 * come to one working connection again.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeConnection, LATENCY_MS, Tab, World } from './testing/world';

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

describe.each<[string, (side: Tab) => void]>([
  ['a lost connection', (side) => side.drop()],
  ['a lost connection that the server sees late', (side) => side.drop({ seenAfter: 10_000 })],
  ['a reload', (side) => side.reload()],
  ['a reload that the server sees late', (side) => side.reload({ seenAfter: 10_000 })],
  ['a takeover by another tab', (side) => side.duplicate()],
])('%s', (_, trouble) => {
  it.each([0, 1] as const)('on side %i leaves nobody without the call', async (which) => {
    const sides = await inCall(1);
    trouble(sides[which]);
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expectTalking(sides);
    expect(world.server.said).not.toContain('bye');
    expect(world.server.said).not.toContain('full');
  });
});

it.each([0, 1] as const)(
  'finds no ghost when the answer to the join of side %i is lost with its connection',
  async (which) => {
    world = new World(6);
    const come = async (trouble: (side: Tab) => void) => {
      const side = new Tab(world);
      // The server has the join, and the page not the answer.
      await vi.advanceTimersByTimeAsync(1.5 * LATENCY_MS);
      trouble(side);
      await vi.advanceTimersByTimeAsync(2_000);
      return side;
    };
    const lose = (side: Tab) => side.drop({ seenAfter: 10_000 });
    const sides: [Tab, Tab] = [
      await come(which === 0 ? lose : () => {}),
      await come(which === 1 ? lose : () => {}),
    ];
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expectTalking(sides);
    expect(world.server.said).toContain('replaced');
    expect(world.server.said).not.toContain('full');
  },
);

it.each([
  ['first join', 0],
  ['way back', 2_000],
])(
  'loses no seat to its own %s that comes late, over a connection given up since',
  async (_, at) => {
    world = new World(7);
    const sides: [Tab, Tab] = [new Tab(world), new Tab(world)];
    await vi.advanceTimersByTimeAsync(at);
    if (at > 0) {
      expectTalking(sides);
      sides[0].drop({ downFor: 0 });
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(LATENCY_MS / 2);
    sides[0].drop({ downFor: 100, seenAfter: 3_000, late: true });
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expect(world.server.said).toContain('refused');
    expect(world.server.said).not.toContain('replaced');
    expectTalking(sides);
  },
);

it('keeps the connection when pages only lose the server', async () => {
  const sides = await inCall(2);
  const before = sides.map((side) => side.connection);
  for (const side of sides) side.drop();
  await vi.advanceTimersByTimeAsync(SETTLED_MS);
  expectTalking(sides);
  expect(sides.map((side) => side.connection)).toEqual(before);
});

it('keeps the connection when the server starts anew and knows the seats', async () => {
  const sides = await inCall(3);
  const before = sides.map((side) => side.connection);
  world.server.restart(true);
  await vi.advanceTimersByTimeAsync(SETTLED_MS);
  expectTalking(sides);
  expect(sides.map((side) => side.connection)).toEqual(before);
});

it('makes another connection when the server starts anew and knows nobody', async () => {
  const sides = await inCall(4);
  world.server.restart(false);
  await vi.advanceTimersByTimeAsync(SETTLED_MS);
  expectTalking(sides);
});

it.each<[string, (side: Tab) => void]>([
  ['a reload that the server sees late', (side) => side.reload({ seenAfter: 10_000 })],
  ['a takeover by another tab', (side) => side.duplicate()],
])('refuses nothing in a sealed call after %s', async (_, trouble) => {
  for (const which of [0, 1] as const) {
    const sides = await inCall(5, { sealed: true });
    trouble(sides[which]);
    await vi.advanceTimersByTimeAsync(SETTLED_MS);
    expectTalking(sides);
    expect(sides.map(({ call }) => call.snapshot.sealTrouble)).toEqual([null, null]);
  }
});

describe.each([
  { known: true, sealed: false, asks: false },
  { known: false, sealed: false, asks: false },
  { known: true, sealed: true, asks: false },
  { known: true, sealed: true, asks: true },
])(
  'whatever happens (a server that knows its seats: $known, sealed: $sealed, asks: $asks)',
  (kind) => {
    const { known } = kind;
    it('comes to a call again', { timeout: 60_000 }, async () => {
      for (let seed = 1; seed <= 100; seed += 1) {
        const sides = await inCall(seed, kind);
        const { random } = world;
        const blows: string[] = [];
        for (let blow = 0; blow < 12; blow += 1) {
          blows.push(strike(sides[random() < 0.5 ? 0 : 1], known));
          await vi.advanceTimersByTimeAsync(random() < 0.5 ? random() * 300 : random() * 8_000);
        }
        await vi.advanceTimersByTimeAsync(SETTLED_MS);
        // Half a minute without a first path is a reason to give up, and a former tab that comes back later
        // has the call: then the person presses the button that is offered.
        for (const { call } of sides) {
          const { phase } = call.snapshot;
          if (phase === 'failed' || phase === 'replaced') call.join();
        }
        await vi.advanceTimersByTimeAsync(SETTLED_MS);
        // Only when both have forgotten the call are they asked again.
        const ready = sides.filter(({ call }) => call.snapshot.phase === 'ready');
        if (ready.length === 2) ready[random() < 0.5 ? 0 : 1]?.call.start();
        await vi.advanceTimersByTimeAsync(SETTLED_MS);
        const story = `seed ${seed}: ${blows.join(', ')}`;
        expectTalking(sides, story);
        // A new seat is lost if its token is lost on the way.
        if (known) expect(world.server.said, story).not.toContain('full');
        vi.clearAllTimers();
      }
    });
  },
);

/** One blow against one side. `known`: the server knows its seats after it has started anew. */
function strike(side: Tab, known: boolean): string {
  const { random } = world;
  const seenAfter = random() < 0.5 ? 0 : random() * 8_000;
  const trouble = { downFor: random() * 6_000, seenAfter, late: random() < 0.5 };
  const kind = random();
  if (kind < 0.35) {
    side.drop(trouble);
    return 'drop';
  }
  if (kind < 0.7) {
    side.reload(trouble);
    return 'reload';
  }
  // A server that knows nobody would take the former tab for a third person.
  if (kind < 0.8 && known) {
    side.duplicate();
    return 'duplicate';
  }
  if (kind < 0.9) {
    world.server.restart(known);
    return 'restart';
  }
  side.breakPath();
  return 'break';
}

/** `asks`: the first of the two does, and the other one starts the call. */
async function inCall(seed: number, { sealed = false, asks = false } = {}): Promise<[Tab, Tab]> {
  world = new World(seed, { sealed });
  vi.spyOn(Math, 'random').mockImplementation(world.random);
  const sides: [Tab, Tab] = [new Tab(world, asks), new Tab(world)];
  await vi.advanceTimersByTimeAsync(1_000);
  if (asks) sides[1].call.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expectTalking(sides, `seed ${seed}, at the start`);
  world.server.said.length = 0;
  return sides;
}

function expectTalking([one, other]: [Tab, Tab], when?: string): void {
  for (const { call } of [one, other]) {
    const well = { phase: 'connected', peerAway: false, sealTrouble: null };
    expect(call.snapshot, when).toMatchObject(well);
  }
  expect(one.connection?.connectionState, when).toBe('connected');
  expect(one.connection?.remote === other.connection, when).toBe(true);
  expect(other.connection?.remote === one.connection, when).toBe(true);
  expect(world.connections.filter(({ closed }) => !closed).length, when).toBe(2);
}

class FakeStream {
  getTracks = () => [];
}

class ConnectionOfThisWorld extends FakeConnection {
  constructor(config: RTCConfiguration) {
    super(world, config);
  }
}
