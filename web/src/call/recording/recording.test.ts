import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Recording, type RecordingOptions } from './recording';
import type { Sink } from './sink';

beforeEach(() => {
  vi.stubGlobal('AudioContext', FakeAudioContext);
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('MediaRecorder', FakeRecorder);
});

afterEach(() => vi.unstubAllGlobals());

it('writes piece after piece, the last one too, before it closes the file', async () => {
  const { recording, recorder, log } = aRecording();
  recorder.give('one');
  recorder.give('');
  recorder.give('two');
  const file = await recording.stop();
  expect(log).toEqual(['one', 'two', 'the last', 'closed']);
  expect(await file?.text()).toBe('file');
});

it('is stopped once, whoever asks', async () => {
  const { recording, log } = aRecording();
  await Promise.all([recording.stop(), recording.stop()]);
  expect(log.filter((entry) => entry === 'closed')).toHaveLength(1);
});

it('draws the pictures that there are, over what was there before', () => {
  const { drawn, turn, pictures } = aRecording();
  const film = 'their picture' as unknown as CanvasImageSource;
  pictures.push({ of: film, shape: 16 / 9 });
  drawn.splice(0);
  turn();
  expect(drawn).toEqual(['ground', film]);
});

it('mixes sounds that come, and lets go of those that go', () => {
  const { turn, sounds } = aRecording();
  const voice = 'voice' as unknown as MediaStreamTrack;
  const film = 'film' as unknown as MediaStreamTrack;
  sounds.add(voice);
  turn();
  turn();
  sounds.add(film);
  turn();
  expect(mixed).toEqual(new Set([voice, film]));
  sounds.delete(voice);
  turn();
  expect(mixed).toEqual(new Set([film]));
});

it('says when no more can be written, and can be ended then', async () => {
  const broken = vi.fn();
  const { recording, recorder } = aRecording({ broken, full: true });
  recorder.give('one');
  await vi.waitFor(() => expect(broken).toHaveBeenCalled());
  await recording.stop();
});

it('leaves nothing open where the browser cannot record', () => {
  FakeRecorder.fails = true;
  expect(() => aRecording()).toThrow('no codec');
  FakeRecorder.fails = false;
  expect(FakeAudioContext.open).toBe(0);
});

it('leaves nothing open where nothing can draw', () => {
  const every = () => {
    throw new Error('no worker');
  };
  expect(() => aRecording({ every })).toThrow('no worker');
  expect(FakeAudioContext.open).toBe(0);
  expect(FakeRecorder.last?.state).toBe('inactive');
});

/** Everything that is mixed at the moment. */
let mixed = new Set<unknown>();

interface Choice {
  broken?: () => void;
  full?: boolean;
  every?: RecordingOptions['every'];
}

function aRecording({ broken = () => {}, full = false, every }: Choice = {}) {
  mixed = new Set();
  FakeAudioContext.open = 0;
  const log: string[] = [];
  const drawn: unknown[] = [];
  const pictures: { of: CanvasImageSource; shape: number }[] = [];
  const sounds = new Set<MediaStreamTrack>();
  const sink: Sink = {
    async write(piece) {
      if (full) throw new DOMException('', 'QuotaExceededError');
      log.push(await piece.text());
    },
    async close() {
      log.push('closed');
      return new Blob(['file']);
    },
  };
  const context = {
    fillRect: () => drawn.push('ground'),
    drawImage: (picture: unknown) => drawn.push(picture),
  };
  let turn = () => {};
  const recording = new Recording({
    canvas: {
      width: 1280,
      height: 720,
      getContext: () => context,
      captureStream: () => new FakeStream(),
    } as unknown as HTMLCanvasElement,
    format: { type: 'video/mp4', extension: '.mp4' },
    sink,
    pictures: () => pictures,
    sounds: () => sounds,
    every:
      every ??
      ((_perSecond, draw) => {
        turn = draw;
        return () => {};
      }),
    broken,
  });
  const recorder = FakeRecorder.last;
  if (!recorder) throw new Error('nothing records');
  return { recording, recorder, log, drawn, pictures, sounds, turn: () => turn() };
}

class FakeStream {
  readonly tracks: unknown[];
  constructor(tracks: unknown[] = []) {
    this.tracks = tracks;
  }
  addTrack() {}
  getTracks = () => [];
  getAudioTracks = () => [{}];
}

class FakeAudioContext {
  static open = 0;
  constructor() {
    FakeAudioContext.open += 1;
  }
  resume = async () => {};
  close = async () => {
    FakeAudioContext.open -= 1;
  };
  createMediaStreamDestination = () => ({ stream: new FakeStream() });
  createMediaStreamSource({ tracks: [track] }: FakeStream) {
    return { connect: () => mixed.add(track), disconnect: () => mixed.delete(track) };
  }
}

class FakeRecorder extends EventTarget {
  static last: FakeRecorder | null = null;
  static fails = false;
  state = 'inactive';
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  readonly stream: FakeStream;

  constructor(stream: FakeStream) {
    super();
    if (FakeRecorder.fails) throw new Error('no codec');
    this.stream = stream;
    FakeRecorder.last = this;
  }

  start() {
    this.state = 'recording';
  }

  give(text: string) {
    this.ondataavailable?.({ data: new Blob([text]) });
  }

  stop() {
    this.state = 'inactive';
    this.give('the last');
    this.dispatchEvent(new Event('stop'));
  }
}
