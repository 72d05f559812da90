/** What is derived from a call's secret: the room's name, and a key for each direction. */
import { type Bytes, toBase64Url, utf8 } from './bytes';

/** What an envelope says in the open; all of it is authenticated with the content. */
export interface Header {
  /** Session of the sender. */
  from: string;
  /** Session that the message is for. */
  to: string;
  /** Counts the messages from the one session to the other, from 1. */
  n: number;
}

/** The room of a secret, and its seal. */
export interface RoomKeys {
  readonly roomId: string;
  seal(header: Header, plain: Bytes): Promise<Bytes>;
  /** Content of a box; `null` unless it was sealed with this secret and this very header. */
  open(header: Header, box: Bytes): Promise<Bytes | null>;
}

const ROOM_BYTES = 18;
/** A call has two; more are of sessions that have ended, or made up by a server. */
const KEYS_KEPT = 8;

/** Derives the room of a secret ([HKDF-SHA-256](https://www.rfc-editor.org/rfc/rfc5869)). */
export async function deriveRoom(secret: Bytes): Promise<RoomKeys> {
  const { subtle } = crypto;
  const base = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits', 'deriveKey']);
  const hkdf = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: utf8(`twocan/1 ${info}`),
  });
  const room = await subtle.deriveBits(hkdf('room'), base, ROOM_BYTES * 8);
  const roomId = toBase64Url(new Uint8Array(room));

  const keys = new Map<string, Promise<CryptoKey>>();
  const keyOf = ({ from, to }: Header) => {
    const info = `message ${from} ${to}`;
    const known = keys.get(info);
    if (known) return known;
    const kind = { name: 'AES-GCM', length: 256 };
    const key = subtle.deriveKey(hkdf(info), base, kind, false, ['encrypt', 'decrypt']);
    if (keys.size >= KEYS_KEPT) keys.clear();
    keys.set(info, key);
    return key;
  };
  const parameters = (header: Header) => ({
    name: 'AES-GCM',
    iv: nonceOf(header),
    additionalData: utf8(`twocan/1 ${roomId} ${header.from} ${header.to} ${header.n}`),
  });

  return {
    roomId,
    async seal(header, plain) {
      return new Uint8Array(await subtle.encrypt(parameters(header), await keyOf(header), plain));
    },
    async open(header, box) {
      try {
        return new Uint8Array(await subtle.decrypt(parameters(header), await keyOf(header), box));
      } catch {
        return null;
      }
    },
  };
}

/** The counter as twelve bytes, big-endian: no two messages of one key have the same. */
function nonceOf({ n }: Header): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(n));
  return nonce;
}
