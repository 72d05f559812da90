/** A computer with cameras and microphones of the tests' own. */
import { type DeviceAccess, INPUTS, type Kind } from '../devices';

const BOTH: Kind[] = ['microphone', 'camera'];

/**
 * A computer whose devices fail with errors of the given names. `list` names its devices, which a device's id
 * is told apart from the browser's choice by: those that are `taken` are held by another program.
 */
export function machine(
  failing: Partial<Record<Kind, string>>,
  permissions: Partial<Record<Kind, PermissionState>> = {},
) {
  const asked: string[] = [];
  const list: string[] = [];
  const taken = new Set<string>();
  const watchers = new Set<() => void>();
  const tracks: FakeTrack[] = [];
  const access: DeviceAccess = {
    async getUserMedia({ audio, video }) {
      const kinds: Kind[] = [...(audio ? BOTH.slice(0, 1) : []), ...(video ? BOTH.slice(1) : [])];
      const id = idOf(video) ?? idOf(audio);
      asked.push(kinds.join('+') + (id ? ` ${id}` : ''));
      await Promise.resolve();
      if (id && !list.includes(id)) throw new DOMException('', 'OverconstrainedError');
      if (id && taken.has(id)) throw new DOMException('', 'NotReadableError');
      // A refusal is told before anything else.
      const errors = kinds
        .map((kind) => (id ? undefined : failing[kind]))
        .filter((name) => name !== undefined);
      const [first] = errors.sort((a) => (a === 'NotAllowedError' ? -1 : 1));
      if (first) throw new DOMException('', first);
      const made = kinds.map((kind) => new FakeTrack(kind, id ?? 'the first'));
      tracks.push(...made);
      return new FakeStream(made) as unknown as MediaStream;
    },
    permission: async (kind) => permissions[kind] ?? null,
    list: async () =>
      [INPUTS.microphone, INPUTS.camera, 'audiooutput' as const].flatMap((kind) =>
        list.map((id) => ({ kind, deviceId: id, label: id })),
      ),
    watch(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
  const plug = () => {
    for (const changed of watchers) changed();
  };
  return { access, asked, tracks, list, taken, plug, watchers };
}

function idOf(constraints: boolean | MediaTrackConstraints | undefined): string | undefined {
  const id = typeof constraints === 'object' ? constraints.deviceId : undefined;
  return typeof id === 'object' && 'exact' in id ? String(id.exact) : undefined;
}

export class FakeTrack extends EventTarget {
  settings: MediaTrackSettings;

  readyState = 'live';
  enabled = true;
  readonly kind: string;
  readonly label: string;
  constructor(kind: Kind, label: string) {
    super();
    this.kind = kind === 'camera' ? 'video' : 'audio';
    this.label = label;
    this.settings = { deviceId: label };
  }
  getSettings = () => this.settings;
  async applyConstraints({ width, height, frameRate }: MediaTrackConstraints) {
    this.settings = { ...this.settings, ...({ width, height, frameRate } as MediaTrackSettings) };
  }
  stop() {
    this.readyState = 'ended';
  }
}

class FakeStream {
  readonly #tracks: FakeTrack[];
  constructor(tracks: FakeTrack[]) {
    this.#tracks = tracks;
  }
  getAudioTracks = () => this.#tracks.filter((track) => track.kind === 'audio');
  getVideoTracks = () => this.#tracks.filter((track) => track.kind === 'video');
}
