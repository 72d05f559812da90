/** Mixes the sounds of a call into one track, as they come and go. */
export class Sounds {
  readonly #context = new AudioContext();
  readonly #mixed = this.#context.createMediaStreamDestination();
  readonly #sources = new Map<MediaStreamTrack, AudioNode>();

  constructor() {
    // Browsers start it suspended where no press has led to it.
    void this.#context.resume();
  }

  /** The mixture. */
  get track(): MediaStreamTrack | undefined {
    return this.#mixed.stream.getAudioTracks()[0];
  }

  /** Mixes these, and none that are not among them. */
  mix(tracks: ReadonlySet<MediaStreamTrack>): void {
    for (const [track, source] of this.#sources) {
      if (tracks.has(track)) continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    for (const track of tracks) {
      if (this.#sources.has(track)) continue;
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#mixed);
      this.#sources.set(track, source);
    }
  }

  /** Ends the mixture. */
  close(): Promise<void> {
    return this.#context.close();
  }
}
