/** A kind of file that a recording can be. */
export interface Format {
  /** For MediaRecorder, with the codecs. */
  type: string;
  /** Of the file's name, with its dot. */
  extension: '.mp4' | '.webm';
}

/** The first that the browser can write is taken: those that most players know stand in front. */
const FORMATS: readonly Format[] = [
  { type: 'video/mp4;codecs=avc1,mp4a.40.2', extension: '.mp4' },
  { type: 'video/mp4;codecs=avc1,opus', extension: '.mp4' },
  { type: 'video/webm;codecs=vp9,opus', extension: '.webm' },
  { type: 'video/webm;codecs=vp8,opus', extension: '.webm' },
];

/** The best format that is supported; `null` where the browser cannot record at all. */
export function formatFor(isSupported: (type: string) => boolean): Format | null {
  return FORMATS.find(({ type }) => isSupported(type)) ?? null;
}

/** That of this browser. */
export function recordingFormat(): Format | null {
  return typeof MediaRecorder === 'undefined'
    ? null
    : formatFor((type) => MediaRecorder.isTypeSupported(type));
}
