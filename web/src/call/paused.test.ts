/** Two pages on a link with room for sound alone: what is held back, and what the other one is told of it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeConnection, Tab, World } from './testing/world';

const settingsFail = vi.hoisted(() => ({ now: false }));

vi.mock('./settings/settings', async (original) => {
  const { Settings } = await original<typeof import('./settings/settings')>();
  return {
    get Settings() {
      if (settingsFail.now) throw new Error('no way to the server');
      return Settings;
    },
  };
});

let world: World;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('RTCPeerConnection', Narrow);
});

afterEach(() => {
  settingsFail.now = false;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it.each([0, 1] as const)(
  'tells of a screen that is held back, and no more when it ends, side %i',
  async (own) => {
    const sides = await inCall();
    const { call } = sides[own];
    const other = sides[own === 0 ? 1 : 0].call;
    call.setScreen(aScreen());
    await pass(15);
    expect(call.snapshot).toMatchObject({ phase: 'connected', paused: true });
    expect(other.snapshot.remote).toMatchObject({ paused: true, camera: false });
    expect(other.snapshot.remote.screen).not.toBeNull();
    call.setScreen(null);
    await pass(1);
    expect(call.snapshot.paused).toBe(false);
    expect(other.snapshot.remote.paused).toBe(false);
  },
);

it('tells of nothing where nothing would be sent anyway', async () => {
  const [first, second] = await inCall();
  await pass(15);
  expect(first.call.snapshot.statistics?.pictures).toBe('none');
  expect(first.call.snapshot.paused).toBe(false);
  expect(second.call.snapshot.remote.paused).toBe(false);
});

it('tells of nothing as long as what would hold it back is not there', async () => {
  settingsFail.now = true;
  const [first, second] = await inCall();
  first.call.setScreen(aScreen());
  await pass(15);
  expect(first.call.snapshot.statistics?.pictures).toBe('none');
  expect(first.call.snapshot.paused).toBe(false);
  expect(second.call.snapshot.remote.paused).toBe(false);
});

async function pass(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(seconds * 1_000);
  await vi.dynamicImportSettled();
}

async function inCall(): Promise<[Tab, Tab]> {
  world = new World(1);
  const first = new Tab(world);
  await pass(1);
  const second = new Tab(world);
  await pass(1);
  await pass(1);
  return [first, second];
}

function aScreen(): MediaStream {
  return new FakeStream() as unknown as MediaStream;
}

/** Has room for sound alone, and loses a third of it beside pictures. */
class Narrow extends FakeConnection {
  #seconds = 0;

  constructor(configuration: RTCConfiguration) {
    super(world, configuration);
  }

  override getStats = async () => {
    this.#seconds += 1;
    const packets = 50 * this.#seconds;
    const entries = [
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
      { id: 'p', type: 'candidate-pair', availableOutgoingBitrate: 60_000 },
      { id: 'i', type: 'inbound-rtp', kind: 'audio', packetsReceived: packets },
      {
        id: 'o',
        type: 'outbound-rtp',
        kind: 'video',
        packetsSent: packets,
        bytesSent: 100 * packets,
      },
      { id: 'r', type: 'remote-inbound-rtp', kind: 'video', localId: 'o', fractionLost: 0.3 },
    ];
    return new Map(entries.map((entry) => [entry.id, entry]));
  };
}

class FakeStream {
  readonly #picture = { kind: 'video', stop() {} };
  getTracks = () => [this.#picture];
  getVideoTracks = () => [this.#picture];
  getAudioTracks = () => [];
}
