/** A person's own camera and microphone: switched off and on, lost and replaced. */
import type { ChoiceStore, Choices } from './choices';
import { type DeviceAccess, type Kind, openDevices, type Problem } from './devices';

/** What is known of one device. `wanted` is what the person chose, `track` what there is. */
export interface Device {
  readonly wanted: boolean;
  readonly asking: boolean;
  readonly track: MediaStreamTrack | null;
  readonly problem: Problem | null;
  /** Name of the device that has taken the place of one that went; `null` if none has of late. */
  readonly substitute: string | null;
}

const KINDS = ['microphone', 'camera'] as const;
/**
 * So long after the camera the microphone is opened (ms): to open one keeps a processor busy at the very moment at
 * which a path is looked for, and nobody has said a word yet.
 */
const MICROPHONE_AFTER_MS = 500;
const OFF: Device = { wanted: true, asking: false, track: null, problem: null, substitute: null };

/**
 * Own microphone and camera. A muted microphone stays open and sends silence; a camera that is off
 * is stopped, so that its light goes out. Operations run one after another.
 */
export class LocalMedia {
  /** What is asked of devices that are opened from here on. */
  choices: Choices;
  /** Where they are kept. */
  readonly store: ChoiceStore | undefined;
  readonly access: DeviceAccess;
  #devices: Record<Kind, Device> = { microphone: OFF, camera: OFF };
  #queue: Promise<void> = Promise.resolve();
  #generation = 0;
  /** Opens the microphone after the camera. */
  #opening: ReturnType<typeof setTimeout> | undefined;
  readonly #changed: (kind: Kind) => void;
  readonly #unwatch: () => void;

  /** `changed` is called whenever something about a device has changed. */
  constructor(access: DeviceAccess, changed: (kind: Kind) => void, store?: ChoiceStore) {
    this.access = access;
    this.store = store;
    this.choices = store?.load() ?? {};
    this.#changed = changed;
    this.#unwatch = access.watch(() => this.#listChanged());
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
    const { wanted, track, problem } = this.#devices[kind];
    return wanted && track !== null && problem !== 'silent';
  }

  /** Whether both permissions stand already, so that opening asks nothing. */
  async isGranted(): Promise<boolean> {
    const states = [this.access.permission('microphone'), this.access.permission('camera')];
    return (await Promise.all(states)).every((state) => state === 'granted');
  }

  /**
   * Opens every device that is wanted, not open, and has not failed before: at once if the browser has to ask,
   * so that it asks once; else the camera first.
   */
  open(): Promise<void> {
    return this.#run(async (generation) => {
      const fresh = (problem: Problem | null) => problem === null;
      if (this.#opening !== undefined) return;
      const both = this.#missing(fresh).length > 1;
      if (!both || !(await this.isGranted())) return this.#openMissing(fresh, generation);
      if (generation !== this.#generation) return;
      this.#update('microphone', { asking: true });
      await this.#openKinds(['camera'], generation);
      if (generation !== this.#generation) return;
      this.#opening = setTimeout(() => {
        this.#opening = undefined;
        void this.#run((generation) => this.#openMissing(fresh, generation));
      }, MICROPHONE_AFTER_MS);
    });
  }

  /** Tries again whatever failed. */
  retry(): Promise<void> {
    clearTimeout(this.#opening);
    this.#opening = undefined;
    for (const kind of KINDS) {
      if (this.#devices[kind].problem === 'silent') this.#stop(kind);
      this.#update(kind, { problem: null });
    }
    return this.open();
  }

  /** Switches one device on or off. */
  set(kind: Kind, on: boolean): Promise<void> {
    const { track } = this.#devices[kind];
    this.#update(kind, { wanted: on, substitute: null, ...(!on && { asking: false }) });
    if (kind === 'microphone' && track) track.enabled = on;
    return this.#run(async (generation) => {
      const current = this.#devices[kind];
      if (current.wanted !== on) return;
      if (on && !current.track) await this.#openKinds([kind], generation);
      if (!on && kind === 'camera') this.#stop(kind);
    });
  }

  /** Puts the track that `open` brings in the place of the one there is; `null` leaves everything as it is. */
  swap(kind: Kind, open: () => Promise<MediaStreamTrack | null>): Promise<void> {
    return this.#run(async (generation) => {
      const next = await open();
      if (!next) return;
      if (generation !== this.#generation) return next.stop();
      this.#devices[kind].track?.stop();
      this.#take(kind, next);
    });
  }

  /** Stops everything; what was wanted is remembered for the next `open`. */
  close(): void {
    this.#generation += 1;
    clearTimeout(this.#opening);
    this.#opening = undefined;
    this.#stop('microphone');
    this.#stop('camera');
  }

  /** Stops everything for good. */
  end(): void {
    this.close();
    this.#unwatch();
  }

  /** A device that was not there, or was taken, may be free to be had. */
  #listChanged(): void {
    const hopeful = (problem: Problem | null) => problem === 'missing' || problem === 'busy';
    void this.#run((generation) => this.#openMissing(hopeful, generation));
  }

  async #openMissing(
    worthIt: (problem: Problem | null) => boolean,
    generation: number,
  ): Promise<void> {
    const kinds = this.#missing(worthIt);
    if (kinds.length > 0) await this.#openKinds(kinds, generation);
  }

  #missing(worthIt: (problem: Problem | null) => boolean): Kind[] {
    return KINDS.filter((kind) => {
      const { wanted, track, problem } = this.#devices[kind];
      return wanted && !track && worthIt(problem);
    });
  }

  async #openKinds(kinds: readonly Kind[], generation: number): Promise<void> {
    for (const kind of kinds) this.#update(kind, { asking: true, problem: null });
    const opened = await openDevices(this.access, kinds, this.choices);
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
    const tell = (problem: Problem | null) => () => {
      if (this.#devices[kind].track === track) this.#update(kind, { problem });
    };
    track.addEventListener('mute', tell('silent'));
    track.addEventListener('unmute', tell(null));
    track.addEventListener('ended', () => {
      if (this.#devices[kind].track === track) this.#lost(kind);
    });
    this.#update(kind, { asking: false, track, problem: null, substitute: null });
  }

  /** Unplugged, or taken back by the person in the browser's own controls, which looks the same. */
  #lost(kind: Kind): void {
    this.#update(kind, { track: null, problem: 'missing', substitute: null });
    void this.#run(async (generation) => {
      const permission = await this.access.permission(kind);
      const { wanted, track } = this.#devices[kind];
      if (track || generation !== this.#generation) return;
      if (permission === 'denied') return this.#update(kind, { problem: 'denied' });
      // The browser is not made to ask a person who may just have said no.
      if (permission !== 'granted' || !wanted) return;
      await this.#openKinds([kind], generation);
      const next = this.#devices[kind].track;
      if (next) this.#update(kind, { substitute: next.label });
    });
  }

  #stop(kind: Kind): void {
    this.#devices[kind].track?.stop();
    this.#update(kind, { track: null, problem: null, asking: false, substitute: null });
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
