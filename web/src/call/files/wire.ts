/** What the two sides say on the channel `files`: JSON objects as texts, and bare bytes of the file that is sent. */
import { type Hello, isId, parse, readHello } from '../beside/hello';
import { cleanName } from './name';

/** Files travel, are checked and are written in pieces of this size (bytes); the last one may be shorter. */
export const BLOCK = 1_048_576;
/** Most bytes in one message. */
export const MAX_CHUNK = 65_536;
/** So much may be on its way that is not written yet (bytes): what a receiver holds in memory. */
export const MOST_UNWRITTEN = 8 * BLOCK;

/** Why a transfer ended before its end. */
export type Reason =
  /** The person who says it wanted so. */
  | 'cancelled'
  /** No room where it is written to. */
  | 'disk-full'
  /** It could not be written. */
  | 'unwritable'
  /** It could not be read, or has changed since it was offered. */
  | 'unreadable'
  /** A piece is not what its sum says. */
  | 'damaged'
  /** The other side did not do what is agreed on here. */
  | 'disorder'
  /** More offers than anybody could look at. */
  | 'too-many';

const REASONS: readonly string[] = [
  'cancelled',
  'disk-full',
  'unwritable',
  'unreadable',
  'damaged',
  'disorder',
  'too-many',
] satisfies Reason[];

/** What the sender of a file says. */
export type SenderMessage =
  /** May I send this? Said again on every new channel, until the transfer has ended. */
  | { type: 'offer'; id: string; name: string; size: number }
  /** The bytes that follow are this file's, from `at` on. */
  | { type: 'start'; id: string; at: number }
  /** Piece `n` is complete, and this is its SHA-256 in base64url. */
  | { type: 'block'; id: string; n: number; sha256: string };

/** What its receiver says. */
export type ReceiverMessage =
  /** Send it, from the beginning of a piece on. */
  | { type: 'accept'; id: string; at: number }
  | { type: 'decline'; id: string }
  /** How many bytes of the file have come, and how many of them are checked and written. */
  | { type: 'got'; id: string; received: number; written: number }
  /** All of it is written. */
  | { type: 'done'; id: string };

/** Any message of the channel. */
export type FileMessage =
  | Hello
  | SenderMessage
  | ReceiverMessage
  /** Either side ends the transfer. */
  | { type: 'cancel'; id: string; from: 'sender' | 'receiver'; reason: Reason };

/** Longest message, in UTF-16 units. */
const MAX_MESSAGE = 4_096;
const SHA256 = /^[\w-]{43}$/;

/** Reads a text that came; `null` for anything that is none of these. A name is made fit to be one. */
export function readFileMessage(data: unknown): FileMessage | null {
  const message = parse(data, MAX_MESSAGE);
  if (!message) return null;
  const { type, id, name, size, at, n, sha256, received, written, from, reason } = message;
  if (type === 'hello') return readHello(message);
  if (!isId(id)) return null;
  switch (type) {
    case 'offer':
      return typeof name === 'string' && isCount(size)
        ? { type, id, name: cleanName(name), size }
        : null;
    case 'start':
    case 'accept':
      return isCount(at) && at % BLOCK === 0 ? { type, id, at } : null;
    case 'block':
      return isCount(n) && typeof sha256 === 'string' && SHA256.test(sha256)
        ? { type, id, n, sha256 }
        : null;
    case 'got':
      return isCount(received) && isCount(written) && written <= received
        ? { type, id, received, written }
        : null;
    case 'decline':
    case 'done':
      return { type, id };
    case 'cancel':
      if (from !== 'sender' && from !== 'receiver') return null;
      return { type, id, from, reason: isReason(reason) ? reason : 'cancelled' };
    default:
      return null;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' && REASONS.includes(value);
}
