/** Camera and microphone as the browser hands them out: asked for, and fallen back on. */
import { type Choices, constraintsFor } from './choices';

/** The two kinds of devices. */
export type Kind = 'microphone' | 'camera';

/**
 * Why a device is not on. `denied`: the permission was refused; `busy`: another program holds it;
 * `missing`: there is none; `insecure`: the page was not opened over https; `silent`: it is open and gives
 * nothing, for instance since the system has taken it away for a while.
 */
export type Problem = 'denied' | 'busy' | 'missing' | 'insecure' | 'silent';

/** What is told of a device. */
export type DeviceInfo = Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>;

/** The part of `navigator` that is needed; `getUserMedia` is absent on an insecure page. */
export interface DeviceAccess {
  getUserMedia?(constraints: MediaStreamConstraints): Promise<MediaStream>;
  /** State of the permission, or `null` where the browser does not tell. */
  permission(kind: Kind): Promise<PermissionState | null>;
  /** All devices, as far as the browser tells them: without a permission, neither ids nor names. */
  list(): Promise<readonly DeviceInfo[]>;
  /** Calls `changed` whenever a device comes or goes, until the returned function is called. */
  watch(changed: () => void): () => void;
}

/** What an attempt to open devices brought, for each kind that was asked for. */
export interface Opened {
  microphone?: MediaStreamTrack | Problem;
  camera?: MediaStreamTrack | Problem;
}

/** Ids of the browser's aliases for devices that are listed as well, and of devices that it does not tell. */
export const ALIAS = /^(default|communications)?$/;

/** Kinds of devices in the browser's words. */
export const INPUTS = { microphone: 'audioinput', camera: 'videoinput' } as const;

/** Access to the browser's own devices. */
export function browserDevices(): DeviceAccess {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  return {
    ...(devices && { getUserMedia: (constraints) => devices.getUserMedia(constraints) }),
    list: async () => (await devices?.enumerateDevices()) ?? [],
    watch(changed) {
      devices?.addEventListener('devicechange', changed);
      return () => devices?.removeEventListener('devicechange', changed);
    },
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
 * fails, so that a missing camera costs no microphone. In place of a device that another program holds
 * the next one is taken, and in place of a chosen one that has gone the browser's default. A device whose permission was refused is not asked for again.
 */
export async function openDevices(
  access: DeviceAccess,
  kinds: readonly Kind[],
  choices: Choices = {},
): Promise<Opened> {
  const { getUserMedia } = access;
  if (!getUserMedia) return all(kinds, 'insecure');
  const asked = constraintsFor(choices);
  const first = await attempt(getUserMedia, kinds, asked);
  if (typeof first === 'object') return first;
  const alone = kinds.length === 1;
  if (first === 'denied' && (alone || !(await someAllowed(access, kinds)))) {
    return all(kinds, 'denied');
  }
  let opened: Opened = {};
  for (const kind of kinds) {
    const refused = first === 'denied' && (await access.permission(kind)) !== 'granted';
    let result = refused ? 'denied' : alone ? first : await attempt(getUserMedia, [kind], asked);
    if (result === 'missing' && choices[kind]) {
      result = await attempt(
        getUserMedia,
        [kind],
        constraintsFor({ ...choices, [kind]: undefined }),
      );
    }
    if (result === 'busy') result = await openAnother(access, getUserMedia, kind, asked);
    opened = { ...opened, ...(typeof result === 'object' ? result : { [kind]: result }) };
  }
  return opened;
}

async function openAnother(
  access: DeviceAccess,
  getUserMedia: GetUserMedia,
  kind: Kind,
  asked: Asked,
): Promise<Opened | Problem> {
  const ids = (await access.list().catch(() => []))
    .filter((one) => one.kind === INPUTS[kind] && !ALIAS.test(one.deviceId))
    .map((one) => one.deviceId);
  // With a single one, there is no other.
  for (const id of ids.length > 1 ? ids : []) {
    const exactly = { ...asked[kind], deviceId: { exact: id } };
    const result = await attempt(getUserMedia, [kind], { ...asked, [kind]: exactly });
    if (typeof result === 'object') return result;
  }
  return 'busy';
}

async function someAllowed(access: DeviceAccess, kinds: readonly Kind[]): Promise<boolean> {
  const states = await Promise.all(kinds.map((kind) => access.permission(kind)));
  return states.includes('granted');
}

function all(kinds: readonly Kind[], problem: Problem): Opened {
  return Object.fromEntries(kinds.map((kind) => [kind, problem]));
}

type GetUserMedia = NonNullable<DeviceAccess['getUserMedia']>;
type Asked = Record<Kind, MediaTrackConstraints>;

/** Opens devices of these kinds together, with what is asked of each. */
export async function attempt(
  getUserMedia: GetUserMedia,
  kinds: readonly Kind[],
  asked: Asked,
): Promise<Opened | Problem> {
  try {
    const stream = await getUserMedia({
      ...(kinds.includes('microphone') && { audio: asked.microphone }),
      ...(kinds.includes('camera') && { video: asked.camera }),
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
