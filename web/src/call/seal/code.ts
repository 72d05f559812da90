/**
 * The safety code: four signs that two people read to each other. They are the same on both sides if, and but for
 * one case in 2²⁴ only if, both see the same two certificates, so that nobody stands between them.
 */
import { type Bytes, fromBase64Url, toBase64Url, utf8 } from './bytes';

/** Which side a fingerprint or a number belongs to: the one that made the first offer, or the other. */
export type Side = 'offer' | 'answer';

/** The fingerprints of both sides, as `fingerprintsOf` writes them. */
export type Fingerprints = Readonly<Record<Side, string>>;

/** What the two pages say to each other over the data channel. */
export type CodeMessage = { type: 'commit' | 'reveal'; value: string };

/** Four numbers from 0 to 63. */
export type Code = readonly [number, number, number, number];

/**
 * Why there is no code. `disorder`: the other side said something else than what was due; `mismatch`: what
 * it revealed is not what it had bound itself to, or it sees other certificates.
 */
export type CodeProblem = 'disorder' | 'mismatch';

/** What an exchange needs. */
export interface Exchange {
  side: Side;
  fingerprints: Fingerprints;
  /** Random bytes of this exchange alone. */
  nonce: Bytes;
  send(message: CodeMessage): void;
  /** The next message of the other side. */
  receive(): Promise<unknown>;
}

/** Length of an exchange's random number. */
export const NONCE_BYTES = 16;

/**
 * Agrees on a code with the other side. Each binds itself to a random number before it hears the other's,
 * and reveals its own only after that: whoever stands between the two cannot try numbers until the codes agree.
 */
export async function agreeOnCode(exchange: Exchange): Promise<Code | CodeProblem> {
  const { side, fingerprints, send, receive } = exchange;
  const otherSide = side === 'offer' ? 'answer' : 'offer';
  const own = toBase64Url(exchange.nonce);
  send({ type: 'commit', value: await commitment(side, own, fingerprints) });
  const commit = saidValue(await receive(), 'commit');
  if (commit === null) return 'disorder';
  send({ type: 'reveal', value: own });
  const theirs = saidValue(await receive(), 'reveal');
  if (theirs === null || fromBase64Url(theirs)?.length !== NONCE_BYTES) return 'disorder';
  if ((await commitment(otherSide, theirs, fingerprints)) !== commit) return 'mismatch';
  return codeOf(side === 'offer' ? [own, theirs] : [theirs, own], fingerprints);
}

/** What a side says before it reveals its number. */
export async function commitment(
  side: Side,
  nonce: string,
  { offer, answer }: Fingerprints,
): Promise<string> {
  return toBase64Url(await sha256(['twocan/1 commit', side, nonce, offer, answer]));
}

async function codeOf(
  [ofOffer, ofAnswer]: [string, string],
  { offer, answer }: Fingerprints,
): Promise<Code> {
  const [a = 0, b = 0, c = 0] = await sha256(['twocan/1 code', ofOffer, ofAnswer, offer, answer]);
  const bits = (a << 16) | (b << 8) | c;
  return [bits >> 18, (bits >> 12) & 63, (bits >> 6) & 63, bits & 63];
}

async function sha256(lines: string[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(lines.join('\n'))));
}

function saidValue(message: unknown, due: CodeMessage['type']): string | null {
  if (typeof message !== 'object' || message === null) return null;
  const { type, value } = message as Partial<CodeMessage>;
  return type === due && typeof value === 'string' ? value : null;
}
