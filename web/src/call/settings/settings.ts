import { type Choices, constraintsFor } from '../choices';
import { attempt, type DeviceInfo, INPUTS, type Kind, type Problem } from '../devices';
import type { Line } from '../lines';
import type { Link } from '../link';
import type { LocalMedia } from '../media';
import { type Capabilities, MAX_NAME, type PeerMessage } from '../protocol';
import type { Pictures } from '../statistics/sound-first';
import { type Abilities, browserAbilities } from './abilities';
import { type DeviceOption, findChosen, optionsOf } from './lists';
import { watchLevel } from './meter';

export type { DeviceOption } from './lists';

/** What can be chosen, and what is. */
export interface SettingsSnapshot {
  readonly cameras: readonly DeviceOption[];
  readonly microphones: readonly DeviceOption[];
  /** Empty where the browser lets nobody choose. */
  readonly speakers: readonly DeviceOption[];
  /** Id of the device that is in use, or would be; empty for the browser's default. */
  readonly camera: string;
  readonly microphone: string;
  readonly speaker: string;
  /** What could not be opened of late, and why; the device before goes on. */
  readonly refused: { readonly kind: Kind; readonly problem: Problem } | null;
  /** There is a camera on the other side to turn to. */
  readonly canFlip: boolean;
  /** The camera looks away from the person: its picture is not to be mirrored. */
  readonly looksAway: boolean;
  readonly height: Choices['height'];
  readonly rate: Choices['rate'];
  /** What the camera gives; `null` while it is off. */
  readonly granted: { width: number; height: number; rate: number } | null;
  readonly lowData: boolean;
  readonly name: string;
}

/** What settings need of their call. */
export interface SettingsHost {
  readonly media: LocalMedia;
  /** The connections that carry, or are to. */
  links(): readonly (Link | null)[];
  /** What the other one has told, and what their page can do. */
  peer(): { readonly lowData: boolean; readonly can: Capabilities | null | undefined };
  /** How pictures are sent beside sound. */
  pictures(): Pictures;
  /** On which line the other person is shown a screen; `null` if none is. */
  screenOn(): 'screen' | 'camera' | null;
  say(message: PeerMessage): void;
  changed(): void;
}

interface Limits {
  /** Of the camera's picture. */
  readonly height: number;
  readonly camera: Partial<RTCRtpEncodingParameters>;
  /** Of a screen, which is never made smaller: its letters are to be read. */
  readonly screen: Partial<RTCRtpEncodingParameters>;
}

/** What pictures may cost with low data. Few pictures of a screen at this pace are sharp within seconds. */
const LOW_DATA: Limits = {
  height: 270,
  camera: { maxBitrate: 150_000, maxFramerate: 15 },
  screen: { maxBitrate: 300_000, maxFramerate: 5 },
};
/** What shows whether there is room for pictures beside sound. One of the two is sent. */
const TRIAL: Limits = {
  height: 180,
  camera: { maxBitrate: 60_000, maxFramerate: 10 },
  screen: { maxBitrate: 60_000, maxFramerate: 5 },
};
/** What is absent has no limit; `undefined` takes back one that there was. */
const NONE = { maxBitrate: undefined, maxFramerate: undefined } as object;
const UNLIMITED: Limits = { height: Number.POSITIVE_INFINITY, camera: NONE, screen: NONE };
/** Sound has four times the weight of pictures, and is marked for the networks that look (RFC 8837). */
const SOUND_FIRST = { priority: 'high', networkPriority: 'high' } as const;

/** What a person may choose: devices, quality, low data, a name. All of it is remembered. */
export class Settings {
  #devices: readonly DeviceInfo[] = [];
  #refused: SettingsSnapshot['refused'] = null;
  readonly #host: SettingsHost;
  readonly #abilities: Abilities;
  readonly #unwatch: () => void;

  constructor(host: SettingsHost, abilities = browserAbilities()) {
    this.#host = host;
    this.#abilities = abilities;
    this.#unwatch = host.media.access.watch(() => void this.refresh());
    void this.refresh();
    this.tell();
  }

