import {
  type Call,
  type CallSnapshot,
  type Drawn,
  type Format,
  fileSink,
  memorySink,
  Recording,
  type Writable,
} from '../../call';

const WIDTH = 1280;
const HEIGHT = 720;

/** Where the film goes: into a file that has been chosen, or to where the browser keeps what it loads. */
export interface Target {
  name: string;
  file: Writable | null;
}

/** Records the call as it is shown, but for the size of its pictures; the returned function ends and saves it. */
export function record(call: Call, format: Format, target: Target, broken: () => void) {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const screen = new Screenings();
  let recording: Recording;
  try {
    recording = new Recording({
      canvas,
      format,
      sink: target.file ? fileSink(target.file) : memorySink(format.type),
      pictures: () => screen.show(picturesOf(call.snapshot)),
      sounds: () => soundsOf(call.snapshot),
      every,
      broken,
    });
  } catch (error) {
    screen.show([]);
    throw error;
  }
  return async () => {
    const file = await recording.stop();
    screen.show([]);
    if (file) save(file, target.name);
  };
}

/** The tracks with pictures, the large one first. */
function picturesOf({ remote, camera, screen }: CallSnapshot): MediaStreamTrack[] {
  const theirs = remote.camera ? (remote.stream?.getVideoTracks() ?? []) : [];
  const [shown] = (remote.screen ?? screen)?.getVideoTracks() ?? [];
  return [shown, theirs[0], camera.track].filter((track) => track !== undefined && track !== null);
}

function soundsOf({ remote, microphone, screen }: CallSnapshot): Set<MediaStreamTrack> {
  const streams = [remote.stream, remote.screen, screen];
  const tracks = streams.flatMap((stream) => stream?.getAudioTracks() ?? []);
  return new Set(microphone.track ? [...tracks, microphone.track] : tracks);
}

/** Plays tracks where nobody sees it, to be drawn from. */
class Screenings {
  readonly #videos = new Map<MediaStreamTrack, HTMLVideoElement>();

  /** Plays these, and no others; those of them that have a picture by now. */
  show(tracks: readonly MediaStreamTrack[]): Drawn<HTMLVideoElement>[] {
    for (const [track, video] of this.#videos) {
      if (tracks.includes(track)) continue;
      video.srcObject = null;
      this.#videos.delete(track);
    }
    return tracks
      .map((track) => this.#videos.get(track) ?? this.#play(track))
      .filter(({ videoHeight }) => videoHeight > 0)
      .map((video) => ({ of: video, shape: video.videoWidth / video.videoHeight }));
  }

  #play(track: MediaStreamTrack): HTMLVideoElement {
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([track]);
    // Ended before it has begun, when the track goes at once.
    void video.play().catch(() => {});
    this.#videos.set(track, video);
    return video;
  }
}

/**
 * Calls `draw` so many times a second, also while nobody looks at the page; less often where that would take more
 * than half of the time that there is.
 */
function every(perSecond: number, draw: () => void): () => void {
  const worker = new Worker(new URL('./ticker.ts', import.meta.url), { type: 'module' });
  const next = () => {
    const began = performance.now();
    draw();
    const took = performance.now() - began;
    worker.postMessage(Math.max(took, 1000 / perSecond - took));
  };
  worker.onmessage = next;
  next();
  return () => worker.terminate();
}

/** Hands a file to the person as a download. */
function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
