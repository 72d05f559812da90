import { describe, expect, it, vi } from 'vitest';
import type { Kind } from './devices';
import { LocalMedia } from './media';
import { machine } from './testing/machine';

const GRANTED = { microphone: 'granted', camera: 'granted' } as const;
/** Until everything that was begun is done. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

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

  it('opens the camera first and the microphone when the path has been found, if it has to ask for neither', async () => {
    vi.useFakeTimers();
    const { access, asked } = machine({}, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    expect(asked).toEqual(['camera']);
    expect(media.device('microphone').asking).toBe(true);
    // To join does not hurry it.
    await media.open();
    expect(asked).toEqual(['camera']);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual(['camera', 'microphone']);
    expect(media.isOn('microphone')).toBe(true);
    vi.useRealTimers();
  });

  it('does not open a microphone that is switched off before its turn', async () => {
    vi.useFakeTimers();
    const { access, asked } = machine({}, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    await media.set('microphone', false);
    expect(media.device('microphone').asking).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(['camera']);
    vi.useRealTimers();
  });

  it('tries the camera again without waiting for the turn of the microphone', async () => {
    vi.useFakeTimers();
    const failing: Partial<Record<Kind, string>> = { camera: 'NotReadableError' };
    const media = new LocalMedia(machine(failing, GRANTED).access, () => {});
    await media.open();
    expect(media.device('camera').problem).toBe('busy');
    delete failing.camera;
    await media.retry();
    expect(media.isOn('camera')).toBe(true);
    vi.useRealTimers();
  });

  it('opens no microphone after the end', async () => {
    vi.useFakeTimers();
    const { access, asked } = machine({}, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    media.close();
    expect(media.device('microphone').asking).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(['camera']);
    await media.open();
    await vi.advanceTimersByTimeAsync(500);
    expect(media.isOn('microphone')).toBe(true);
    vi.useRealTimers();
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
    const { getUserMedia: _, ...insecure } = machine({}).access;
    const media = new LocalMedia(insecure, () => {});
    expect(media.device('camera').problem).toBe('insecure');
    await media.set('camera', false);
    await media.set('camera', true);
    expect(media.device('camera').problem).toBe('insecure');
  });

  it('takes the next device in place of one that is pulled out, and says so', async () => {
    const { access, tracks } = machine({}, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    const { track } = media.device('camera');
    track?.dispatchEvent(new Event('ended'));
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'missing' });
    await settle();
    expect(media.device('camera').track).toBe(tracks[1]);
    expect(media.device('camera')).toMatchObject({ problem: null, substitute: 'the first' });
    await media.set('camera', false);
    expect(media.device('camera').substitute).toBeNull();
  });

  it('has none when the only one is pulled out, until one is plugged in', async () => {
    const failing: Partial<Record<Kind, string>> = {};
    const { access, plug } = machine(failing, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    failing.camera = 'NotFoundError';
    media.device('camera').track?.dispatchEvent(new Event('ended'));
    await settle();
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'missing' });
    plug();
    await settle();
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'missing' });
    delete failing.camera;
    plug();
    await settle();
    expect(media.isOn('camera')).toBe(true);
    expect(media.device('camera')).toMatchObject({ problem: null, substitute: null });
  });

  it('opens devices that are plugged in later, once', async () => {
    const failing: Partial<Record<Kind, string>> = {
      microphone: 'NotFoundError',
      camera: 'NotFoundError',
    };
    const { access, asked, plug } = machine(failing);
    const media = new LocalMedia(access, () => {});
    await media.open();
    delete failing.camera;
    delete failing.microphone;
    asked.length = 0;
    plug();
    plug();
    await settle();
    expect(asked).toEqual(['microphone+camera']);
    expect([media.isOn('microphone'), media.isOn('camera')]).toEqual([true, true]);
  });

  it('opens nothing by itself that is not wanted, was refused, or is not in use', async () => {
    const { access, asked, plug, watchers } = machine({ microphone: 'NotAllowedError' }, GRANTED);
    const media = new LocalMedia(access, () => {});
    plug();
    await media.set('camera', false);
    await media.open();
    asked.length = 0;
    plug();
    await settle();
    media.close();
    plug();
    await settle();
    expect(asked).toEqual([]);
    media.end();
    expect(watchers.size).toBe(0);
  });

  it('does not make the browser ask when a device goes whose permission is not given for good', async () => {
    const { access, asked } = machine({}, { camera: 'prompt' });
    const media = new LocalMedia(access, () => {});
    await media.open();
    asked.length = 0;
    media.device('camera').track?.dispatchEvent(new Event('ended'));
    await settle();
    expect(asked).toEqual([]);
    expect(media.device('camera').problem).toBe('missing');
  });

  it('leaves a muted microphone that goes alone until it is wanted', async () => {
    const { access } = machine({}, GRANTED);
    const media = new LocalMedia(access, () => {});
    await media.open();
    await media.set('microphone', false);
    media.device('microphone').track?.dispatchEvent(new Event('ended'));
    await settle();
    expect(media.device('microphone').track).toBeNull();
    await media.set('microphone', true);
    expect(media.isOn('microphone')).toBe(true);
  });

  it('tells when a device gives nothing for a while, and opens it anew when told to', async () => {
    const media = local({});
    await media.open();
    const { track } = media.device('camera');
    track?.dispatchEvent(new Event('mute'));
    expect(media.device('camera')).toMatchObject({ track, problem: 'silent' });
    expect(media.isOn('camera')).toBe(false);
    track?.dispatchEvent(new Event('unmute'));
    expect(media.isOn('camera')).toBe(true);
    track?.dispatchEvent(new Event('mute'));
    await media.retry();
    expect(track?.readyState).toBe('ended');
    expect(media.device('camera').track).not.toBe(track);
    expect(media.isOn('camera')).toBe(true);
  });

  it('notices a permission that is taken back', async () => {
    const permissions: Partial<Record<Kind, PermissionState>> = { camera: 'granted' };
    const media = new LocalMedia(machine({}, permissions).access, () => {});
    await media.open();
    permissions.camera = 'denied';
    media.device('camera').track?.dispatchEvent(new Event('ended'));
    await settle();
    expect(media.device('camera')).toMatchObject({ track: null, problem: 'denied' });
  });
});

function local(failing: Partial<Record<Kind, string>>): LocalMedia {
  return new LocalMedia(machine(failing).access, () => {});
}
