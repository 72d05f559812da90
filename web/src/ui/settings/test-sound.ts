/** A short sound, made on the spot, by which a person hears whether a speaker works. */

/** Three notes of a major chord, upwards (Hz). */
const NOTES = [523.25, 659.26, 783.99];
const NOTE_S = 0.22;
/** It fades for so long after the last one (s). */
const FADE_S = 0.5;
/** A speaker takes a moment to start (s). */
const LEAD_S = 0.1;

/** Plays it on a speaker, or on the usual one if `speaker` is empty; ends when it has ended. */
export async function playTestSound(speaker: string): Promise<void> {
  const context = new AudioContext();
  try {
    const out = context.createMediaStreamDestination();
    // An element, as it is one that plays the other person: an AudioContext has speakers of its own, or none to choose.
    const player = new Audio();
    player.srcObject = out.stream;
    if (speaker) await player.setSinkId(speaker).catch(() => {});
    await player.play();
    const start = context.currentTime + LEAD_S;
    NOTES.forEach((pitch, at) => {
      ring(context, out, pitch, start + at * NOTE_S);
    });
    const seconds = LEAD_S + NOTES.length * NOTE_S + FADE_S;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    player.pause();
  } finally {
    await context.close();
  }
}

function ring(context: AudioContext, out: AudioNode, pitch: number, at: number): void {
  const note = context.createOscillator();
  const volume = context.createGain();
  note.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + FADE_S);
  note.connect(volume).connect(out);
  note.start(at);
  note.stop(at + FADE_S);
}
