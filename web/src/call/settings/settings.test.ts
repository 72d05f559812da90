import { describe, expect, it } from 'vitest';
import type { Choices } from '../choices';
import type { Kind } from '../devices';
import type { Line } from '../lines';
import type { Link } from '../link';
import { LocalMedia } from '../media';
import type { Capabilities, PeerMessage } from '../protocol';
import type { Pictures } from '../statistics/sound-first';
import { type FakeTrack, machine } from '../testing/machine';
import { Settings } from './settings';

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('choosing devices', () => {
  it('takes another camera in place of the open one, and remembers it by id and name', async () => {
    const { settings, media, kept, asked } = await begun();
    const before = media.device('camera').track;
    await settings.choose('camera', 'two');
    expect(asked.at(-1)).toBe('camera two');
    expect(media.device('camera').track?.label).toBe('two');
    expect(before?.readyState).toBe('ended');
    expect(kept.choices.camera).toEqual({ id: 'two', label: 'two' });
    expect(settings.snapshot).toMatchObject({ camera: 'two', refused: null });
  });

  it('keeps a muted microphone muted when it is another one', async () => {
    const { settings, media } = await begun();
    await media.set('microphone', false);
    await settings.choose('microphone', 'two');
    expect(media.device('microphone').track).toMatchObject({ label: 'two', enabled: false });
  });

  it('only remembers the choice while the device is off', async () => {
    const { settings, media, kept, asked } = await begun();
    await media.set('camera', false);
    const before = asked.length;
    await settings.choose('camera', 'two');
    expect(asked).toHaveLength(before);
    expect(kept.choices.camera?.id).toBe('two');
    expect(settings.snapshot.camera).toBe('two');
    await media.set('camera', true);
    expect(media.device('camera').track).not.toBeNull();
  });

  it('goes on with the device before when the chosen one does not start, and says so', async () => {
    const { settings, media, kept, taken } = await begun();
    taken.add('two');
    await settings.choose('camera', 'two');
    expect(media.device('camera').track).toMatchObject({ label: 'the first', readyState: 'live' });
    expect(kept.choices.camera).toBeUndefined();
    expect(settings.snapshot.refused).toEqual({ kind: 'camera', problem: 'busy' });
    await settings.choose('camera', 'one');
    expect(settings.snapshot.refused).toBeNull();
  });

  it('closes the open camera first where two cannot be open at once, as on phones', async () => {
    const { settings, media, tracks, access } = await begun();
    const { getUserMedia } = access;
    access.getUserMedia = async (constraints) => {
      const open = tracks.some((one) => one.kind === 'video' && one.readyState === 'live');
      if (constraints.video && open) throw new DOMException('', 'NotReadableError');
      if (!getUserMedia) throw new Error('no devices');
      return getUserMedia(constraints);
    };
    await settings.choose('camera', 'two');
    expect(media.device('camera').track).toMatchObject({ label: 'two', readyState: 'live' });
  });

  it('takes a chosen device that has got another id, by its name', async () => {
    const camera = { id: 'of another day', label: 'two' };
    const { settings, media, kept } = await begun({ choices: { camera } });
    await settle();
    expect(media.device('camera').track?.label).toBe('two');
    expect(kept.choices.camera).toEqual({ id: 'two', label: 'two' });
    expect(settings.snapshot.camera).toBe('two');
  });

  it('leaves a chosen device that is gone alone: what the browser gives goes on', async () => {
    const camera = { id: 'gone', label: 'gone' };
    const { media, kept } = await begun({ choices: { camera } });
    await settle();
    expect(media.device('camera').track?.readyState).toBe('live');
    expect(kept.choices.camera).toEqual(camera);
  });

  it('lists what is plugged in later', async () => {
    const { settings, list, plug } = await begun();
    list.push('three');
    plug();
    await settle();
    expect(settings.snapshot.cameras.map(({ id }) => id)).toEqual(['one', 'two', 'three']);
  });

  it('offers speakers only where one can be chosen', async () => {
    const { settings } = await begun();
    expect(settings.snapshot.speakers).toEqual([]);
    const able = await begun({ abilities: { speakers: true, touch: false } });
    expect(able.settings.snapshot.speakers.map(({ id }) => id)).toEqual(['one', 'two']);
    await able.settings.choose('speaker', 'two');
    expect(able.settings.snapshot.speaker).toBe('two');
  });

  it('turns to the camera on the other side, on devices that are held in the hand', async () => {
    const { settings } = await begun();
    expect(settings.snapshot.canFlip).toBe(false);
    const phone = await begun({ abilities: { speakers: false, touch: true } });
    expect(phone.settings.snapshot.canFlip).toBe(true);
    await phone.settings.flip();
    const { deviceId } = phone.media.device('camera').track?.getSettings() ?? {};
    expect(deviceId).toBe('one');
    await phone.settings.flip();
    expect(phone.media.device('camera').track?.label).toBe('two');
    expect(phone.kept.choices.camera?.id).toBe('two');
  });

  it('asks a camera that knows its side for the other side', async () => {
    const { settings, media, wished } = await begun({
      abilities: { speakers: false, touch: true },
    });
    const track = media.device('camera').track as unknown as FakeTrack;
    track.settings = { deviceId: 'one', facingMode: 'user' };
    await settings.flip();
    expect(wished.at(-1)).toMatchObject({ facingMode: { exact: 'environment' } });
  });
});

