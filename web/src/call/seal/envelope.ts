/** A sealed message on its way, as `data` of the signalling's `message`. */
import { type Bytes, fromBase64Url, toBase64Url, utf8 } from './bytes';
import type { Header } from './keys';

/** What the server sees of a message. */
export interface Envelope extends Header {
  /** Version of the format. */
  sealed: 1;
  /** Ciphertext and tag, as base64url. */
  box: string;
}

/** Contents grow to a multiple of this, so that their length tells little of what they say. */
const PAD_TO_BYTES = 256;
const BLANK = 0x20;

/** Stands for the session that a message is for, where that is whoever comes next. */
export const NEXT = 'next';

/** Sessions are random; nobody chooses the same as another. */
const SESSION = /^[\w-]{22}$/;

/** Whether a text can be the id of a session. */
export function isSession(text: unknown): text is string {
  return typeof text === 'string' && SESSION.test(text);
}

/** A sealed box with its header. */
export function toEnvelope({ from, to, n }: Header, box: Uint8Array): Envelope {
  return { sealed: 1, from, to, n, box: toBase64Url(box) };
}

/** Reads an envelope. `unsealed`: it is something else; `malformed`: no client writes it so. */
export function readEnvelope(
  data: unknown,
): { header: Header; box: Bytes } | 'unsealed' | 'malformed' {
  if (typeof data !== 'object' || data === null || !('sealed' in data)) return 'unsealed';
  const { sealed, from, to, n, box } = data as Partial<Record<keyof Envelope, unknown>>;
  const bytes = typeof box === 'string' ? fromBase64Url(box) : null;
  const known = sealed === 1 && isSession(from) && (isSession(to) || to === NEXT);
  if (!known || !Number.isSafeInteger(n) || Number(n) < 1 || !bytes) return 'malformed';
  return { header: { from, to, n: Number(n) }, box: bytes };
}

/** A message as the content of a box: JSON, and blanks, which JSON ignores. */
export function toContent(message: unknown): Bytes {
  const json = utf8(JSON.stringify(message));
  const content = new Uint8Array(Math.ceil(json.length / PAD_TO_BYTES) * PAD_TO_BYTES).fill(BLANK);
  content.set(json);
  return content;
}

/** The message of a box; `undefined` if the content is no JSON. */
export function readContent(content: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
}
