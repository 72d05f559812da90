/** What the two sides say on the channel `chat`: one JSON object in each text. */
import { type Hello, parse, readHello } from '../beside/hello';

/** A line that one person has written. `n` counts the lines of a page: 1, 2, 3 … */
export interface TextMessage {
  type: 'text';
  n: number;
  text: string;
}

/** All lines up to and with `n` have come. */
export interface AckMessage {
  type: 'ack';
  n: number;
}

/** Any message of the channel. */
export type ChatMessage = Hello | TextMessage | AckMessage;

/** Longest line, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 8_192;
/** Longest message on the channel, in UTF-16 units: a line of which JSON escapes each character. */
const MAX_MESSAGE = 6 * MAX_TEXT_BYTES + 200;

/** How many bytes a line has on the way. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Reads what came; `null` for anything that is none of these, or too long. */
export function readChatMessage(data: unknown): ChatMessage | null {
  const message = parse(data, MAX_MESSAGE);
  if (!message) return null;
  const { type, n, text } = message;
  if (type === 'hello') return readHello(message);
  if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < 1) return null;
  if (type === 'ack') return { type, n };
  if (type !== 'text' || typeof text !== 'string') return null;
  return text !== '' && bytesOf(text) <= MAX_TEXT_BYTES ? { type, n, text } : null;
}
