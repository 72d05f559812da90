import type { Beside } from './beside/beside';
import { browserDevices, type Kind } from './devices';
import { Link, type LinkOptions, type LinkState } from './link';
import { step } from './machine';
import { LocalMedia } from './media';
import { browserNetwork, type NetworkWatch } from './network';
import { type CallOptions, type ResumeStore, rememberHere } from './options';
import { roleOf } from './path';
import {
  type Capabilities,
  type MediaState,
  type PeerMessage,
  readPeerMessage,
  type Tickets,
} from './protocol';
import { ReadyLink } from './ready';
import type { SealTrouble } from './seal/session';
import { SealedSignalling } from './seal/signalling';
import { type Milestone, Setup } from './setup';
import { type Signalling, socketSignalling } from './signalling';
import type { CallSnapshot } from './snapshot';
import { type CallState, type Effect, type Input, inCall, initialState, type Timer } from './state';
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

/** A call for two in one room: the machine, and the shells that carry out what it says. */
export class Call {
  #state: CallState = initialState();
  #snapshot: CallSnapshot;
  #link: Link | null = null;
  /** The path before, which goes on until the new one carries. */
  #retiring: Link | null = null;
  /** While waiting. Only a page of this kind, to which this side offers, is given it. */
  readonly #ready = new ReadyLink(() =>
    this.#makeLink({ polite: false, offers: true, codes: true, data: true }),
  );
  #peerMedia: MediaState | null = null;
  #sealTrouble: SealTrouble | null = null;
  /** What the page at the other end of the link can do. */
  #theirs: Capabilities = {};
  #beside: Beside | null = null;
  #loading: Promise<Beside> | null = null;
  /** How many links there have been. */
  #links = 0;
  #iceServers: RTCIceServer[] = [];
  #connection: Connection | null = null;
  #lastPath: Path | null = null;
  #statistics: ReturnType<typeof setInterval> | undefined;
  readonly #setup = new Setup(LOADED);
  readonly #timers = new Map<Timer, ReturnType<typeof setTimeout>>();
  readonly #listeners = new Set<() => void>();
  readonly #roomId: string;
  readonly #sealed: boolean;
  readonly #token: string | undefined;
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
    this.#resume = options.resume ?? rememberHere();
    const signalling = options.signalling ?? socketSignalling(this.#roomId);
    this.#signalling = keys ? new SealedSignalling(signalling, keys) : signalling;
    this.#saver = options.saver;
    this.#network = options.network ?? browserNetwork();
    this.#media = new LocalMedia(options.devices ?? browserDevices(), (kind) =>
      this.#deviceChanged(kind),
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
      lost: (crowded = false) => this.#input({ type: 'server-lost', crowded }),
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
    void this.#media.open();
    this.#input({ type: 'join' });
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
    else if (state.phase !== 'waiting') this.#ready.drop();
    this.#changed();
  }

  #run(effect: Effect, before: CallState): void {
    switch (effect.do) {
      case 'send-join':
        this.#reach('asked');
        return this.#signalling.join(this.#tickets());
      case 'send-leave':
        if (before.peer?.capabilities?.leaving) this.#send({ type: 'leaving' });
        // A seat that cannot be left is had back, rather than met as somebody else's.
        if (this.#signalling.leave()) this.#resume.save(null);
        return;
      case 'open-media':
        return this.#openLink(effect, before);
      case 'close-media':
        this.#beside?.left();
        return this.#closeLinks();
      case 'restart-media':
        return this.#restart();
      case 'hurry-server':
        return this.#signalling.hurry();
      case 'tell-devices':
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
    return { ...(this.#token && { token: this.#token }), ...(resume && { resume }) };
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
      this.#beside?.left();
    }
    this.#theirs = effect.peer.capabilities ?? {};
    // A connection that takes the place of another one of the same call is no new meeting.
    if (before.connectedAt === null) this.#reach('met');
    const { peer, polite, offers } = effect;
    const codes = peer.capabilities?.code === true && this.#links < MAX_CODES;
    const ready = codes && offers && !polite ? this.#ready.take() : null;
    this.#link =
      ready ?? this.#makeLink({ polite, offers, codes, data: this.#theirs.chat === true });
    this.#links += 1;
    // So far it has said nothing.
    ready?.offerAgain();
    this.#tellDevices();
  }

  #makeReady(): void {
    if (this.#state.phase === 'waiting' && this.#links < MAX_CODES) this.#ready.renew();
  }

  /** Makes a link that says nothing before it is the call's. */
  #makeLink(kind: Pick<LinkOptions, 'polite' | 'offers' | 'codes' | 'data'>): Link {
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
      return this.#changed();
    }
    if (message.link !== undefined && message.link !== this.#link?.id && !this.#follow(message)) {
      return;
    }
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
    this.#link?.setTrack(kind, this.#media.device(kind).track);
    this.#retiring?.setTrack(kind, this.#media.device(kind).track);
    this.#ready.setTrack(kind, this.#media.device(kind).track);
    if (this.#link) this.#tellDevices();
    this.#changed();
  }

  #tellDevices(): void {
    if (!this.#state.peer?.capabilities?.media) return;
    const value = {
      microphone: this.#media.isOn('microphone'),
      camera: this.#media.isOn('camera'),
    };
    this.#send({ type: 'media', value });
  }

  #watchConnection(): void {
    clearInterval(this.#statistics);
    this.#connection = null;
    if (!isWatched(this.#state)) return;
    const read = async () => {
      const link = this.#retiring ?? this.#link;
      const { microphone, camera } = this.#peerMedia ?? { microphone: true, camera: true };
      const connection = (await link?.connection(microphone || camera)) ?? null;
      if (!isWatched(this.#state)) return;
      this.#connection = connection;
      this.#lastPath = connection?.path ?? this.#lastPath;
      this.#changed();
    };
    this.#statistics = setInterval(read, STATISTICS_EVERY_MS);
    void read();
  }

  #changed(): void {
    this.#snapshot = this.#take();
    for (const listener of this.#listeners) listener();
  }

  #take(): CallSnapshot {
    const state = this.#state;
    const stream = (this.#retiring ?? this.#link)?.remote ?? null;
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
      remote: {
        stream,
        microphone: this.#peerMedia?.microphone ?? sends('audio'),
        camera: this.#peerMedia?.camera ?? sends('video'),
      },
      takes: { chat: this.#theirs.chat === true, files: this.#theirs.files === true },
      chat: this.#beside?.chat.lines ?? [],
      files: this.#beside?.files.list() ?? [],
      code: (this.#retiring ?? this.#link)?.code ?? null,
      connection: state.media === 'up' ? this.#connection : null,
      lastPath: this.#lastPath,
      setup: this.#setup.times,
      connectedAt: state.connectedAt,
      talkedMs: state.talkedMs,
    };
  }
}

/** Whether there is a path that carries, or has and may again. */
function isWatched({ media }: CallState): boolean {
  return media === 'up' || media === 'interrupted';
}
