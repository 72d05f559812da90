/** A person's own camera and microphone: asked for, fallen back on, switched off and on. */

/** The two kinds of devices. */
export type Kind = 'microphone' | 'camera';

/**
 * Why a device is not on. `denied`: the permission was refused; `busy`: another program holds it;
 * `missing`: there is none; `insecure`: the page was not opened over https.
 */
export type Problem = 'denied' | 'busy' | 'missing' | 'insecure';

/** What is known of one device. `wanted` is what the person chose, `track` what there is. */
export interface Device {
  readonly wanted: boolean;
  readonly asking: boolean;
  readonly track: MediaStreamTrack | null;
  readonly problem: Problem | null;
}

/** The part of `navigator` that is needed; `mediaDevices` is absent on an insecure page. */
export interface DeviceAccess {
  getUserMedia?(constraints: MediaStreamConstraints): Promise<MediaStream>;
  /** State of the permission, or `null` where the browser does not tell. */
  permission(kind: Kind): Promise<PermissionState | null>;
}

/** What an attempt to open devices brought, for each kind that was asked for. */
export interface Opened {
  microphone?: MediaStreamTrack | Problem;
  camera?: MediaStreamTrack | Problem;
}

const CONSTRAINTS = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' },
} as const satisfies MediaStreamConstraints;

/** Access to the browser's own devices. */
export function browserDevices(): DeviceAccess {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  return {
    ...(devices && { getUserMedia: (constraints) => devices.getUserMedia(constraints) }),
    async permission(kind) {
      try {
        const status = await navigator.permissions.query({ name: kind as PermissionName });
        return status.state;
      } catch {
        return null;
      }
    },
  };
}

/**
 * Opens what is asked for: all at once, so that the browser asks once; and each alone if that
 * fails, so that a missing camera costs no microphone. A device whose permission was refused is
 * not asked for again.
 */
export async function openDevices(access: DeviceAccess, kinds: readonly Kind[]): Promise<Opened> {
  if (!access.getUserMedia) return all(kinds, 'insecure');
  const first = await attempt(access.getUserMedia, kinds);
  if (typeof first === 'object') return first;
  if (kinds.length < 2) return all(kinds, first);
  if (first === 'denied' && !(await someAllowed(access, kinds))) return all(kinds, 'denied');
  let opened: Opened = {};
  for (const kind of kinds) {
    const refused = first === 'denied' && (await access.permission(kind)) !== 'granted';
    const alone = refused ? 'denied' : await attempt(access.getUserMedia, [kind]);
    opened = { ...opened, ...(typeof alone === 'object' ? alone : { [kind]: alone }) };
  }
  return opened;
}

async function someAllowed(access: DeviceAccess, kinds: readonly Kind[]): Promise<boolean> {
  const states = await Promise.all(kinds.map((kind) => access.permission(kind)));
  return states.includes('granted');
}

function all(kinds: readonly Kind[], problem: Problem): Opened {
  return Object.fromEntries(kinds.map((kind) => [kind, problem]));
}

async function attempt(
  getUserMedia: NonNullable<DeviceAccess['getUserMedia']>,
  kinds: readonly Kind[],
): Promise<Opened | Problem> {
  try {
    const stream = await getUserMedia({
      ...(kinds.includes('microphone') && { audio: CONSTRAINTS.audio }),
      ...(kinds.includes('camera') && { video: CONSTRAINTS.video }),
    });
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    return {
      ...(kinds.includes('microphone') && { microphone: audio ?? 'missing' }),
      ...(kinds.includes('camera') && { camera: video ?? 'missing' }),
    };
  } catch (error) {
    return problemOf(error);
  }
}

/** The reason behind an error of `getUserMedia`, in the terms of this module. */
export function problemOf(error: unknown): Problem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'TypeError':
      return 'insecure';
    default:
      // NotReadableError and AbortError: the device is there and does not start.
      return 'busy';
  }
}

const OFF: Device = { wanted: true, asking: false, track: null, problem: null };

/**
 * Own microphone and camera. A muted microphone stays open and sends silence; a camera that is off
 * is stopped, so that its light goes out. Operations run one after another.
 */
export class LocalMedia {
  #devices: Record<Kind, Device> = { microphone: OFF, camera: OFF };
  #queue: Promise<void> = Promise.resolve();
  #generation = 0;
  readonly #access: DeviceAccess;
  readonly #changed: (kind: Kind) => void;

