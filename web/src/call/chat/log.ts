import { bytesOf, type ChatMessage, MAX_TEXT_BYTES } from './wire';

/** How far a line has come: `lost` is one that the person for whom it was has never got. */
export type Delivery = 'waiting' | 'delivered' | 'lost';

/** One line of the conversation. */
export interface ChatLine {
  /** Names the line among all of the log. */
  readonly key: number;
  readonly mine: boolean;
  readonly text: string;
  /** When it was written or came, in milliseconds of `performance.now()`. */
  readonly at: number;
  readonly delivery: Delivery;
}

/** So many lines are kept; what does not fit any more is the oldest. */
export const MOST_LINES = 2_000;
/** So many lines may wait for the other side at once. */
export const MOST_WAITING = 200;

/** Why a line was not taken. */
export type Unsayable = 'empty' | 'too-long' | 'too-many';

/**
 * The conversation with one person: what was said, and what of it they have. Everything that they have not
 * confirmed is said again on each new channel, in its order; numbers keep it from counting twice.
 */
export class ChatLog {
  lines: readonly ChatLine[] = [];
  readonly #page: string;
  #keys = 0;
  /** Number of the last own line. */
  #said = 0;
  /** Own lines without confirmation: their numbers, and the keys of their lines. */
  #waiting: { n: number; key: number; text: string }[] = [];
  /** The page that speaks at the other end, and the last of its lines that has come. */
  #theirs: { page: string; n: number } | null = null;
  /** On the present channel they have said who they are. */
  #greeted = false;

  /** `page` names this page. */
  constructor(page: string) {
    this.#page = page;
  }

  /** Whether something waits for a channel. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a line of this side; the messages to send if there is a channel, or why it cannot be said. */
  say(text: string, now: number): ChatMessage[] | Unsayable {
    if (text.trim() === '') return 'empty';
    if (bytesOf(text) > MAX_TEXT_BYTES) return 'too-long';
    if (this.#waiting.length >= MOST_WAITING) return 'too-many';
    this.#said += 1;
    const key = this.#add({ mine: true, text, at: now, delivery: 'waiting' });
    this.#waiting.push({ n: this.#said, key, text });
    return [{ type: 'text', n: this.#said, text }];
  }

  /** There is a new own channel: what to begin with. */
  opened(): ChatMessage[] {
    const again = this.#waiting.map(({ n, text }) => ({ type: 'text', n, text }) as const);
    return [{ type: 'hello', version: 1, page: this.#page }, ...again];
  }

  /** The other side has a new channel, on which they have not said anything. */
  heardNone(): void {
    this.#greeted = false;
  }

  /** Takes a message of theirs; what to answer. */
  heard(message: ChatMessage, now: number): ChatMessage[] {
    if (message.type === 'hello') {
      this.#greeted = true;
      if (this.#theirs?.page !== message.page) this.#theirs = { page: message.page, n: 0 };
      return [];
    }
    if (!this.#greeted || !this.#theirs) return [];
    if (message.type === 'ack') {
      this.#confirm(message.n);
      return [];
    }
    // A number may be missing: its line came before this page was loaded.
    if (message.n > this.#theirs.n) {
      this.#theirs.n = message.n;
      this.#add({ mine: false, text: message.text, at: now, delivery: 'delivered' });
    }
    return [{ type: 'ack', n: this.#theirs.n }];
  }

  /** The other one is gone: what was meant for them is not for whoever comes next. */
  left(): void {
    const keys = new Set(this.#waiting.map(({ key }) => key));
    this.#mark(keys, 'lost');
    this.#waiting = [];
    this.#theirs = null;
    this.#greeted = false;
  }

  #confirm(n: number): void {
    const keys = new Set<number>();
    for (const one of this.#waiting) if (one.n <= n) keys.add(one.key);
    this.#waiting = this.#waiting.filter((one) => one.n > n);
    this.#mark(keys, 'delivered');
  }

  #mark(keys: ReadonlySet<number>, delivery: Delivery): void {
    if (keys.size === 0) return;
    this.lines = this.lines.map((line) => (keys.has(line.key) ? { ...line, delivery } : line));
  }

  #add(line: Omit<ChatLine, 'key'>): number {
    this.#keys += 1;
    this.lines = [...this.lines, { key: this.#keys, ...line }].slice(-MOST_LINES);
    return this.#keys;
  }
}
