/** Fingerprints of the certificates that a DTLS connection is checked against. */

/** `a=fingerprint` of [RFC 8122 §5](https://www.rfc-editor.org/rfc/rfc8122#section-5). */
const LINE = /^a=fingerprint:([\w-]+) +((?:[\da-f]{2}:)*[\da-f]{2}) *\r?$/gim;

/**
 * All fingerprints of a description in one text: each once, `sha-256 AB:CD…`, in the order of their
 * characters, with commas between. Empty if there is none.
 *
 * All of them count, since a browser may check the certificate against any.
 */
export function fingerprintsOf(sdp: string): string {
  const found = new Set<string>();
  for (const [, algorithm = '', hex = ''] of sdp.matchAll(LINE)) {
    found.add(`${algorithm.toLowerCase()} ${hex.toUpperCase()}`);
  }
  return [...found].sort().join(',');
}

/** SHA-256 fingerprint of a certificate (DER), as `fingerprintsOf` writes it. */
export async function fingerprintOf(certificate: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', certificate));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'));
  return `sha-256 ${hex.join(':').toUpperCase()}`;
}