  /** `changed` is called whenever something about a device has changed. */
  constructor(access: DeviceAccess, changed: (kind: Kind) => void) {
    this.#access = access;
    this.#changed = changed;
    if (!access.getUserMedia) {
      const insecure: Device = { ...OFF, problem: 'insecure' };
      this.#devices = { microphone: insecure, camera: insecure };
    }
  }

  /** What is known of one device. */
  device(kind: Kind): Device {
    return this.#devices[kind];
  }

  /** Whether the other person can hear or see through this device. */
  isOn(kind: Kind): boolean {
    const { wanted, track } = this.#devices[kind];
    return wanted && track !== null;
  }

  /** Whether both permissions stand already, so that opening asks nothing. */
  async isGranted(): Promise<boolean> {
    const states = [this.#access.permission('microphone'), this.#access.permission('camera')];
    return (await Promise.all(states)).every((state) => state === 'granted');
  }

  /** Opens every device that is wanted, not open, and has not failed before. */
  open(): Promise<void> {
    return this.#run(async (generation) => {
      const kinds = (['microphone', 'camera'] as const).filter((kind) => {
        const { wanted, track, problem } = this.#devices[kind];
        return wanted && !track && !problem;
      });
      if (kinds.length > 0) await this.#openKinds(kinds, generation);
    });
  }

  /** Tries again whatever failed. */
  retry(): Promise<void> {
    for (const kind of ['microphone', 'camera'] as const) this.#update(kind, { problem: null });
    return this.open();
  }

  /** Switches one device on or off. */
  set(kind: Kind, on: boolean): Promise<void> {
    const { track } = this.#devices[kind];
    this.#update(kind, { wanted: on });
    if (kind === 'microphone' && track) track.enabled = on;
    return this.#run(async (generation) => {
      const current = this.#devices[kind];
      if (current.wanted !== on) return;
      if (on && !current.track) await this.#openKinds([kind], generation);
      if (!on && kind === 'camera') this.#stop(kind);
    });
  }

  /** Stops everything; what was wanted is remembered for the next `open`. */
  close(): void {
    this.#generation += 1;
    this.#stop('microphone');
    this.#stop('camera');
  }

  async #openKinds(kinds: readonly Kind[], generation: number): Promise<void> {
    for (const kind of kinds) this.#update(kind, { asking: true, problem: null });
    const opened = await openDevices(this.#access, kinds);
    for (const kind of kinds) {
      const result = opened[kind] ?? 'missing';
      if (typeof result === 'string') {
        this.#update(kind, { asking: false, problem: result });
      } else if (generation !== this.#generation || this.#unwantedCamera(kind)) {
        result.stop();
        this.#update(kind, { asking: false });
      } else {
        this.#take(kind, result);
      }
    }
  }

  #unwantedCamera(kind: Kind): boolean {
    return kind === 'camera' && !this.#devices.camera.wanted;
  }

  #take(kind: Kind, track: MediaStreamTrack): void {
    if (kind === 'microphone') track.enabled = this.#devices.microphone.wanted;
    // Unplugged, or taken back by the person in the browser's own controls.
    track.addEventListener('ended', () => {
      if (this.#devices[kind].track === track) {
        this.#update(kind, { track: null, problem: 'missing' });
        void this.#tellRefusal(kind);
      }
    });
    this.#update(kind, { asking: false, track });
  }

  /** A track ends in the same way when the device goes and when the permission does. */
  async #tellRefusal(kind: Kind): Promise<void> {
    const lost = this.#devices[kind];
    const permission = await this.#access.permission(kind);
    if (permission === 'denied' && this.#devices[kind] === lost) {
      this.#update(kind, { problem: 'denied' });
    }
  }

  #stop(kind: Kind): void {
    this.#devices[kind].track?.stop();
    this.#update(kind, { track: null, problem: null, asking: false });
  }

  #update(kind: Kind, change: Partial<Device>): void {
    this.#devices = { ...this.#devices, [kind]: { ...this.#devices[kind], ...change } };
    this.#changed(kind);
  }

  #run(operation: (generation: number) => Promise<void>): Promise<void> {
    const generation = this.#generation;
    this.#queue = this.#queue.then(async () => {
      if (generation === this.#generation) await operation(generation);
    });
    return this.#queue;
  }
}
