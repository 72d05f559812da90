import { type Bytes, browserRandom, type Random, toBase64Url } from './bytes';
import { type Envelope, NEXT, readContent, readEnvelope, toContent, toEnvelope } from './envelope';
import type { RoomKeys } from './keys';

/**
 * Why a message is not believed. `unsealed`: it came in the open; `malformed`: an envelope that no client
 * writes; `altered`: not sealed with the call's secret, or changed on its way; `replayed`: it has come before;
 * `reflected`: it is one of our own.
 */
export type Refusal = 'unsealed' | 'malformed' | 'altered' | 'replayed' | 'reflected';

/**
 * What keeps a sealed call from being one. `keyless`: whoever has the other seat does not know the secret;
 * else: something was refused that came as a message of the other side.
 */
export type SealTrouble = 'keyless' | Refusal;

/** What became of a message that arrived. `stale`: genuine, but between other sessions than the present. */
export type Opened =
  | { kind: 'message'; message: unknown }
  | { kind: 'stale' }
  | { kind: 'refused'; why: Refusal };

const ID_BYTES = 16;

/** A new session's id: 22 characters of base64url. */
export function newSession(random: Random = browserRandom): string {
  return toBase64Url(random(new Uint8Array(ID_BYTES)));
}

/**
 * One page's part in a sealed room, from its loading to its end; it outlives lost connections.
 *
 * Both sessions' ids go into the key of a message. So what opens for this session was sealed by somebody
 * who knows the secret, after this session began, and for it alone; and the counter sees to it that it
 * is taken once. Only what was sealed for whoever comes next may be older, and may have been opened by others.
 */
export class SealSession {
  readonly id: string;
  readonly #keys: RoomKeys;
  // Kept for each session of the other side: one that comes back, as a former tab does, goes on counting.
  readonly #sent = new Map<string, number>();
  readonly #taken = new Map<string, number>();

  constructor(keys: RoomKeys, id: string) {
    this.#keys = keys;
    this.id = id;
  }

  /** Seals a message for a session of the other side, or for whoever comes `NEXT`. Its number is taken when this is called. */
  async seal(to: string, message: unknown): Promise<Envelope> {
    const n = (this.#sent.get(to) ?? 0) + 1;
    this.#sent.set(to, n);
    const header = { from: this.id, to, n };
    return toEnvelope(header, await this.#keys.seal(header, toContent(message)));
  }

  /** Opens what has arrived while `peer` is the session of the other side. */
  async open(peer: string | null, data: unknown): Promise<Opened> {
    const read = readEnvelope(data);
    if (typeof read === 'string') return refused(read);
    const { header, box } = read;
    const content = await this.#keys.open(header, box);
    if (!content) return refused('altered');
    if (header.from === this.id) return refused('reflected');
    const forNext = header.to === NEXT;
    if (!(forNext || header.to === this.id) || header.from !== peer) return { kind: 'stale' };
    const line = forNext ? `${NEXT} ${peer}` : peer;
    if (header.n <= (this.#taken.get(line) ?? 0)) return refused('replayed');
    this.#taken.set(line, header.n);
    return message(content);
  }
}

function message(content: Bytes): Opened {
  const message = readContent(content);
  return message === undefined ? refused('malformed') : { kind: 'message', message };
}

function refused(why: Refusal): Opened {
  return { kind: 'refused', why };
}
