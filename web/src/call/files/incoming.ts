import { isOver, Transfers } from './transfer';
import { BLOCK, type FileMessage, MOST_UNWRITTEN, type Reason } from './wire';

/** What is to be done for a file that comes. */
export type IncomingCommand =
  | { do: 'say'; message: FileMessage }
  /** Check piece `n` by its sum and write it; then {@link Incoming.stored}, or {@link Incoming.fail}. */
  | { do: 'store'; id: string; n: number; bytes: Uint8Array<ArrayBuffer>; sha256: string }
  /** All is written: close the file; then {@link Incoming.finished}, or {@link Incoming.fail}. */
  | { do: 'finish'; id: string }
  /** Throw away what there is of it. */
  | { do: 'discard'; id: string };

/** So many offers may wait for an answer. */
const MOST_OFFERS = 50;

/** The one whose bytes come. */
interface Current {
  id: string;
  size: number;
  received: number;
  /** The piece that is being filled. */
  n: number;
  piece: Uint8Array<ArrayBuffer>;
  filled: number;
}

/** All files that the other side sends: offered, accepted by the person, received in pieces. */
export class Incoming {
  readonly transfers = new Transfers(false);
  /** From where on each has been asked for last. */
  readonly #asked = new Map<string, number>();
  /** How many pieces of each are written or being written. */
  readonly #stored = new Map<string, number>();
  #current: Current | null = null;
  #page: string | null = null;

  /** The person wants it, and there is a place for it. */
  accept(id: string): IncomingCommand[] {
    const transfer = this.transfers.get(id);
    if (transfer?.state !== 'offered') return [];
    this.transfers.change(id, { state: 'queued' });
    return this.#ask(id, 0);
  }

  /** The person does not want it. */
  decline(id: string): IncomingCommand[] {
    if (this.transfers.get(id)?.state !== 'offered') return [];
    this.transfers.change(id, { state: 'declined' });
    return [{ do: 'say', message: { type: 'decline', id } }];
  }

  /** Gives a file up, for a reason on this side. */
  fail(id: string, reason: Reason): IncomingCommand[] {
    const transfer = this.transfers.get(id);
    if (!transfer || isOver(transfer)) return [];
    this.transfers.end(id, reason, true);
    this.#forget(id);
    return [
      { do: 'discard', id },
      { do: 'say', message: { type: 'cancel', id, from: 'receiver', reason } },
    ];
  }

  /** The channel is gone, or another one begins. */
  closed(): void {
    this.#current = null;
    for (const { id, state } of this.transfers.open) {
      if (state === 'running') this.transfers.change(id, { state: 'queued' });
    }
  }

