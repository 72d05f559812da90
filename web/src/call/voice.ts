/** Whether somebody speaks into a microphone that is switched off. */

/** How often it is listened for (ms). */
const EVERY_MS = 100;
/** Loudness of speech near a microphone, as root mean square of samples between -1 and 1. */
const LOUD = 0.03;
/** So many moments, of which quiet ones take one back, are no cough. */
const MOMENTS = 5;
/** Who was told once is not told again for so many moments. */
const PEACE = 300;

/** Tells speech from noise: a moment after another. */
export class Voice {
  #loud = 0;
  #peace = 0;

  /** Takes the loudness of the next moment; whether this is the one at which to say something. */
  hear(loudness: number): boolean {
    this.#peace = Math.max(0, this.#peace - 1);
    this.#loud = loudness > LOUD ? this.#loud + 1 : Math.max(0, this.#loud - 1);
    if (this.#loud < MOMENTS || this.#peace > 0) return false;
    this.#loud = 0;
    this.#peace = PEACE;
    return true;
  }
}

/**
 * Calls `spoke` when somebody speaks into the microphone of `track`, be it switched off or not, until the returned
 * function is called. Nothing of it leaves the browser.
 */
export function listenForVoice(track: MediaStreamTrack, spoke: () => void): () => void {
  // A track that is switched off is silent; its copy is not.
  const copy = track.clone();
  copy.enabled = true;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([copy])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const voice = new Voice();
  const listening = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    if (voice.hear(loudnessOf(samples))) spoke();
  }, EVERY_MS);
  return () => {
    clearInterval(listening);
    copy.stop();
    void context.close();
  };
}

function loudnessOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}
