import { newId } from '../beside/id';
import { type OpenChannel, Speaker } from '../beside/speaker';
import { toBase64Url } from '../seal/bytes';
import { Incoming, type IncomingCommand } from './incoming';
import { Outgoing, type OutgoingCommand } from './outgoing';
import { type Destination, type NoPlace, reasonOf, type Saver } from './save';
import { Speed } from './speed';
import { isOver, type Transfer } from './transfer';
import { BLOCK, type FileMessage, readFileMessage } from './wire';

/** A file as a view shows it. */
export interface FileTransfer extends Transfer {
  /** Bytes a second; `null` while it cannot be told. */
  readonly speed: number | null;
  /** To be handed to the person: the page has kept it for them. */
  readonly file: File | null;
  /** Why there was no place for it when the person wanted it. */
  readonly noPlace: Exclude<NoPlace, 'dismissed'> | null;
}

/** What the files need around them. */
export interface FilesOptions {
  page: string;
  open: OpenChannel;
  saver: Saver;
  changed(): void;
}

/** Files on their channels: reads, sums and writes what the two machines of the directions say. */
export class Files {
  readonly #options: FilesOptions;
  readonly #speaker: Speaker;
  readonly #outgoing = new Outgoing();
  readonly #incoming = new Incoming();
  readonly #sources = new Map<string, File>();
  readonly #destinations = new Map<string, Destination>();
  /** What is done with each destination, one thing after another. */
  readonly #work = new Map<string, Promise<void>>();
  readonly #speeds = new Map<string, Speed>();
  readonly #kept = new Map<string, File>();
  readonly #noPlaces = new Map<string, Exclude<NoPlace, 'dismissed'>>();
  readonly #choosing = new Set<string>();

