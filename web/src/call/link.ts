import type { Kind } from './devices';
import { LINES, type Line, MEDIA } from './lines';
import { Negotiation } from './negotiation';
import type { PeerMessage } from './protocol';
import { Pulse } from './pulse';
import type { Code, CodeProblem, Side } from './seal/code';
import type { Entry } from './statistics/report';
import { type Connection, readConnection } from './stats';

/** The media path to one peer, as it changes. */
export type LinkState = 'up' | 'interrupted' | 'stalled' | 'failed';

/** What a link needs to begin. */
export interface LinkOptions {
  iceServers: RTCIceServer[];
  polite: boolean;
  /** This side makes the first offer, and gives the link its id. */
  offers: boolean;
  /** Agree on a safety code; the other side takes part in it. */
  codes: boolean;
  /** A line for data is there from the beginning, whether or not for a code. */
  data: boolean;
  tracks: Record<Kind, MediaStreamTrack | null>;
  send(message: PeerMessage): void;
  changed(state: LinkState): void;
  /** How far the link has come: descriptions exchanged, path found, first picture there. */
  reached(point: 'described' | 'found' | 'seen'): void;
  remoteChanged(): void;
  /** All candidates of an offer or answer have been found. */
  gathered?(): void;
  /** The other side has opened a channel that is not the link's own. */
  channel(channel: RTCDataChannel): void;
}

const KINDS = ['microphone', 'camera'] as const;

const CODE_CHANNEL = 'code';
/** Opened for nothing but the line that it brings about. */
const NO_CHANNEL = 'none';
/**
 * The first picture is a quarter as wide and high as the camera's: at the pace that a new connection begins
 * with, all of it would take several hundred milliseconds to arrive.
 */
const FIRST_SCALE = 4;
/** All of it is sent when the connection has had this time to find its pace (ms). */
const SHARPEN_AFTER_MS = 1_000;
const RESTART_ONCE_MS = 2_000;
/** How often to look for the first picture, and how often at most (ms, times). */
const LOOK_EVERY_MS = 50;
const LOOKS = 200;
const LINK_STATES: Partial<Record<RTCPeerConnectionState, LinkState>> = {
  connected: 'up',
  disconnected: 'interrupted',
  failed: 'failed',
  closed: 'failed',
};