  /** Somebody else is at the other end, or nobody. */
  left(): IncomingCommand[] {
    this.closed();
    this.#page = null;
    return this.transfers.open.map(({ id }) => this.#lose(id));
  }

  /** Takes what the sender says. */
  heard(message: FileMessage, now: number): IncomingCommand[] {
    switch (message.type) {
      case 'hello':
        return this.#greeted(message.page);
      case 'offer':
        return this.#offered(message, now);
      case 'start':
        return this.#start(message.id, message.at);
      case 'block':
        return this.#block(message.id, message.n, message.sha256);
      case 'cancel': {
        const transfer = this.transfers.get(message.id);
        if (message.from !== 'sender' || !transfer || isOver(transfer)) return [];
        this.transfers.end(message.id, message.reason, false);
        this.#forget(message.id);
        return [{ do: 'discard', id: message.id }];
      }
      default:
        return [];
    }
  }

  /** Takes bytes of the file that was started last. */
  bytes(bytes: Uint8Array): IncomingCommand[] {
    const current = this.#current;
    // Of one that was given up, some still come.
    if (!current || bytes.length === 0) return [];
    const { id, piece, filled } = current;
    const moved = this.transfers.get(id)?.moved ?? 0;
    const received = current.received + bytes.length;
    if (filled + bytes.length > piece.length || received - moved > MOST_UNWRITTEN) {
      return this.fail(id, 'disorder');
    }
    piece.set(bytes, filled);
    current.filled += bytes.length;
    current.received = received;
    return [this.#got(current)];
  }

  /** Piece `n` was what its sum says, and is written. */
  stored(id: string, n: number): IncomingCommand[] {
    const transfer = this.transfers.get(id);
    if (!transfer || isOver(transfer)) return [];
    const moved = Math.max(transfer.moved, Math.min(transfer.size, (n + 1) * BLOCK));
    this.transfers.change(id, { moved });
    const commands: IncomingCommand[] = [];
    if (this.#current?.id === id) commands.push(this.#got(this.#current));
    if (moved === transfer.size) commands.push({ do: 'finish', id });
    return commands;
  }

  /** The file is closed, and whole. */
  finished(id: string): IncomingCommand[] {
    const transfer = this.transfers.get(id);
    if (!transfer || isOver(transfer)) return [];
    this.transfers.change(id, { state: 'done' });
    this.#forget(id);
    return [{ do: 'say', message: { type: 'done', id } }];
  }

  #greeted(page: string): IncomingCommand[] {
    this.closed();
    const before = this.#page;
    this.#page = page;
    if (before === null || before === page) return [];
    // The page that offered these is gone, and only it could read them.
    return this.transfers.open.map(({ id }) => this.#lose(id));
  }

  #lose(id: string): IncomingCommand {
    this.transfers.end(id, 'left', false);
    this.#forget(id);
    return { do: 'discard', id };
  }

  #offered(
    { id, name, size }: Extract<FileMessage, { type: 'offer' }>,
    now: number,
  ): IncomingCommand[] {
    const known = this.transfers.get(id);
    if (!known) {
      const undecided = this.transfers.open.filter(({ state }) => state === 'offered');
      if (undecided.length < MOST_OFFERS) {
        this.transfers.add({ id, name, size, at: now });
        return [];
      }
      return [{ do: 'say', message: { type: 'cancel', id, from: 'receiver', reason: 'too-many' } }];
    }
    switch (known.state) {
      case 'offered':
        return [];
      case 'queued':
      case 'running':
        // What is whole already is closed, which `done` tells.
        return known.moved === known.size && known.size > 0 ? [] : this.#ask(id, known.moved);
      case 'done':
        return [{ do: 'say', message: { type: 'done', id } }];
      case 'declined':
        return [{ do: 'say', message: { type: 'decline', id } }];
      case 'ended': {
        const reason = known.end?.reason;
        const said = reason === undefined || reason === 'left' ? 'cancelled' : reason;
        return [{ do: 'say', message: { type: 'cancel', id, from: 'receiver', reason: said } }];
      }
    }
  }

  #ask(id: string, at: number): IncomingCommand[] {
    this.#asked.set(id, at);
    return [{ do: 'say', message: { type: 'accept', id, at } }];
  }

  #start(id: string, at: number): IncomingCommand[] {
    this.closed();
    const transfer = this.transfers.get(id);
    if (transfer?.state !== 'queued') return [];
    if (this.#asked.get(id) !== at) return this.fail(id, 'disorder');
    const { size } = transfer;
    this.transfers.change(id, { state: 'running' });
    if (size === 0) return [{ do: 'finish', id }];
    const n = at / BLOCK;
    this.#current = { id, size, received: at, n, piece: pieceOf(size, n), filled: 0 };
    return [];
  }

  #block(id: string, n: number, sha256: string): IncomingCommand[] {
    const current = this.#current;
    if (current?.id !== id) return [];
    const { piece, filled, size } = current;
    const isPiece = n === current.n && piece.length > 0;
    if (!isPiece || filled < piece.length) return this.fail(id, 'disorder');
    current.n += 1;
    current.filled = 0;
    // There is none after the last: bytes that come all the same have no room in it.
    current.piece = pieceOf(size, current.n);
    // A sender that begins anew fills no memory with what is there already.
    if (n < (this.#stored.get(id) ?? 0)) return [];
    this.#stored.set(id, n + 1);
    return [{ do: 'store', id, n, bytes: piece, sha256 }];
  }

  #got({ id, received }: Current): IncomingCommand {
    const moved = this.transfers.get(id)?.moved ?? 0;
    const written = Math.min(moved, received);
    return { do: 'say', message: { type: 'got', id, received, written } };
  }

  #forget(id: string): void {
    this.#asked.delete(id);
    this.#stored.delete(id);
    if (this.#current?.id === id) this.#current = null;
  }
}

function pieceOf(size: number, n: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.max(0, Math.min(BLOCK, size - n * BLOCK)));
}
