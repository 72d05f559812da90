import { type OpenChannel, Speaker } from '../beside/speaker';
import { type ChatLine, ChatLog, type Unsayable } from './log';
import { type ChatMessage, readChatMessage } from './wire';

/** The conversation on its channels. */
export class Chat {
  readonly #log: ChatLog;
  readonly #speaker: Speaker;
  readonly #said: () => void;
  readonly #heard: () => void;

  /** `said` is called after each line of this side, `heard` after whatever the other side has sent. */
  constructor(page: string, open: OpenChannel, said: () => void, heard: () => void) {
    this.#log = new ChatLog(page);
    this.#said = said;
    this.#heard = heard;
    this.#speaker = new Speaker('chat', open, {
      opened: () => this.#log.opened().map((message) => JSON.stringify(message)),
      resume: () => this.resume(),
    });
  }

  get lines(): readonly ChatLine[] {
    return this.#log.lines;
  }

  /** Says a line; why it cannot be said, or `null`. It waits for the other side as long as it has to. */
  say(text: string): Unsayable | null {
    const messages = this.#log.say(text, performance.now());
    if (typeof messages === 'string') return messages;
    if (this.#speaker.isOpen) this.#send(messages);
    // What waits is the first that a new channel says.
    else this.#speaker.wake();
    this.#said();
    return null;
  }

  /** Takes what came on a channel of the other side. */
  hear(data: unknown): void {
    const message = readChatMessage(data);
    if (!message) return;
    this.#send(this.#log.heard(message, performance.now()));
    this.#heard();
  }

  /** The other side has a new channel. */
  heardNone(): void {
    this.#log.heardNone();
  }

  /** The link that carries is another one, or none. */
  drop(): void {
    this.#speaker.drop();
  }

  /** Says again what waits. */
  resume(): void {
    if (this.#log.isWaiting) this.#speaker.wake();
  }

  /** The other one is gone for good. */
  left(): void {
    this.#log.left();
  }

  #send(messages: ChatMessage[]): void {
    for (const message of messages) this.#speaker.say(JSON.stringify(message));
  }
}