  constructor(options: FilesOptions) {
    this.#options = options;
    this.#speaker = new Speaker('files', options.open, {
      opened: () => [
        JSON.stringify({ type: 'hello', version: 1, page: options.page }),
        ...this.#outgoing.opened().flatMap((command) => textOf(command)),
      ],
      room: () => this.#pump(),
      closed: () => this.#outgoing.closed(),
      resume: () => this.resume(),
    });
  }

  /** All transfers of both directions, in the order of their offers; with how fast they are at the moment. */
  list(): readonly FileTransfer[] {
    const now = performance.now();
    return [...this.#outgoing.transfers.all, ...this.#incoming.transfers.all]
      .sort((one, other) => one.at - other.at)
      .map((transfer) => ({
        ...transfer,
        speed: this.#speedOf(transfer, now),
        file: this.#kept.get(transfer.id) ?? null,
        noPlace: this.#noPlaces.get(transfer.id) ?? null,
      }));
  }

  /** Offers files to the other person. */
  send(files: Iterable<File>): void {
    for (const file of files) {
      const id = newId();
      this.#sources.set(id, file);
      const commands = this.#outgoing.offer(id, file.name, file.size, performance.now());
      this.#runOutgoing(commands);
    }
    this.#speaker.wake();
    this.#options.changed();
  }

  /** Takes a file that was offered. The browser may ask for a place: to be called on a press. */
  async accept(id: string): Promise<void> {
    const transfer = this.#incoming.transfers.get(id);
    if (transfer?.state !== 'offered' || this.#choosing.has(id)) return;
    this.#choosing.add(id);
    const place = await this.#options.saver.open(transfer).finally(() => this.#choosing.delete(id));
    if (typeof place === 'string') {
      if (place === 'dismissed') this.#noPlaces.delete(id);
      else this.#noPlaces.set(id, place);
      return this.#options.changed();
    }
    this.#noPlaces.delete(id);
    const commands = this.#incoming.accept(id);
    // Taken back while the person was choosing.
    if (commands.length === 0) return place.discard().catch(() => {});
    this.#destinations.set(id, place);
    this.#runIncoming(commands);
    this.#options.changed();
  }

  decline(id: string): void {
    this.#runIncoming(this.#incoming.decline(id));
    this.#options.changed();
  }

  /** Gives a transfer up, of either direction. */
  cancel(id: string): void {
    this.#runOutgoing(this.#outgoing.cancel(id));
    this.#runIncoming(this.#incoming.fail(id, 'cancelled'));
    this.#tidy();
    this.#pump();
    this.#options.changed();
  }

  /** Takes what came on a channel of the other side. */
  hear(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      return this.#runIncoming(this.#incoming.bytes(new Uint8Array(data)));
    }
    const message = readFileMessage(data);
    if (!message) return;
    // Both directions are known by the same ids.
    if (message.type === 'offer' && this.#outgoing.transfers.get(message.id)) return;
    const now = performance.now();
    this.#outgoing.heard(message, now);
    this.#runIncoming(this.#incoming.heard(message, now));
    this.#tidy();
    this.#pump();
    this.#options.changed();
  }

  /** The other side has a new channel: it is to hear who is here. */
  heardNone(): void {
    this.#incoming.closed();
    this.#speaker.wake();
  }

  /** The link that carries is another one, or none. */
  drop(): void {
    this.#speaker.drop();
    this.#outgoing.closed();
    this.#incoming.closed();
  }

  /** Goes on with what has not come to its end. */
  resume(): void {
    if (this.#outgoing.transfers.open.length > 0) this.#speaker.wake();
  }

  /** The other one is gone for good. */
  left(): void {
    this.#outgoing.left();
    this.#runIncoming(this.#incoming.left());
    this.#tidy();
  }

  #pump(): void {
    const commands = this.#outgoing.pump(this.#speaker.room, performance.now());
    if (commands.length === 0) return;
    this.#runOutgoing(commands);
  }

  #runOutgoing(commands: OutgoingCommand[]): void {
    for (const command of commands) {
      if (command.do === 'say') this.#say(command.message);
      else if (command.do === 'send') this.#speaker.send(command.bytes);
      else void this.#read(command);
    }
  }

  async #read({ id, n, from, to }: Extract<OutgoingCommand, { do: 'read' }>): Promise<void> {
    try {
      const bytes = await this.#sources.get(id)?.slice(from, to).arrayBuffer();
      if (!bytes) return;
      if (bytes.byteLength !== to - from) throw new Error('shorter than it was');
      this.#outgoing.read(id, n, new Uint8Array(bytes), await sha256(bytes));
    } catch (error) {
      console.warn('twocan: reading a file:', error);
      this.#runOutgoing(this.#outgoing.cancel(id, 'unreadable'));
      this.#options.changed();
    }
    this.#pump();
  }

  #runIncoming(commands: IncomingCommand[]): void {
    for (const command of commands) {
      if (command.do === 'say') this.#say(command.message);
      else this.#enqueue(command);
    }
  }

  /** Does one thing with a destination when those before it are done. */
  #enqueue(command: Exclude<IncomingCommand, { do: 'say' }>): void {
    const { id } = command;
    const before = this.#work.get(id) ?? Promise.resolve();
    const work = before.then(async () => {
      try {
        const place = this.#destinations.get(id);
        if (place) this.#runIncoming(await this.#carryOut(command, place));
      } catch (error) {
        console.warn('twocan: writing a file:', error);
        this.#runIncoming(this.#incoming.fail(id, reasonOf(error)));
      } finally {
        if (this.#work.get(id) === work) this.#work.delete(id);
        this.#options.changed();
      }
    });
    this.#work.set(id, work);
  }

  async #carryOut(
    command: Exclude<IncomingCommand, { do: 'say' }>,
    place: Destination,
  ): Promise<IncomingCommand[]> {
    const { id } = command;
    const transfer = this.#incoming.transfers.get(id);
    if (command.do === 'discard') {
      this.#destinations.delete(id);
      await place.discard().catch(() => {});
      return [];
    }
    // Given up meanwhile.
    if (!transfer || isOver(transfer)) return [];
    if (command.do === 'finish') {
      const file = await place.finish();
      this.#destinations.delete(id);
      if (file) this.#kept.set(id, file);
      return this.#incoming.finished(id);
    }
    const { n, bytes } = command;
    if ((await sha256(bytes.buffer)) !== command.sha256) return this.#incoming.fail(id, 'damaged');
    await place.write(n * BLOCK, bytes);
    return this.#incoming.stored(id, n);
  }

  #say(message: FileMessage): void {
    this.#speaker.say(JSON.stringify(message));
  }

  #speedOf({ id, state, moved }: Transfer, now: number): number | null {
    if (state !== 'running') {
      this.#speeds.delete(id);
      return null;
    }
    const speed = this.#speeds.get(id) ?? new Speed();
    this.#speeds.set(id, speed);
    return speed.sample(moved, now);
  }

  /** Lets go of what no transfer needs any more. */
  #tidy(): void {
    for (const id of this.#sources.keys()) {
      const transfer = this.#outgoing.transfers.get(id);
      if (!transfer || isOver(transfer)) this.#sources.delete(id);
    }
  }
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function textOf(command: OutgoingCommand): string[] {
  return command.do === 'say' ? [JSON.stringify(command.message)] : [];
}
