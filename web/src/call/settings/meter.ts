/** How loud the own microphone is, for a meter on the screen. */

/** Often enough to look alive, and seldom enough to cost nothing (ms). */
const LOOK_EVERY_MS = 70;
/** Levels between which a meter moves, in decibels of full scale: a quiet room, and a loud voice. */
const QUIET_DB = -55;
const LOUD_DB = -10;

/** Tells the level of a track, from 0 to 1, until the returned function is called. */
export function watchLevel(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = new AudioContext({ latencyHint: 'playback' });
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** The level of some samples between -1 and 1, from 0 to 1 as an ear hears it. */
export function levelOf(samples: ArrayLike<number>): number {
  let energy = 0;
  for (let at = 0; at < samples.length; at += 1) energy += (samples[at] ?? 0) ** 2;
  if (energy === 0) return 0;
  const decibels = 10 * Math.log10(energy / samples.length);
  return Math.min(1, Math.max(0, (decibels - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}
