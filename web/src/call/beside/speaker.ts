/** Opens a channel of a name on the link that carries; `null` while there is none. */
export type OpenChannel = (label: string) => RTCDataChannel | null;

/** What a speaker asks of the one for whom it speaks. */
export interface SpeakerHooks {
  /** With what a new channel begins. */
  opened(): string[];
  /** The channel has room again. */
  room?(): void;
  /** The channel has ended by itself. */
  closed?(): void;
  /** A while after that: opens another one by `wake` if there is something to say. */
  resume(): void;
}

/** The sender's side of a channel holds no more than this (bytes): all else would delay picture and sound. */
const MOST_BUFFERED = 262_144;
/** A channel that ends while its link goes on is opened anew after this (ms). */
const REOPEN_AFTER_MS = 1_000;
/** Texts that wait for a channel to open. */
const MOST_EARLY = 100;

/**
 * This side's channel of one name. Each side opens its own when it first has something to say, so a call without
 * any of it has no such channel, and what one side says stays in its order.
 */
export class Speaker {
  readonly #label: string;
  readonly #open: OpenChannel;
  readonly #hooks: SpeakerHooks;
  #channel: RTCDataChannel | null = null;
  #early: string[] = [];

  constructor(label: string, open: OpenChannel, hooks: SpeakerHooks) {
    this.#label = label;
    this.#open = open;
    this.#hooks = hooks;
  }

  get isOpen(): boolean {
    return this.#channel?.readyState === 'open';
  }

  /** How much more may be sent (bytes). */
  get room(): number {
    return this.isOpen ? MOST_BUFFERED - (this.#channel?.bufferedAmount ?? 0) : 0;
  }

  /** Opens the channel if it is not. */
  wake(): void {
    if (this.#channel) return;
    const channel = this.#open(this.#label);
    if (!channel) return;
    this.#channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = MOST_BUFFERED / 2;
    channel.onbufferedamountlow = () => this.#hooks.room?.();
    channel.onopen = () => {
      const early = this.#early.splice(0);
      for (const text of [...this.#hooks.opened(), ...early]) this.say(text);
      this.#hooks.room?.();
    };
    channel.onclose = () => {
      if (this.#channel !== channel) return;
      this.drop();
      // At once: until the timer ends, another channel may have begun what this would end.
      this.#hooks.closed?.();
      setTimeout(() => this.#hooks.resume(), REOPEN_AFTER_MS);
    };
  }

  /** Says a text, as soon as the channel is open. Without a link it is lost. */
  say(text: string): void {
    this.wake();
    if (this.isOpen) this.send(text);
    else if (this.#channel && this.#early.length < MOST_EARLY) this.#early.push(text);
  }

  /** Sends at once; what does not go out any more is lost, and asked for again. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    try {
      // Overloads keep the two apart.
      if (typeof data === 'string') this.#channel?.send(data);
      else this.#channel?.send(data);
    } catch (error) {
      console.warn(`twocan: channel ${this.#label}:`, error);
    }
  }

  /** Forgets the channel, which belongs to another link than the present one. */
  drop(): void {
    const channel = this.#channel;
    this.#channel = null;
    this.#early = [];
    if (!channel) return;
    channel.onopen = null;
    channel.onclose = null;
    channel.onbufferedamountlow = null;
    channel.close();
  }
}