describe('quality', () => {
  it('asks the open camera, remembers the wish, and shows what is given', async () => {
    const { settings, kept } = await begun();
    await settings.setQuality({ height: 1080, rate: 30 });
    expect(settings.snapshot.granted).toEqual({ width: 1920, height: 1080, rate: 30 });
    expect(kept.choices).toMatchObject({ height: 1080, rate: 30 });
    await settings.setQuality({ height: undefined, rate: undefined });
    expect(settings.snapshot.granted).toMatchObject({ width: 1280, height: 720 });
  });

  it('puts sound before pictures in every connection', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link] });
    settings.tune();
    expect(link.sound).toEqual({ priority: 'high', networkPriority: 'high' });
    expect(link.picture).toMatchObject({ maxBitrate: undefined, scaleResolutionDownBy: 1 });
  });
});

describe('low data', () => {
  it('caps the pictures, tells the other page once, and takes the cap back', async () => {
    const link = new FakeLink();
    const { settings, said } = await begun({ links: [link] });
    await settings.setQuality({ height: 1080 });
    settings.setLowData(true);
    expect(said).toEqual([{ type: 'lowData', value: true }]);
    expect(link.picture).toMatchObject({ maxBitrate: 150_000, maxFramerate: 15 });
    expect(link.scale).toBe(4);
    settings.setLowData(false);
    expect(said.at(-1)).toEqual({ type: 'lowData', value: false });
    expect(link.picture).toMatchObject({ maxBitrate: undefined });
    expect(link.scale).toBe(1);
  });

  it('holds when the other side has asked for it', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], peerLowData: true });
    settings.tune();
    expect(link.picture).toMatchObject({ maxBitrate: 150_000 });
  });

  it('caps a screen, which stays as large as it is', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], screenOn: 'screen' });
    settings.setLowData(true);
    expect(link.screen).toEqual({ maxBitrate: 300_000, maxFramerate: 5, active: true });
    expect(link.picture).toMatchObject({ maxBitrate: 150_000, active: true });
    settings.setLowData(false);
    expect(link.screen).toEqual({ maxBitrate: undefined, maxFramerate: undefined, active: true });
  });

  it('knows a screen in place of the camera', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], screenOn: 'camera' });
    settings.setLowData(true);
    expect(link.picture).toMatchObject({ maxBitrate: 300_000, scaleResolutionDownBy: 1 });
    expect(link.scale).toBe(1);
  });

  it('leaves the small first pictures of a connection as they are', async () => {
    const link = new FakeLink();
    link.isSharp = false;
    const { settings } = await begun({ links: [link] });
    settings.tune();
    expect(link.picture).not.toHaveProperty('scaleResolutionDownBy');
  });
});