  get snapshot(): SettingsSnapshot {
    const { height, rate, lowData = false, name = '' } = this.#choices;
    const { facingMode, ...given } = this.#track('camera')?.getSettings() ?? {};
    const cameras = optionsOf(this.#devices, INPUTS.camera);
    const microphones = optionsOf(this.#devices, INPUTS.microphone);
    const speakers = this.#abilities.speakers ? optionsOf(this.#devices, 'audiooutput') : [];
    return {
      cameras,
      microphones,
      speakers,
      camera: this.#inUse('camera', cameras),
      microphone: this.#inUse('microphone', microphones),
      speaker: findChosen(speakers, this.#choices.speaker)?.id ?? '',
      refused: this.#refused,
      canFlip: this.#abilities.touch && cameras.length > 1 && given.deviceId !== undefined,
      looksAway: facingMode === 'environment',
      height,
      rate,
      granted:
        given.width && given.height
          ? { width: given.width, height: given.height, rate: Math.round(given.frameRate ?? 0) }
          : null,
      lowData,
      name,
    };
  }

  /** Looks again which devices there are, and takes a chosen one that has got another id. */
  async refresh(): Promise<void> {
    this.#devices = await this.#host.media.access.list().catch(() => []);
    this.#host.changed();
    for (const kind of ['microphone', 'camera'] as const) {
      const chosen = this.#choices[kind];
      const found = findChosen(optionsOf(this.#devices, INPUTS[kind]), chosen);
      if (found && found.id !== chosen?.id) await this.choose(kind, found.id);
    }
  }

  /** Takes another device into use; the empty id is the browser's default. */
  async choose(kind: Kind | 'speaker', id: string): Promise<void> {
    const input = kind === 'speaker' ? 'audiooutput' : INPUTS[kind];
    const device = optionsOf(this.#devices, input).find((one) => one.id === id);
    const before = this.#choices;
    this.#refused = null;
    this.#choose({ [kind]: id && device ? device : undefined });
    if (kind === 'speaker') return;
    const which = id ? { deviceId: { exact: id } } : {};
    // What did not work is not tried again on the next visit.
    if (!(await this.#open(kind, which))) this.#choose({ [kind]: before[kind] });
  }

  /** Turns to the camera on the other side of a phone. */
  async flip(): Promise<void> {
    const { deviceId, facingMode } = this.#track('camera')?.getSettings() ?? {};
    const cameras = optionsOf(this.#devices, INPUTS.camera).map(({ id }) => id);
    const next = cameras[(cameras.indexOf(deviceId ?? '') + 1) % cameras.length];
    const side = facingMode === 'environment' ? 'user' : 'environment';
    const flipped =
      (facingMode && (await this.#open('camera', { facingMode: { exact: side } }))) ||
      (next && (await this.#open('camera', { deviceId: { exact: next } })));
    const track = flipped && this.#track('camera');
    const id = track ? track.getSettings().deviceId : undefined;
    if (track && id) this.#choose({ camera: { id, label: track.label } });
  }

  /** Asks the camera for a size of the picture and a number of pictures; what it gives is in `granted`. */
  async setQuality(quality: Pick<Choices, 'height' | 'rate'>): Promise<void> {
    this.#choose(quality);
    const { width, height, frameRate } = constraintsFor(this.#choices).camera;
    const wishes = { width, height, ...(frameRate !== undefined && { frameRate }) };
    // They are wishes: a camera that cannot do it goes on as it is.
    await this.#track('camera')
      ?.applyConstraints(wishes as MediaTrackConstraints)
      .catch(() => {});
    this.tune();
    this.#host.changed();
  }

  /** Sound first: small pictures in both directions. */
  setLowData(lowData: boolean): void {
    this.#choose({ lowData });
    this.tune();
    this.#say('lowData');
  }

  /** As what the person is shown to the other one; nothing if it is empty. */
  setName(name: string): void {
    this.#choose({ name: name.trim().slice(0, MAX_NAME) });
    this.#say('name');
  }

  /** Tells another page, or the same one in another connection, what it cannot guess. */
  tell(): void {
    const { name, lowData } = this.#choices;
    if (name) this.#say('name');
    if (lowData) this.#say('lowData');
  }

  /** Has pictures and sound sent as either side wishes. */
  tune(): void {
    const low = this.#choices.lowData || this.#host.peer().lowData;
    const pictures = this.#host.pictures();
    const limits = pictures === 'trial' ? TRIAL : low ? LOW_DATA : UNLIMITED;
    const screenOn = this.#host.screenOn();
    const isSent = (line: Line) =>
      pictures === 'all' || (pictures === 'trial' && line === (screenOn ?? 'camera'));
    const { height = 0 } = this.#track('camera')?.getSettings() ?? {};
    const isFace = screenOn !== 'camera';
    for (const link of this.#host.links()) {
      if (!link) continue;
      link.scale = isFace ? Math.max(1, height / limits.height) : 1;
      void link.tune('microphone', SOUND_FIRST);
      const size = link.isSharp && { scaleResolutionDownBy: link.scale };
      const ofCamera = isFace ? limits.camera : limits.screen;
      void link.tune('camera', { ...ofCamera, ...size, active: isSent('camera') });
      void link.tune('screen', { ...limits.screen, active: isSent('screen') });
    }
  }

  /** A device was opened or closed: names may have become known, and another camera has other limits. */
  deviceChanged(): void {
    void this.refresh();
    this.tune();
  }

  /** Tells the level of the microphone, from 0 to 1, until the returned function is called; `null` while it is off. */
  watchLevel(tell: (level: number) => void): (() => void) | null {
    const track = this.#track('microphone');
    return track && watchLevel(track, tell);
  }

  end(): void {
    this.#unwatch();
  }

  get #choices(): Choices {
    return this.#host.media.choices;
  }

  #say(what: 'name' | 'lowData'): void {
    if (!this.#host.peer().can?.[what]) return;
    const { name = '', lowData = false } = this.#choices;
    this.#host.say(what === 'name' ? { type: what, value: name } : { type: what, value: lowData });
  }

  #track(kind: Kind): MediaStreamTrack | null {
    return this.#host.media.device(kind).track;
  }

  #choose(change: Choices): void {
    const { media, changed } = this.#host;
    media.choices = { ...media.choices, ...change };
    media.store?.save(media.choices);
    changed();
  }

  #inUse(kind: Kind, options: readonly DeviceOption[]): string {
    const { label = '' } = this.#track(kind) ?? {};
    const id = this.#track(kind)?.getSettings().deviceId ?? '';
    const open = findChosen(options, { id, label });
    // A default that was followed has the name of the alias, or the id of the alias alone.
    if (this.#track(kind)) return open?.id ?? '';
    return findChosen(options, this.#choices[kind])?.id ?? options[0]?.id ?? '';
  }

  /** Opens a device in place of the present one, if that is open; `false` if it cannot be. */
  async #open(kind: Kind, which: MediaTrackConstraints): Promise<boolean> {
    const { media } = this.#host;
    const { getUserMedia } = media.access;
    let problem: Problem | null = null;
    const open = async (wanted: MediaTrackConstraints) => {
      if (!getUserMedia) return 'insecure' as const;
      const asked = constraintsFor({ ...this.#choices, [kind]: undefined });
      const { facingMode: _, ...camera } = asked.camera;
      const base = kind === 'camera' && 'facingMode' in wanted ? { ...asked, camera } : asked;
      const all = { ...base, [kind]: { ...base[kind], ...wanted } };
      const result = await attempt(getUserMedia, [kind], all);
      return typeof result === 'string' ? result : (result[kind] ?? 'missing');
    };
    await media.swap(kind, async () => {
      const track = this.#track(kind);
      if (!track) return null;
      const { deviceId = '' } = track.getSettings();
      let opened = await open(which);
      if (opened === 'busy') {
        // Phones have one camera open at a time.
        track.stop();
        opened = await open(which);
      }
      if (typeof opened !== 'string') return opened;
      problem = opened;
      if (track.readyState === 'live') return null;
      const back = await open({ deviceId });
      if (typeof back !== 'string') return back;
      // It is as gone as if it had been pulled out.
      track.dispatchEvent(new Event('ended'));
      return null;
    });
    this.#refused = problem && { kind, problem };
    this.#host.changed();
    return problem === null;
  }
}
