/**
 * The events between page and server, as literals. Field for field what the server's documentation
 * calls the signalling protocol; a client that knows only `roomId` and `userNum` is a valid peer.
 */
import type { Envelope } from './seal/envelope';
import type { Reach } from './statistics/loop';
import type { QualityReport } from './statistics/trouble';

/** What a client of this kind understands beyond the plain protocol. */
export interface Capabilities {
  /** Tells with `media` messages whether its microphone and camera are on. */
  media?: boolean;
  /** Says `leaving` before it leaves, so that a `bye` without it means a lost connection; and `unload`. */
  leaving?: boolean;
  /** Looks for a new path when it is asked to with `restart`, and names each connection with `link`. */
  restart?: boolean;
  /** Comes back to its seat after it has lost the server. */
  resume?: boolean;
  /** Shows the name that it is told with `name`. */
  name?: boolean;
  /** Sends less when it is asked to with `lowData`. */
  lowData?: boolean;
  /** Takes part in the safety code over a data channel. */
  code?: boolean;
  /** Takes what the other one has kept for whoever comes. */
  kept?: boolean;
  /** Waits, if this is `true` on either side, until one of the two starts the call; and says so with `call`. */
  asks?: boolean;
  /** Tells with `quality` messages how it is on its side, while something is wrong. */
  quality?: boolean;
  /** Takes a screen beside the camera, on lines of its own. */
  screen?: boolean;
  /** Tells its person when the other one records. */
  recording?: boolean;
  /** Takes lines of text on the data channel `chat`. */
  chat?: boolean;
  /** Takes files on the data channel `files`. */
  files?: boolean;
  /** Its session in a sealed call: it says nothing in the open. */
  seal?: string;
}

/** The other seat of the room. `capabilities` is absent for a client of the plain protocol. */
export interface Peer {
  userId: string;
  capabilities?: Capabilities | null;
  /** The other one has lost the server, and is waited for. */
  away?: boolean;
  /** The newcomer has been given what was kept for whoever comes. */
  kept?: boolean;
  /** The person's name, for which the site that the call is part of vouches. */
  name?: string;
}

/** Answer to `join`: a seat, and everything that a call needs. */
export interface Joined {
  roomId: string;
  userNum: number;
  userId: string;
  polite: boolean;
  iceServers: RTCIceServer[];
  peer: Peer | null;
  /** With what the seat is had back by another connection. */
  resume?: string;
  /** This is the seat that was held before. */
  resumed?: boolean;
}

/** Anything wrong with an event that was sent: `event` names it, `message` says what to do. */
export interface Refused {
  event: string;
  code: string;
  message: string;
}

/** What the server sends. */
export interface ServerEvents {
  joined(body: Joined): void;
  full(body: { roomId: string; userNum: number }): void;
  otherjoined(body: { roomId: string } & Peer): void;
  message(data: unknown): void;
  leaved(body: { roomId: string }): void;
  bye(body: { roomId: string; userId: string }): void;
  peeraway(body: { roomId: string; userId: string }): void;
  peerback(body: { roomId: string } & Peer): void;
  replaced(body: { roomId: string }): void;
  iceservers(body: { roomId: string; iceServers: RTCIceServer[] }): void;
  refused(body: Refused): void;
}

/** What lets a client into a room, or back to its seat in it. */
export interface Tickets {
  /** Of the site that the call is part of, where the server asks for one. */
  token?: string;
  /** Of the last `joined` in this room. */
  resume?: string;
  /** The client's own: who asks again with it is given the same seat, should the answer have been lost. */
  attempt?: string;
  /** Which of the client's joins with that attempt it is: one that comes after a later one takes nothing. */
  n?: number;
}

/** What asks for a seat. */
export type ClientJoin = { roomId: string; capabilities?: Capabilities } & Tickets;

/** What a client sends. */
export interface ClientEvents {
  join(body: ClientJoin): void;
  message(body: { roomId: string; data: PeerMessage | Envelope | null; keep?: boolean }): void;
  leave(body: { roomId: string }): void;
  iceservers(body: { roomId: string }, answered: () => void): void;
}

/** What of the sender is on. */
export interface MediaState {
  microphone: boolean;
  camera: boolean;
  /** A screen is shown beside the camera. */
  screen?: boolean;
  /** The call is being recorded. */
  recording?: boolean;
  /** A camera is on, which `camera` denies, or a screen, and held back for the time being so that sound gets through. */
  paused?: boolean;
}

/**
 * Which connection a message belongs to: the id that the side which offers has given it, or `null` if
 * the sender has heard none yet. Absent from clients that name no connections.
 */
interface OfLink {
  link?: string | null;
}

/** What one person's page says to the other's, through `message`. */
export type PeerMessage = OfLink &
  (
    | { type: 'offer' | 'answer'; value: RTCSessionDescriptionInit }
    | { type: 'candidate'; value: RTCIceCandidateInit }
    | { type: 'media'; value: MediaState }
    | { type: 'quality'; value: QualityReport }
    | { type: 'name'; value: string }
    | { type: 'lowData'; value: boolean }
    | { type: 'leaving' }
    | { type: 'unload' }
    | { type: 'restart' }
    | { type: 'call' }
  );

/** What this client tells of itself at `join`. */
export const OWN_CAPABILITIES: Capabilities = {
  media: true,
  leaving: true,
  restart: true,
  resume: true,
  code: true,
  kept: true,
  asks: false,
  quality: true,
  screen: true,
  recording: true,
  name: true,
  lowData: true,
  chat: true,
  // Without ciphers, on an insecure page, no piece of a file could be checked.
  files: globalThis.crypto?.subtle !== undefined,
};

/** Longest room name that the server takes, in characters. */
export const MAX_ROOM_NAME = 128;

/** Longest name of a person, in characters. */
export const MAX_NAME = 40;

/** Reads a message of the other person's page; `null` for anything that is none of ours. */
export function readPeerMessage(data: unknown): PeerMessage | null {
  if (!isRecord(data)) return null;
  const { type, value, link } = data;
  const of: OfLink = typeof link === 'string' || link === null ? { link } : {};
  switch (type) {
    case 'leaving':
    case 'unload':
    case 'restart':
    case 'call':
      return { type, ...of };
    case 'offer':
    case 'answer':
      return isRecord(value) && typeof value.sdp === 'string'
        ? { type, value: { type, sdp: value.sdp }, ...of }
        : null;
    case 'candidate':
      return isRecord(value) && typeof value.candidate === 'string' ? { type, value, ...of } : null;
    case 'name':
      return typeof value === 'string' ? { type, value } : null;
    case 'lowData':
      return typeof value === 'boolean' ? { type, value } : null;
    case 'media':
      return isRecord(value) &&
        typeof value.microphone === 'boolean' &&
        typeof value.camera === 'boolean'
        ? {
            type,
            value: {
              microphone: value.microphone,
              camera: value.camera,
              screen: value.screen === true,
              recording: value.recording === true,
              paused: value.paused === true,
            },
            ...of,
          }
        : null;
    case 'quality':
      return isRecord(value) &&
        typeof value.bad === 'boolean' &&
        typeof value.busy === 'boolean' &&
        (value.reach === null || isReach(value.reach))
        ? { type, value: { bad: value.bad, busy: value.busy, reach: value.reach }, ...of }
        : null;
    default:
      return null;
  }
}

function isReach(value: unknown): value is Reach {
  return isRecord(value) && Number.isFinite(value.loss) && Number.isFinite(value.ms);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
