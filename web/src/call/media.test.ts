import { describe, expect, it } from 'vitest';
import { type DeviceAccess, type Kind, LocalMedia, openDevices, problemOf } from './media';

const BOTH: Kind[] = ['microphone', 'camera'];

describe('opening devices', () => {
  it('asks once when both are there', async () => {
    const { access, asked } = machine({});
    const opened = await openDevices(access, BOTH);
    expect(asked).toEqual(['microphone+camera']);
    expect(opened).toMatchObject({ microphone: { kind: 'audio' }, camera: { kind: 'video' } });
  });

  it.each([
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
  ] as const)('goes on with the microphone alone on a camera’s %s', async (name, problem) => {
    const { access, asked } = machine({ camera: name });
    const opened = await openDevices(access, BOTH);
    expect(asked).toEqual(['microphone+camera', 'microphone', 'camera']);
    expect(opened).toMatchObject({ microphone: { kind: 'audio' }, camera: problem });
  });

  it('goes on with the camera alone without a microphone', async () => {
    const { access } = machine({ microphone: 'NotFoundError' });
    expect(await openDevices(access, BOTH)).toMatchObject({
      microphone: 'missing',
      camera: { kind: 'video' },
    });
  });

  it('tells each reason when both fail differently', async () => {
    const { access } = machine({ microphone: 'NotFoundError', camera: 'NotReadableError' });
    expect(await openDevices(access, BOTH)).toEqual({ microphone: 'missing', camera: 'busy' });
  });

  it('does not ask again when the permission was refused', async () => {
    const refused = { microphone: 'NotAllowedError', camera: 'NotAllowedError' };
    const { access, asked } = machine(refused);
    expect(await openDevices(access, BOTH)).toEqual({ microphone: 'denied', camera: 'denied' });
    expect(asked).toEqual(['microphone+camera']);
  });

  it('opens what is allowed when the other permission is refused', async () => {
    const { access, asked } = machine({ camera: 'NotAllowedError' }, { microphone: 'granted' });
    expect(await openDevices(access, BOTH)).toMatchObject({
      microphone: { kind: 'audio' },
      camera: 'denied',
    });
    expect(asked).toEqual(['microphone+camera', 'microphone']);
  });

  it('knows an insecure page', async () => {
    const access: DeviceAccess = { permission: async () => null };
    expect(await openDevices(access, ['camera'])).toEqual({ camera: 'insecure' });
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
  ])('calls %s %s', (name, problem) => {
    expect(problemOf(new DOMException('', name))).toBe(problem);
  });
});

describe('own devices', () => {
  it('stops the camera when it is switched off, and opens it anew', async () => {
    const media = local({});
    await media.open();
    const first = media.device('camera').track;
    await media.set('camera', false);
    expect(first?.readyState).toBe('ended');
    expect(media.device('camera').track).toBeNull();
    await media.set('camera', true);
    expect(media.device('camera').track?.readyState).toBe('live');
    expect(media.device('microphone').track?.readyState).toBe('live');
  });

  it('mutes the microphone without closing it', async () => {
    const media = local({});
    await media.open();
    const { track } = media.device('microphone');
    await media.set('microphone', false);
    expect(track).toMatchObject({ readyState: 'live', enabled: false });
    expect(media.isOn('microphone')).toBe(false);
    await media.set('microphone', true);
    expect(media.device('microphone').track).toBe(track);
    expect(track?.enabled).toBe(true);
  });

  it('does not open what was switched off before joining', async () => {
    const media = local({});
    await media.set('camera', false);
    await media.open();
    expect(media.device('camera').track).toBeNull();
    expect(media.isOn('microphone')).toBe(true);
  });

  it('ends with what was chosen last, however fast', async () => {
    const media = local({});
    const pressed = [true, false, true, false].map((on) => media.set('camera', on));
    await Promise.all(pressed);
    expect(media.isOn('camera')).toBe(false);
    expect(media.device('camera').track).toBeNull();
  });

  it('lets go of devices that answer after the end', async () => {
    const { access, tracks } = machine({});
    const media = new LocalMedia(access, () => {});
    const opening = media.open();
    await Promise.resolve();
    media.close();
    await opening;
    expect(tracks.every((track) => track.readyState === 'ended')).toBe(true);
    expect(media.device('camera')).toMatchObject({ track: null, asking: false });
  });

  it('remembers a failure, and tries again only when told to', async () => {
    const failing: Partial<Record<Kind, string>> = { camera: 'NotReadableError' };
    const { access, asked } = machine(failing);
    const media = new LocalMedia(access, () => {});
    await media.open();
    expect(media.device('camera').problem).toBe('busy');
    const before = asked.length;
    await media.open();
    expect(asked).toHaveLength(before);
    delete failing.camera;
    await media.retry();
    expect(media.device('camera')).toMatchObject({ problem: null });
    expect(media.isOn('camera')).toBe(true);
  });

  it('knows from the start that an insecure page has none', async () => {
    const media = new LocalMedia({ permission: async () => null }, () => {});
    expect(media.device('camera').problem).toBe('insecure');
    await media.set('camera', false);
    await media.set('camera', true);
    expect(media.device('camera').problem).toBe('insecure');
  });

  it('notices a device that is pulled out', async () => {
    const media = local({});
    await media.open();
    const { track } = media.device('camera');
    track?.dispatchEvent(new Event('ended'));
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'missing' });
  });

  it('notices a permission that is taken back', async () => {
    const permissions: Partial<Record<Kind, PermissionState>> = { camera: 'granted' };
    const media = new LocalMedia(machine({}, permissions).access, () => {});
    await media.open();
    permissions.camera = 'denied';
    media.device('camera').track?.dispatchEvent(new Event('ended'));
    await Promise.resolve();
    await Promise.resolve();
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'denied' });
  });
});

function local(failing: Partial<Record<Kind, string>>): LocalMedia {
  return new LocalMedia(machine(failing).access, () => {});
}

/** A computer whose devices fail with errors of the given names. */
function machine(
  failing: Partial<Record<Kind, string>>,
  permissions: Partial<Record<Kind, PermissionState>> = {},
) {
  const asked: string[] = [];
  const tracks: FakeTrack[] = [];
  const access: DeviceAccess = {
    async getUserMedia({ audio, video }) {
      const kinds: Kind[] = [...(audio ? BOTH.slice(0, 1) : []), ...(video ? BOTH.slice(1) : [])];
      asked.push(kinds.join('+'));
      await Promise.resolve();
      // A refusal is told before anything else.
      const errors = kinds.map((kind) => failing[kind]).filter((name) => name !== undefined);
      const [first] = errors.sort((a) => (a === 'NotAllowedError' ? -1 : 1));
      if (first) throw new DOMException('', first);
      const made = kinds.map((kind) => new FakeTrack(kind === 'camera' ? 'video' : 'audio'));
      tracks.push(...made);
      return new FakeStream(made) as unknown as MediaStream;
    },
    permission: async (kind) => permissions[kind] ?? null,
  };
  return { access, asked, tracks };
}

class FakeTrack extends EventTarget {
  readyState = 'live';
  enabled = true;
  readonly kind: string;
  constructor(kind: string) {
    super();
    this.kind = kind;
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
