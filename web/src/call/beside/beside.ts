import { Chat } from '../chat/chat';
import { Files } from '../files/files';
import { browserSaver, type Saver } from '../files/save';
import { newId } from './id';

/** What is needed of a link. */
export interface Carrier {
  /** Opens a data channel to the other side; `null` when it has ended. */
  open(label: string): RTCDataChannel | null;
}

/** Progress is told no more often than this (ms). */
const TELL_EVERY_MS = 200;

/** What two people exchange beside picture and sound. Fetched when it is first needed. */
export class Beside {
  readonly chat: Chat;
  readonly files: Files;
  readonly #heard = new Map<string, RTCDataChannel>();
  readonly #changed: () => void;
  #carrier: Carrier | null = null;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: () => void, saver?: Saver) {
    const page = newId();
    const open = (label: string) => this.#carrier?.open(label) ?? null;
    this.#changed = changed;
    this.chat = new Chat(page, open, changed);
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
    const part = channel.label === 'chat' ? this.chat : this.files;
    const before = this.#heard.get(channel.label);
    if (before) before.onmessage = null;
    this.#heard.set(channel.label, channel);
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

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#changed();
    }, TELL_EVERY_MS);
  }
}
