/** How either side begins on each of its channels, and how what comes is opened. */

/** The first message of a channel. `page` names the page that says it, as long as it is not loaded anew. */
export interface Hello {
  type: 'hello';
  version: 1;
  page: string;
}

/** An id of a page or a transfer: 16 random bytes in base64url. */
const ID = /^[\w-]{22}$/;

/** Whether this is the id of a page or a transfer. */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

/** Reads a `hello`; `null` for one of another version. */
export function readHello({ version, page }: Record<string, unknown>): Hello | null {
  return version === 1 && isId(page) ? { type: 'hello', version, page } : null;
}

/** Opens a text of at most `most` UTF-16 units; `null` if it holds no JSON object. */
export function parse(data: unknown, most: number): Record<string, unknown> | null {
  if (typeof data !== 'string' || data.length > most) return null;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? { ...message } : null;
  } catch {
    return null;
  }
}
