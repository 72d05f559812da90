import type { Beside } from './beside/beside';
import { newId } from './beside/id';
import { browserDevices, type Kind } from './devices';
import { LINES, type Line } from './lines';
import { Link, type LinkOptions, type LinkState } from './link';
import { step } from './machine';
import { LocalMedia } from './media';
import { browserNetwork, type NetworkWatch } from './network';
import { type CallOptions, type ResumeStore, rememberHere } from './options';
import { asksFirst, roleOf } from './path';
import {
  type Capabilities,
  type MediaState,
  OWN_CAPABILITIES,
  type PeerMessage,
  readPeerMessage,
  type Tickets,
} from './protocol';
import { ReadyLink } from './ready';
import type { SealTrouble } from './seal/session';
import { SealedSignalling } from './seal/signalling';
import type { Settings } from './settings/settings';
import { type Milestone, Setup } from './setup';
import { type Signalling, socketSignalling } from './signalling';
import type { CallSnapshot } from './snapshot';
import { type CallState, type Effect, type Input, inCall, initialState, type Timer } from './state';
import type { Monitor, MonitorIo } from './statistics/monitor';
import type { Pictures } from './statistics/sound-first';
import type { Connection, Path } from './stats';

/** When this library began to run, counted from the start of loading the page (ms). */
const LOADED = performance.now();
const STATISTICS_EVERY_MS = 1_000;
/** A new path is tried with the credentials that there are if no fresh ones come by then (ms). */
const CREDENTIALS_WITHIN_MS = 1_500;

/**
 * So many links of a call have a safety code. Each is a try for somebody in the middle to come to the same code
 * on both sides, and nobody sees how often a server has links made anew.
 */
const MAX_CODES = 20;
/** Messages of a channel that may come before there is somebody to read them. */
const MOST_EARLY = 100;

/** What the other page says of its person, beside its devices. */
const SAYS_NOTHING = { name: '', lowData: false };

