/** A call as a film: its pictures on one canvas, its sounds in one track, written to a sink as it goes on. */
import type { Format } from './format';
import { type Drawn, layout } from './layout';
import type { Sink } from './sink';
import { Sounds } from './sounds';

/** Pictures a second. */
const FRAME_RATE = 25;
/** Enough for faces and for letters of this size (bits a second). */
const PICTURE_BITS = 2_500_000;
const SOUND_BITS = 128_000;
/** How much may be lost with the page (ms). */
const PIECE_MS = 1_000;
/** MP4 is written from one whole picture to the next, which Chromium would make once in a long while only (ms). */
const WHOLE_PICTURE_MS = 2_000;
const GROUND = '#0b0e17';

/** What a recording needs. */
export interface RecordingOptions {
  /** On which is drawn; its size is that of the film. */
  canvas: HTMLCanvasElement;
  format: Format;
  sink: Sink;
  /** What there is to see at the moment, the large picture first. */
  pictures(): readonly Drawn<CanvasImageSource>[];
  /** What there is to hear at the moment. */
  sounds(): ReadonlySet<MediaStreamTrack>;
  /** Calls `draw` so many times a second, until the returned function is called. */
  every(perSecond: number, draw: () => void): () => void;
  /** It has stopped by itself, since nothing more could be written. */
  broken(): void;
}

/** One recording, which runs from when it is made. */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #sounds = new Sounds();
  readonly #recorder: MediaRecorder;
  readonly #rest: () => void;
  #written: Promise<void> = Promise.resolve();
  #stopped: Promise<Blob | null> | null = null;

  /** Throws if the browser cannot. */
  constructor(options: RecordingOptions) {
    this.#options = options;
    let recorder: MediaRecorder | undefined;
    try {
      recorder = this.#make();
      recorder.start(PIECE_MS);
      this.#rest = options.every(FRAME_RATE, () => this.#draw());
      this.#recorder = recorder;
    } catch (error) {
      if (recorder && recorder.state !== 'inactive') {
        // Nothing of it is a film.
        recorder.ondataavailable = null;
        recorder.stop();
      }
      for (const track of recorder?.stream.getTracks() ?? []) track.stop();
      void this.#sounds.close();
      throw error;
    }
  }

  /** Ends it when all is written; the answer is the file where it has to be saved yet. */
  stop(): Promise<Blob | null> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  #make(): MediaRecorder {
    const { canvas, format } = this.#options;
    this.#draw();
    const film = canvas.captureStream(FRAME_RATE);
    const { track } = this.#sounds;
    if (track) film.addTrack(track);
    const settings: MediaRecorderOptions & { videoKeyFrameIntervalDuration: number } = {
      mimeType: format.type,
      videoBitsPerSecond: PICTURE_BITS,
      audioBitsPerSecond: SOUND_BITS,
      videoKeyFrameIntervalDuration: WHOLE_PICTURE_MS,
    };
    const recorder = new MediaRecorder(film, settings);
    recorder.ondataavailable = ({ data }) => this.#write(data);
    recorder.onerror = () => this.#break();
    return recorder;
  }

  async #end(): Promise<Blob | null> {
    this.#rest();
    if (this.#recorder.state !== 'inactive') {
      const ended = new Promise((resolve) => this.#recorder.addEventListener('stop', resolve));
      this.#recorder.stop();
      await ended;
    }
    for (const track of this.#recorder.stream.getTracks()) track.stop();
    await this.#sounds.close();
    await this.#written;
    return this.#options.sink.close();
  }

  #write(piece: Blob): void {
    if (piece.size === 0) return;
    this.#written = this.#written.then(() =>
      this.#options.sink.write(piece).catch(() => this.#break()),
    );
  }

  #break(): void {
    if (!this.#stopped) this.#options.broken();
  }

  #draw(): void {
    const { canvas, pictures, sounds } = this.#options;
    this.#sounds.mix(sounds());
    const context = canvas.getContext('2d');
    if (!context) return;
    context.fillStyle = GROUND;
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const { of, x, y, width, height } of layout(pictures(), canvas.width, canvas.height)) {
      context.drawImage(of, x, y, width, height);
    }
  }
}
