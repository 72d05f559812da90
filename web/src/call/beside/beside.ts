import { Chat } from '../chat/chat';
import { Files } from '../files/files';
import { browserSaver, type Saver } from '../files/save';
import { newId } from './id';

/** What is needed of a link. */
export interface Carrier {
  /** Opens a data channel to the other side; `null` when it has ended. */
  open(label: string): RTCDataChannel | null;
}

/** What has changed is told no more often than this (ms). */
const TELL_EVERY_MS = 200;

/** What two people exchange beside picture and sound. Fetched when it is first needed. */
export class Beside {
  readonly chat: Chat;
  readonly files: Files;
  readonly #heard = new Map<string, RTCDataChannel>();
  readonly #changed: () => void;
  #carrier: Carrier | null = null;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(changed: () => void, saver?: Saver) {
    const page = newId();
    const open = (label: string) => this.#carrier?.open(label) ?? null;
    this.#changed = changed;
    this.chat = new Chat(
      page,
      open,
      () => this.#tell(),
      () => this.#tellSoon(),
    );
    this.files = new Files({
      page,
      open,
      saver: saver ?? browserSaver(page),
      changed: () => this.#tellSoon(),
    });
  }

  /** The link that carries from here on; `null` if there is none. */
  carry(carrier: Carrier | null): void {
    if (carrier === this.#carrier) return;
    this.#carrier = carrier;
    this.chat.drop();
    this.files.drop();
    if (carrier) {
      this.chat.resume();
      this.files.resume();
    }
    this.#changed();
  }

  /** Takes a channel of the other side, and what has come on it already. */
  take(channel: RTCDataChannel, early: unknown[]): void {
    const { label } = channel;
    channel.onmessage = null;
    // What a page of another version has to say besides is not for this one.
    if (label !== 'chat' && label !== 'files') return;
    const part = this[label];
    const before = this.#heard.get(label);
    if (before) {
      before.onmessage = null;
      before.close();
    }
    this.#heard.set(label, channel);
    part.heardNone();
    for (const data of early) part.hear(data);
    channel.onmessage = ({ data }) => part.hear(data);
  }

  /** The other one is gone for good. */
  left(): void {
    this.chat.left();
    this.files.left();
    this.#changed();
  }

  /** At once, unless it was told just now: whatever the other side sends, the page has time for all else. */
  #tellSoon(): void {
    const wait = this.#toldAt + TELL_EVERY_MS - performance.now();
    if (wait <= 0) return this.#tell();
    this.#telling ??= setTimeout(() => this.#tell(), wait);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#toldAt = performance.now();
    this.#changed();
  }
}
