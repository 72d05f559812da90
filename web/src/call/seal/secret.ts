/** The secret of a call, as its link carries it behind the `#`. */
import { type Bytes, browserRandom, fromBase64Url, type Random, toBase64Url } from './bytes';

/** 144 bits: more than anybody guesses, and a whole number of base64url characters. */
const SECRET_BYTES = 18;
/** First character of a secret: which version of the format it is for. */
const VERSION = '1';

/** A new call's secret as text: `1`, and 24 characters of base64url. */
export function newSecret(random: Random = browserRandom): string {
  return VERSION + toBase64Url(random(new Uint8Array(SECRET_BYTES)));
}

/** Bytes of a secret; `null` if the text is not a whole one of this version. */
export function readSecret(text: string): Bytes | null {
  if (!text.startsWith(VERSION)) return null;
  const bytes = fromBase64Url(text.slice(VERSION.length));
  return bytes?.length === SECRET_BYTES ? bytes : null;
}
