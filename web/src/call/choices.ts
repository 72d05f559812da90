import type { Kind } from './devices';

/** A device that was chosen. Its name finds it again where the browser has given it another id. */
export interface Chosen {
  readonly id: string;
  readonly label: string;
}

/** What a person has chosen of devices and quality; what is absent is left to the browser and the page. */
export interface Choices {
  readonly microphone?: Chosen | undefined;
  readonly camera?: Chosen | undefined;
  readonly speaker?: Chosen | undefined;
  /** Lines of the camera's picture. */
  readonly height?: 360 | 720 | 1080 | undefined;
  /** Pictures a second. */
  readonly rate?: 15 | 30 | 60 | undefined;
  /** Sound first: both sides send small pictures. */
  readonly lowData?: boolean;
  /** What the other person is told as one's name. */
  readonly name?: string;
}

/** Remembers the choices. */
export interface ChoiceStore {
  load(): Choices | null;
  save(choices: Choices): void;
}

/** What to ask of devices: those that were chosen, and wishes. */
export function constraintsFor({
  microphone,
  camera,
  height = 720,
  rate,
}: Choices): Record<Kind, MediaTrackConstraints> {
  return {
    microphone: {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...(microphone && { deviceId: { exact: microphone.id } }),
    },
    camera: {
      width: (height * 16) / 9,
      height,
      ...(rate && { frameRate: rate }),
      ...(camera ? { deviceId: { exact: camera.id } } : { facingMode: 'user' }),
    },
  };
}