/** One RTCPeerConnection to one peer: its lines, its negotiation, its remote picture and sound. */
export class Link {
  /** What the other person sends; the same object for the life of the link. */
  readonly remote = new MediaStream();
  /** What they show of a screen; the same object too. */
  readonly remoteScreen = new MediaStream();
  /** By what both sides tell this link from former ones; `null` before the other side has offered. */
  id: string | null;
  /** The safety code, or why there is none; `null` as long as the two have not come to one. */
  code: Code | CodeProblem | null = null;
  /** How many times smaller than the camera's the picture is to be once the connection has found its pace. */
  scale = 1;
  /** It has found its pace: the first, small pictures are over. */
  isSharp = false;
  readonly #pc: RTCPeerConnection;
  readonly #negotiation: Negotiation;
  readonly #options: LinkOptions;
  /** Names our tracks as one stream to the other side, so that lips and voice stay together. */
  readonly #stream = new MediaStream();
  readonly #screenStream = new MediaStream();
  readonly #tracks: Partial<Record<Line, MediaStreamTrack | null>>;
  readonly #lines: Partial<Record<Line, RTCRtpTransceiver>> = {};
  /** How each line is to be sent, also one that is not there yet. */
  readonly #tuned: Partial<Record<Line, Partial<RTCRtpEncodingParameters>>> = {};
  /** Lines stay as they are, so that only a beginning, a first screen and a new path need one. */
  #wantsOffer: boolean;
  #restartedAt = Number.NEGATIVE_INFINITY;
  readonly #pulse = new Pulse();
  #still = false;
  #agreeing = false;
  #looking: ReturnType<typeof setInterval> | undefined;
  #sharpening: ReturnType<typeof setTimeout> | undefined;
  /** Candidates that were found after the offer was left for whoever comes; `null` if none was. */
  #found: RTCIceCandidateInit[] | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.id = options.offers ? Math.random().toString(36).slice(2) : null;
    this.#wantsOffer = options.offers;
    this.#tracks = { ...options.tracks };
    const pc = new RTCPeerConnection({
      iceServers: options.iceServers,
      bundlePolicy: 'max-bundle',
    });
    this.#pc = pc;
    this.#negotiation = new Negotiation(pc, options.polite, {
      send: (value) => {
        if (value.type === 'offer' || value.type === 'answer') {
          options.send({ type: value.type, value });
        }
      },
      beforeAnswer: () => this.#adoptLines(),
      problem: (error) => console.warn('twocan: negotiation:', error),
    });

    pc.onnegotiationneeded = () => {
      // Chromium asks for more: after fresh credentials, and without end after a line that was taken back.
      if (!this.#wantsOffer) return;
      this.#wantsOffer = false;
      void this.#negotiation.needed();
    };
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const value = candidate.toJSON();
      this.#found?.push(value);
      options.send({ type: 'candidate', value });
    };
    pc.onicegatheringstatechange = () => {
      if (pc.iceGatheringState === 'complete') options.gathered?.();
    };
    pc.onconnectionstatechange = () => {
      this.#still = false;
      this.#stateChanged();
    };
    pc.onsignalingstatechange = () => {
      if (pc.signalingState === 'stable' && pc.remoteDescription) options.reached('described');
    };
    pc.oniceconnectionstatechange = () => {
      if (pc.iceConnectionState === 'connected') options.reached('found');
    };
    pc.ontrack = ({ track, transceiver }) => this.#takeTrack(track, transceiver);
    pc.ondatachannel = ({ channel }) => {
      if (channel.label !== CODE_CHANNEL) return options.channel(channel);
      // A second exchange would be a second try for somebody in the middle.
      if (!options.codes || options.offers || this.#agreeing) return;
      this.#agreeOnCode(channel, 'answer');
    };

    // The lines stand before the camera answers; an answering side hangs its own on the offer's.
    if (options.offers) {
      for (const kind of KINDS) {
        const line = pc.addTransceiver(MEDIA[kind], {
          streams: [this.#stream],
          ...(kind === 'camera' && { sendEncodings: [{ scaleResolutionDownBy: FIRST_SCALE }] }),
        });
        this.#lines[kind] = line;
        this.#send(kind);
      }
      if (options.codes) this.#agreeOnCode(pc.createDataChannel(CODE_CHANNEL), 'offer');
      else if (options.data) pc.createDataChannel(NO_CHANNEL);
    }
  }

  /** Takes a description or a candidate of the other side. */
  receive(message: Extract<PeerMessage, { type: 'offer' | 'answer' | 'candidate' }>): void {
    if (message.type === 'candidate') void this.#negotiation.candidate(message.value);
    else void this.#negotiation.description(message.value);
  }

  /** Replaces what is sent, without negotiating anew but for the first screen. */
  setTrack(line: Line, track: MediaStreamTrack | null): void {
    if ((this.#tracks[line] ?? null) === track) return;
    this.#tracks[line] = track;
    this.#send(line);
  }

  /**
   * Makes the lines for the screens of both sides, unless they are there. Only the side that offers does so, and
   * the other one asks it to.
   */
  openScreen(): void {
    if (!this.#options.offers || this.#lines.screen) return;
    this.#wantsOffer = true;
    for (const line of ['screenSound', 'screen'] as const) {
      this.#lines[line] = this.#pc.addTransceiver(MEDIA[line], { streams: [this.#screenStream] });
      this.#send(line);
    }
  }

  /** Changes how a line is sent: whether at all, the limits of it, and its weight beside the others. */
  async tune(line: Line, change: Partial<RTCRtpEncodingParameters>): Promise<void> {
    this.#tuned[line] = { ...this.#tuned[line], ...change };
    const sender = this.#lines[line]?.sender;
    const parameters = sender?.getParameters();
    if (!parameters?.encodings.length) return;
    for (const encoding of parameters.encodings) Object.assign(encoding, change);
    try {
      await sender?.setParameters(parameters);
    } catch (error) {
      console.warn('twocan: how to send:', error);
    }
  }

  /** Takes fresh relay credentials into use for the next gathering. */
  setIceServers(iceServers: RTCIceServer[]): void {
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers });
  }

  /** The offer as it stands, for somebody who is still to come; `null` before there is one. */
  offerToLeave(): PeerMessage | null {
    const { type, sdp } = this.#pc.localDescription ?? {};
    if (type !== 'offer' || sdp === undefined) return null;
    this.#found = [];
    return { type, value: { type, sdp }, link: this.id };
  }

  /** Sends what was found after the offer had been left. */
  sendFound(): void {
    for (const value of this.#found ?? []) this.#options.send({ type: 'candidate', value });
  }

  /** Sends the offer that has no answer yet, with all candidates that are known. */
  offerAgain(): void {
    this.#negotiation.repeat();
  }

  /** Opens a data channel to the other side; `null` when the link has ended. */
  open(label: string): RTCDataChannel | null {
    return this.#pc.signalingState === 'closed' ? null : this.#pc.createDataChannel(label);
  }

  /** Looks for a path anew; what both sides ask for within two seconds is done once. */
  restart(): void {
    const now = performance.now();
    if (now - this.#restartedAt < RESTART_ONCE_MS) return;
    this.#restartedAt = now;
    // An offer that was lost with a connection to the server would be waited for for ever. One of the polite side
    // may have been ignored and taken back since: it must not come again.
    if (!this.#options.polite && this.#negotiation.repeat()) return;
    this.#wantsOffer = true;
    this.#pc.restartIce();
  }

  /**
   * The path as of this moment, `null` while there is none, and the browser's report. Sees, if it is asked every second
   * or so, that nothing comes any more long before the browser says so. `sends`: the other side has something to send.
   */
  async connection(sends: boolean): Promise<{ connection: Connection | null; entries: Entry[] }> {
    const entries: Entry[] = [...(await this.#pc.getStats()).values()];
    const { connection, beat } = readConnection(entries);
    const still = this.#pulse.isStill(beat, sends);
    if (still !== this.#still) {
      this.#still = still;
      if (this.#pc.connectionState === 'connected') this.#stateChanged();
    }
    return { connection, entries };
  }

  /** Ends the link; its tracks belong to others and go on. */
  close(): void {
    const pc = this.#pc;
    pc.onnegotiationneeded = null;
    pc.onicecandidate = null;
    pc.onicegatheringstatechange = null;
    pc.onconnectionstatechange = null;
    pc.onsignalingstatechange = null;
    pc.oniceconnectionstatechange = null;
    clearInterval(this.#looking);
    clearTimeout(this.#sharpening);
    pc.ontrack = null;
    pc.ondatachannel = null;
    pc.close();
  }

  #stateChanged(): void {
    const state = LINK_STATES[this.#pc.connectionState];
    if (state) this.#options.changed(state === 'up' && this.#still ? 'stalled' : state);
    if (state === 'up' && this.#looking === undefined) {
      this.#lookForPicture();
      this.#sharpening = setTimeout(() => {
        this.isSharp = true;
        void this.tune('camera', { scaleResolutionDownBy: this.scale });
      }, SHARPEN_AFTER_MS);
    }
  }

  #lookForPicture(): void {
    let looks = 0;
    this.#looking = setInterval(async () => {
      looks += 1;
      if (looks > LOOKS) clearInterval(this.#looking);
      for (const { framesDecoded } of (await this.#pc.getStats()).values()) {
        if (!framesDecoded) continue;
        clearInterval(this.#looking);
        this.#options.reached('seen');
      }
    }, LOOK_EVERY_MS);
  }

  /** Agrees on the safety code, with code that is fetched only when picture and sound are there. */
  #agreeOnCode(channel: RTCDataChannel, side: Side): void {
    this.#agreeing = true;
    const heard = new ReadableStream<unknown>({
      start: (stream) => {
        channel.onmessage = ({ data }) => stream.enqueue(data);
      },
    }).getReader();
    const line = {
      send: (text: string) => channel.send(text),
      receive: async () => (await heard.read()).value,
    };
    channel.onopen = async () => {
      try {
        const { watchCode } = await import('./seal/agreement');
        await watchCode(this.#pc, side, line, (code) => {
          this.code = code;
          this.#options.remoteChanged();
        });
      } catch (error) {
        console.warn('twocan: safety code:', error);
      }
    };
  }

  #takeTrack(track: MediaStreamTrack, line: RTCRtpTransceiver): void {
    const stream = this.#linesOf(track.kind).indexOf(line) > 0 ? this.remoteScreen : this.remote;
    // Announced again after a rollback: taking it out and in would freeze the picture.
    if (stream.getTrackById(track.id)) return;
    for (const old of stream.getTracks()) {
      if (old.kind === track.kind) stream.removeTrack(old);
    }
    stream.addTrack(track);
    for (const event of ['mute', 'unmute', 'ended'] as const) {
      track.addEventListener(event, () => this.#options.remoteChanged());
    }
    this.#options.remoteChanged();
  }

  /**
   * Hangs own tracks on the lines of an offer. Lines of an own offer that was taken back are
   * dropped: an offer's lines are never matched with lines made beforehand (RFC 8829 §5.10).
   */
  #adoptLines(): void {
    // A plain client that offers a second line would be irritated by an answer with more than it has asked for.
    for (const kind of this.#options.offers ? KINDS : LINES) {
      const own = this.#lines[kind];
      if (own && own.mid !== null) continue;
      const isScreen = kind === 'screen' || kind === 'screenSound';
      const offered = this.#linesOf(MEDIA[kind])[isScreen ? 1 : 0];
      if (!offered) continue;
      own?.stop();
      offered.direction = 'sendrecv';
      // Browsers without it send the track without a stream's name; it is still shown.
      offered.sender.setStreams?.(isScreen ? this.#screenStream : this.#stream);
      this.#lines[kind] = offered;
      const first = kind === 'camera' && { scaleResolutionDownBy: FIRST_SCALE };
      const change = { ...first, ...this.#tuned[kind] };
      if (Object.keys(change).length > 0) void this.tune(kind, change);
      this.#send(kind);
    }
  }

  /** The lines of one medium that both sides know, in their order. */
  #linesOf(media: string): RTCRtpTransceiver[] {
    return this.#pc
      .getTransceivers()
      .filter((line) => line.mid !== null && line.receiver.track.kind === media);
  }

  #send(line: Line): void {
    const sender = this.#lines[line]?.sender;
    sender?.replaceTrack(this.#tracks[line] ?? null).catch((error: unknown) => {
      if (this.#pc.signalingState !== 'closed') console.warn('twocan: sending:', error);
    });
  }
}
