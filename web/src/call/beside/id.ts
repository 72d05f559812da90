import { browserRandom, toBase64Url } from '../seal/bytes';

/** A new id of a page or a transfer. */
export function newId(): string {
  return toBase64Url(browserRandom(new Uint8Array(16)));
}