describe('sound first', () => {
  it('sends no pictures where there is room for sound alone', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], pictures: 'none' });
    settings.tune();
    expect(link.picture).toMatchObject({ active: false });
    expect(link.screen).toMatchObject({ active: false });
    expect(link.sound).not.toHaveProperty('active');
  });

  it('sends small ones to see whether there is room', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], pictures: 'trial' });
    await settings.setQuality({ height: 1080 });
    expect(link.picture).toMatchObject({ active: true, maxBitrate: 60_000 });
    expect(link.scale).toBe(6);
    expect(link.screen).toMatchObject({ active: false });
  });

  it('tries one of two, the screen, and not the size of it', async () => {
    const link = new FakeLink();
    const { settings } = await begun({ links: [link], pictures: 'trial', screenOn: 'screen' });
    settings.tune();
    expect(link.screen).toEqual({ active: true, maxBitrate: 60_000, maxFramerate: 5 });
    expect(link.picture).toMatchObject({ active: false });
  });
});

describe('the name', () => {
  it('is told when it is set, and again to each new page, which is told low data as well', async () => {
    const { settings, said } = await begun({ choices: { lowData: true } });
    said.length = 0;
    settings.setName('  Ada ');
    expect(said).toEqual([{ type: 'name', value: 'Ada' }]);
    settings.tell();
    expect(said.slice(1)).toEqual([
      { type: 'name', value: 'Ada' },
      { type: 'lowData', value: true },
    ]);
  });

  it('is told to nobody who does not understand it', async () => {
    const { settings, said } = await begun({ can: { media: true } });
    settings.setName('Ada');
    settings.setLowData(true);
    settings.tell();
    expect(said).toEqual([]);
  });
});

interface Setting {
  choices?: Choices;
  abilities?: { speakers: boolean; touch: boolean };
  links?: FakeLink[];
  peerLowData?: boolean;
  pictures?: Pictures;
  screenOn?: 'screen' | 'camera' | null;
  can?: Capabilities;
}

/** A person with two cameras and microphones, both kinds open. */
async function begun({
  choices = {},
  abilities = { speakers: false, touch: false },
  links = [],
  peerLowData = false,
  pictures = 'all',
  screenOn = null,
  can = { name: true, lowData: true },
}: Setting = {}) {
  // Where the browser has to ask, both are opened at once.
  const computer = machine({});
  computer.list.push('one', 'two');
  const kept = { choices };
  const wished: MediaTrackConstraints[] = [];
  const { getUserMedia } = computer.access;
  const access = {
    ...computer.access,
    getUserMedia: async (constraints: MediaStreamConstraints) => {
      if (typeof constraints.video === 'object') wished.push(constraints.video);
      if (!getUserMedia) throw new Error('no devices');
      return getUserMedia(constraints);
    },
  };
  const store = {
    load: () => kept.choices,
    save: (next: Choices) => {
      kept.choices = next;
    },
  };
  const said: PeerMessage[] = [];
  const media = new LocalMedia(access, (_: Kind) => {}, store);
  await media.open();
  const settings = new Settings(
    {
      media,
      links: () => links as unknown as Link[],
      peer: () => ({ lowData: peerLowData, can }),
      pictures: () => pictures,
      screenOn: () => screenOn,
      say: (message) => said.push(message),
      changed: () => {},
    },
    abilities,
  );
  await settings.refresh();
  return { ...computer, access, settings, media, kept, said, wished };
}

class FakeLink {
  scale = 1;
  isSharp = true;
  sound = {};
  picture = {};
  screen = {};

  async tune(line: Line, change: object) {
    if (line === 'microphone') this.sound = change;
    else if (line === 'camera') this.picture = change;
    else this.screen = change;
  }
}