/** A call for two in one room: the machine, and the shells that carry out what it says. */
export class Call {
  /**
   * Whether one of the two has to start the call before anything is connected; holds from the next `join` on. The
   * other one's page is told, and waits as well.
   */
  asks: boolean;
  #state: CallState = initialState();
  #snapshot: CallSnapshot;
  #link: Link | null = null;
  /** The path before, which goes on until the new one carries. */
  #retiring: Link | null = null;
  /** While waiting. Only a page of this kind, to which this side offers, is given it. */
  readonly #ready = new ReadyLink(
    (gathered) =>
      this.#makeLink({ polite: false, offers: true, codes: true, data: true, gathered }),
    (offer) => this.#state.asks || this.#signalling.keep(offer),
  );
  #peerMedia: MediaState | null = null;
  /** What the page at the other end of the link can do. */
  #peerCan: Capabilities = {};
  #screen: MediaStream | null = null;
  #recording = false;
  #peerSays = SAYS_NOTHING;
  #settings: Settings | null = null;
  #sealTrouble: SealTrouble | null = null;
  #beside: Beside | null = null;
  #loading: Promise<Beside> | null = null;
  /** How many links there have been. */
  #links = 0;
  #iceServers: RTCIceServer[] = [];
  #connection: Connection | null = null;
  #lastPath: Path | null = null;
  #monitor: Monitor | null = null;
  #statistics: ReturnType<typeof setInterval> | undefined;
  readonly #setup = new Setup(LOADED);
  readonly #timers = new Map<Timer, ReturnType<typeof setTimeout>>();
  readonly #listeners = new Set<() => void>();
  readonly #roomId: string;
  readonly #sealed: boolean;
  readonly #token: string | undefined;
  readonly #attempt = newId();
  #joins = 0;
  readonly #resume: ResumeStore;
  readonly #signalling: Signalling;
  readonly #media: LocalMedia;
  readonly #network: NetworkWatch;
  readonly #saver: CallOptions['saver'];
  #unwatchNetwork = () => {};

  constructor(options: CallOptions) {
    const keys = 'keys' in options ? options.keys : null;
    this.#roomId = 'keys' in options ? options.keys.roomId : options.roomId;
    this.#sealed = keys !== null;
    this.#token = options.token;
    this.asks = options.asks ?? false;
    this.#resume = options.resume ?? rememberHere();
    const signalling = options.signalling ?? socketSignalling(this.#roomId);
    this.#signalling = keys ? new SealedSignalling(signalling, keys) : signalling;
    this.#saver = options.saver;
    this.#network = options.network ?? browserNetwork();
    this.#media = new LocalMedia(
      options.devices ?? browserDevices(),
      (kind) => this.#deviceChanged(kind),
      options.choices,
    );
    this.#snapshot = this.#take();
  }

  /** The call as it stands; a new object whenever anything has changed. */
  get snapshot(): CallSnapshot {
    return this.#snapshot;
  }

  /** Calls `listener` after every change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the line to the server, so that joining takes one round trip. */
  connect(): void {
    this.#unwatchNetwork = this.#network.watch(() => this.#input({ type: 'network-changed' }));
    this.#reach('dialled');
    this.#signalling.connect({
      up: () => {
        this.#reach('online');
        this.#input({ type: 'server-up' });
      },
      lost: (why) => this.#input({ type: 'server-lost', why }),
      joined: (body) => {
        const { userId, polite, resumed = false, peer } = body;
        this.#reach('seated');
        this.#takeIceServers(body.iceServers);
        if (body.resume) this.#resume.save(body.resume);
        this.#input({ type: 'joined', userId, polite, resumed, peer });
      },
      full: () => this.#input({ type: 'full' }),
      replaced: () => this.#input({ type: 'replaced' }),
      peerJoined: (peer) => this.#input({ type: 'peer-joined', peer }),
      peerAway: (userId) => this.#input({ type: 'peer-away', userId }),
      peerBack: (peer) => this.#input({ type: 'peer-back', peer }),
      peerLeft: (userId) => this.#input({ type: 'peer-left', userId }),
      message: (data) => this.#message(data),
      iceServers: (servers) => this.#takeIceServers(servers),
      refused: ({ event, code }) => this.#input({ type: 'refused', event, code }),
      sealTrouble: (trouble) => {
        this.#sealTrouble = trouble;
        this.#changed();
      },
    });
  }

  /** Takes a seat, or the own one back; camera and microphone start at the same time. */
  join(): void {
    this.#monitor?.end();
    this.#monitor = null;
    void this.#media.open();
    this.#input({ type: 'join', asks: this.asks });
  }

  /** Starts the call, while it is `ready`. */
  start(): void {
    this.#input({ type: 'call' });
  }

  /** Hangs up. */
  leave(): void {
    this.#input({ type: 'leave' });
  }

  /** Begins the call anew, with a seat and a path of its own: for when the old path does not come back. */
  rejoin(): void {
    this.leave();
    this.join();
  }

  /** Starts camera and microphone before joining. The browser may ask for permission. */
  preview(): Promise<void> {
    return this.#media.open();
  }

  /** Starts camera and microphone if that asks the person nothing. */
  async previewIfGranted(): Promise<void> {
    if (await this.#media.isGranted()) await this.#media.open();
  }

  /** Tries the devices again that could not be opened. */
  retryDevices(): Promise<void> {
    return this.#media.retry();
  }

  /** Switches a device on or off; the camera's light goes out with it. */
  setDevice(kind: Kind, on: boolean): Promise<void> {
    return this.#media.set(kind, on);
  }

  /**
   * Shows the other person a screen beside the camera, or in its place where their page knows no other way;
   * `null` ends that. It ends by itself when they leave. See {@link shareScreen}.
   */
  setScreen(screen: MediaStream | null): void {
    for (const track of this.#screen?.getTracks() ?? []) track.stop();
    this.#screen = screen;
    this.#feed();
    this.#settings?.tune();
    this.#tellDevices();
    this.#changed();
  }

  /** Tells the other person that the call is being recorded, or is no more. */
  setRecording(recording: boolean): void {
    this.#recording = recording;
    this.#tellDevices();
    this.#changed();
  }

  /**
   * What a person can choose: devices, quality, low data, a name. Fetched when it is first asked for, at the
   * latest when a call is connected; from then on `snapshot.settings` has the state of it.
   */
  async settings(): Promise<Settings> {
    const { Settings } = await import('./settings/settings');
    this.#settings ??= new Settings({
      media: this.#media,
      links: () => [this.#link, this.#retiring],
      peer: () => ({ ...this.#peerSays, can: this.#state.peer?.capabilities }),
      pictures: () => this.#pictures,
      screenOn: () => this.#screenOn,
      say: (message) => this.#send(message),
      changed: () => this.#changed(),
    });
    return this.#settings;
  }

  /** Chat and files with the other person, fetched when they are first asked for. */
  beside(): Promise<Beside> {
    this.#loading ??= import('./beside/beside').then(
      (part) => {
        this.#beside = new part.Beside(() => this.#changed(), this.#saver);
        if (this.#state.media === 'up') this.#beside.carry(this.#retiring ?? this.#link);
        return this.#beside;
      },
      (error) => {
        this.#loading = null;
        throw error;
      },
    );
    return this.#loading;
  }

  /** The page goes: it is closed or loaded anew, which it cannot tell. The seat stays for a while. */
  unload(): void {
    if (this.#state.peer?.capabilities?.leaving) this.#send({ type: 'unload' });
  }

  /** Ends everything: call, devices, connection. */
  close(): void {
    this.#input({ type: 'leave' });
    this.#unwatchNetwork();
    this.#settings?.end();
    this.#media.end();
    this.#signalling.close();
    this.#listeners.clear();
  }

  #input(input: Input): void {
    const before = this.#state;
    const { state, effects } = step(before, input, performance.now(), Math.random());
    this.#state = state;
    for (const effect of effects) this.#run(effect, before);
    if (inCall(before) && !inCall(state)) this.#media.close();
    if (isWatched(before) !== isWatched(state)) this.#watchConnection();
    if (before.phase !== 'waiting') this.#makeReady();
    if (state.phase !== 'waiting' && state.phase !== 'ready') this.#ready.drop();
    this.#changed();
  }

  #run(effect: Effect, before: CallState): void {
    switch (effect.do) {
      case 'send-join':
        this.#reach('asked');
        return this.#signalling.join({
          ...this.#tickets(),
          // An offer that is given with the seat would start the call unasked.
          capabilities: { ...OWN_CAPABILITIES, asks: this.#state.asks, kept: !this.#state.asks },
        });
      case 'send-leave':
        if (before.peer?.capabilities?.leaving) this.#send({ type: 'leaving' });
        // A seat that cannot be left is had back, rather than met as somebody else's.
        if (this.#signalling.leave()) this.#resume.save(null);
        return;
      case 'open-media':
        return this.#openLink(effect, before);
      case 'close-media':
        this.#beside?.left();
        this.#closeLinks();
        return this.setScreen(null);
      case 'restart-media':
        return this.#restart();
      case 'hurry-server':
        return this.#signalling.hurry();
      case 'tell-devices':
        this.#sayStarted();
        // A first screen may have been offered on a line to the server that was lost.
        this.#link?.offerAgain();
        return this.#tellDevices();
      case 'set-timer': {
        const { timer, ms } = effect;
        clearTimeout(this.#timers.get(timer));
        this.#timers.set(
          timer,
          setTimeout(() => this.#input({ type: 'timer', timer }), ms),
        );
        return;
      }
      case 'clear-timers':
        for (const timer of ['restart', 'give-up'] as const) clearTimeout(this.#timers.get(timer));
    }
  }

  #reach(point: Milestone): void {
    this.#setup.reach(point, performance.now());
  }

  #tickets(): Tickets {
    const resume = this.#resume.load();
    return {
      attempt: this.#attempt,
      n: ++this.#joins,
      ...(this.#token && { token: this.#token }),
      ...(resume && { resume }),
    };
  }

  #takeIceServers(servers: RTCIceServer[]): void {
    this.#iceServers = servers;
    this.#link?.setIceServers(servers);
    // What stands ready has been reached with the ones before, in the network before perhaps.
    this.#makeReady();
  }

  #send(message: PeerMessage): void {
    this.#signalling.send({ ...message, link: this.#link?.id ?? null });
  }

  /**
   * The polite side asks for a new path instead of offering one. Two offers would cross often, as both
   * sides see a path break at the same time, and Firefox finds no path again once it has taken back an offer
   * of a new one.
   */
  #restart(): void {
    if (roleOf(this.#state).polite && this.#state.peer?.capabilities?.restart) {
      // Its answer is here before the offer that this brings about.
      void this.#signalling.askIceServers();
      this.#send({ type: 'restart' });
    } else {
      void this.#restartHere();
    }
  }

  /** Offers a new path, for which fresh credentials are fetched: the old ones may have ended. */
  async #restartHere(): Promise<void> {
    const link = this.#link;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CREDENTIALS_WITHIN_MS);
    });
    await Promise.race([this.#signalling.askIceServers(), late]);
    clearTimeout(timer);
    if (link === this.#link) link?.restart();
  }

  #openLink(effect: Extract<Effect, { do: 'open-media' }>, before: CallState): void {
    const { media, mediaTo } = before;
    if (media === 'up') {
      this.#retiring?.close();
      this.#retiring = this.#link;
    } else {
      this.#closeLinks();
    }
    // What another connection of the same person has told already holds for this one.
    if (effect.peer.userId !== mediaTo) {
      this.#peerMedia = null;
      this.#peerSays = SAYS_NOTHING;
      this.#beside?.left();
    }
    this.#peerCan = effect.peer.capabilities ?? {};
    // A connection that takes the place of another one of the same call is no new meeting.
    if (before.connectedAt === null) this.#reach('met');
    const { peer, polite, offers } = effect;
    const codes = peer.capabilities?.code === true && this.#links < MAX_CODES;
    const ready = (codes || peer.kept) && offers && !polite ? this.#ready.take() : null;
    const data = this.#peerCan.chat === true;
    this.#link = ready?.link ?? this.#makeLink({ polite, offers, codes, data });
    this.#links += 1;
    this.#sayStarted();
    // They may have been given its offer with their seat, or an older one: the same offer twice counts once.
    if (ready?.isLeft && peer.kept) ready.link.sendFound();
    ready?.link.offerAgain();
    this.#feed();
    if (this.#peerMedia?.screen) this.#link.openScreen();
    this.#tellDevices();
  }

  #makeReady(): void {
    if (this.#state.phase === 'waiting' && this.#links < MAX_CODES) this.#ready.renew();
  }

  /** Makes a link that says nothing before it is the call's. */
  #makeLink(kind: Pick<LinkOptions, 'polite' | 'offers' | 'codes' | 'data' | 'gathered'>): Link {
    const link: Link = new Link({
      ...kind,
      iceServers: this.#iceServers,
      tracks: {
        microphone: this.#media.device('microphone').track,
        camera: this.#media.device('camera').track,
      },
      send: (message) => {
        if (this.#link === link) this.#send(message);
      },
      changed: (state) => this.#linkChanged(link, state),
      reached: (point) => {
        if (this.#link !== link) return;
        this.#reach(point);
        this.#changed();
      },
      remoteChanged: () => this.#changed(),
      channel: (channel) => {
        this.#takeChannel(link, channel).catch((error) => console.warn('twocan: channel:', error));
      },
    });
    return link;
  }

  /** A channel of theirs tells that the link carries, if nothing else has. */
  async #takeChannel(link: Link, channel: RTCDataChannel): Promise<void> {
    const early: unknown[] = [];
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => {
      if (early.push(data) > MOST_EARLY) channel.close();
    };
    const beside = await this.beside();
    if (link === this.#link) beside.carry(link);
    beside.take(channel, early);
  }

  #closeLinks(): void {
    this.#beside?.carry(null);
    this.#retiring?.close();
    this.#retiring = null;
    this.#link?.close();
    this.#link = null;
  }

  #linkChanged(link: Link, state: LinkState): void {
    if (link === this.#retiring) {
      if (state === 'up') return;
      this.#retireOld();
      this.#input({ type: 'media-interrupted' });
    } else if (link === this.#link) {
      if (state === 'up') {
        this.#reach('secured');
        this.#retireOld();
        this.#beside?.carry(link);
        // Not sooner: a call's beginning has nothing beside it.
        void this.settings().then((settings) => settings.tune(), console.warn);
      }
      this.#input({ type: `media-${state}` });
    }
  }

  #retireOld(): void {
    this.#retiring?.close();
    this.#retiring = null;
  }

  #message(data: unknown): void {
    const message: PeerMessage | null = readPeerMessage(data);
    if (!message) return;
    if (message.type === 'media') {
      this.#peerMedia = message.value;
      if (message.value.screen) this.#link?.openScreen();
      return this.#changed();
    }
    if (message.type === 'call') return this.#input({ type: 'call' });
    // A client that knows nothing of it starts the call with its offer.
    if (message.type === 'offer' && !this.#peerWaits) this.#input({ type: 'call' });
    if (message.type === 'quality') return this.#monitor?.hear(message.value, performance.now());
    if (message.type === 'name' || message.type === 'lowData') {
      this.#peerSays = { ...this.#peerSays, [message.type]: message.value };
      this.#settings?.tune();
      return this.#changed();
    }
    const here = this.#link?.id ?? null;
    if (message.link !== undefined && message.link !== here && !this.#follow(message)) return;
    if (message.type === 'leaving' || message.type === 'unload') {
      this.#input({ type: message.type === 'leaving' ? 'peer-leaving' : 'peer-unloading' });
    } else if (message.type === 'restart') {
      void this.#restartHere();
    } else {
      this.#link?.receive(message);
    }
  }

  /**
   * Takes up a message of another link than ours; `false` if there is nothing more to do. The side that
   * offers says which link counts, and makes a new one for a side that knows none. All else is stale:
   * it was sent before one of the two pages was loaded anew, and has waited for this one.
   */
  #follow({ type, link = null }: PeerMessage): boolean {
    const { polite } = roleOf(this.#state);
    if (polite ? type !== 'offer' : type !== 'restart') return false;
    if (polite && this.#link?.id === null) {
      this.#link.id = link;
      return true;
    }
    this.#input({ type: 'media-outdated' });
    if (polite && this.#link) this.#link.id = link;
    return polite;
  }

  #deviceChanged(kind: Kind): void {
    this.#feed(kind);
    this.#tellDevices();
    this.#settings?.deviceChanged();
    this.#changed();
  }

  /** Whether the other one's page waits for the start of a call if it has to. */
  get #peerWaits(): boolean {
    return this.#state.peer?.capabilities?.asks !== undefined;
  }

  /** Says that the call has been started, if that is waited for. */
  #sayStarted(): void {
    if (this.#peerWaits && asksFirst(this.#state)) this.#send({ type: 'call' });
  }

  /** Hands every link what is to be sent. */
  #feed(...lines: readonly Line[]): void {
    for (const line of lines.length > 0 ? lines : LINES) {
      const track = this.#trackOf(line);
      if (track && line === 'screen') this.#link?.openScreen();
      for (const link of [this.#link, this.#retiring, this.#ready]) link?.setTrack(line, track);
    }
  }

  #trackOf(line: Line): MediaStreamTrack | null {
    const picture = this.#screen?.getVideoTracks()[0] ?? null;
    const { screen } = this.#peerCan;
    if (line === 'screenSound') return (screen && this.#screen?.getAudioTracks()[0]) || null;
    if (line === this.#screenOn) return picture;
    return line === 'screen' ? null : this.#media.device(line).track;
  }

  #tellDevices(): void {
    this.#settings?.tell();
    if (!this.#link || !this.#state.peer?.capabilities?.media) return;
    const camera = this.#media.isOn('camera') || this.#screenOn === 'camera';
    const paused = this.#isPaused;
    const value = {
      microphone: this.#media.isOn('microphone'),
      camera: camera && !paused,
      screen: this.#screen !== null,
      recording: this.#recording,
      paused,
    };
    this.#send({ type: 'media', value });
  }

  /** How pictures are sent: without the settings, nobody holds them back. */
  get #pictures(): Pictures {
    return (this.#settings && this.#monitor?.statistics.pictures) ?? 'all';
  }

  get #isPaused(): boolean {
    return this.#pictures !== 'all' && (this.#media.isOn('camera') || this.#screen !== null);
  }

  /** On which line the screen goes. */
  get #screenOn(): 'screen' | 'camera' | null {
    if (!this.#screen) return null;
    return this.#peerCan.screen ? 'screen' : 'camera';
  }

  #watchConnection(): void {
    clearInterval(this.#statistics);
    this.#connection = null;
    if (!isWatched(this.#state)) return this.#monitor?.end();
    const read = async () => {
      const link = this.#retiring ?? this.#link;
      const { microphone, camera } = this.#peerMedia ?? { microphone: true, camera: true };
      const read = await link?.connection(microphone || camera);
      const connection = read?.connection ?? null;
      // Fetched only when there is something to see.
      const { Monitor } = connection ? await import('./statistics/monitor').catch(without) : {};
      if (!isWatched(this.#state)) return;
      this.#connection = connection;
      this.#lastPath = connection?.path ?? this.#lastPath;
      if (Monitor) this.#monitor ??= new Monitor(this.#monitorIo());
      if (read)
        this.#monitor?.take(link, read.entries, this.#state.media === 'up', performance.now());
      this.#changed();
    };
    this.#statistics = setInterval(read, STATISTICS_EVERY_MS);
    void read();
  }

  #monitorIo(): MonitorIo {
    return {
      iceServers: () => this.#iceServers,
      tell: (value) => {
        if (this.#state.peer?.capabilities?.quality) this.#send({ type: 'quality', value });
      },
      picturesChanged: () => {
        const change = (settings: Settings) => {
          settings.tune();
          this.#tellDevices();
          this.#changed();
        };
        void this.settings().then(change, console.warn);
      },
    };
  }

  #changed(): void {
    this.#snapshot = this.#take();
    for (const listener of this.#listeners) listener();
  }

  #take(): CallSnapshot {
    const state = this.#state;
    const link = this.#retiring ?? this.#link;
    const stream = link?.remote ?? null;
    const sends = (kind: 'audio' | 'video') =>
      stream?.getTracks().some((track) => track.kind === kind && !track.muted) ?? false;
    return {
      roomId: this.#roomId,
      sealed: this.#sealed,
      sealTrouble: this.#sealTrouble,
      phase: state.phase,
      inCall: inCall(state),
      failure: state.failure,
      server: state.server,
      peerLeft: state.peerLeft,
      waitingForSeat: state.waitingForSeat,
      stuck: state.stuck,
      peerAway: state.peerAway,
      peerOffline: state.media === 'up' && state.seat === 'held' && state.peer === null,
      microphone: this.#media.device('microphone'),
      camera: this.#media.device('camera'),
      settings: this.#settings?.snapshot ?? null,
      screen: this.#screen,
      paused: this.#isPaused,
      recording: this.#recording,
      remote: {
        ...this.#peerSays,
        name: state.peer?.name ?? this.#peerSays.name,
        stream,
        microphone: this.#peerMedia?.microphone ?? sends('audio'),
        camera: this.#peerMedia?.camera ?? sends('video'),
        screen: (this.#peerMedia?.screen && link?.remoteScreen) || null,
        recording: this.#peerMedia?.recording ?? false,
        paused: this.#peerMedia?.paused ?? false,
        capabilities: this.#peerCan,
      },
      takes: { chat: this.#peerCan.chat === true, files: this.#peerCan.files === true },
      chat: this.#beside?.chat.lines ?? [],
      files: this.#beside?.files.list() ?? [],
      code: link?.code ?? null,
      connection: state.media === 'up' ? this.#connection : null,
      statistics: this.#monitor?.statistics ?? null,
      lastPath: this.#lastPath,
      setup: this.#setup.times,
      connectedAt: state.connectedAt,
      talkedMs: state.talkedMs,
    };
  }
}

/** The call goes on without its statistics. */
function without(error: unknown): { Monitor?: never } {
  console.warn('twocan: statistics:', error);
  return {};
}

/** Whether there is a path that carries, or has and may again. */
function isWatched({ media }: CallState): boolean {
  return media === 'up' || media === 'interrupted';
}
