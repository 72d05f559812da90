import { Pace } from './pace';
import { isOver, Transfers } from './transfer';
import { BLOCK, type FileMessage, MAX_CHUNK, MOST_UNWRITTEN, type Reason } from './wire';

/** What is to be done for a file that is sent. */
export type OutgoingCommand =
  | { do: 'say'; message: FileMessage }
  | { do: 'send'; bytes: Uint8Array<ArrayBuffer> }
  /** Read piece `n`, and hand it to {@link Outgoing.read} with its sum. */
  | { do: 'read'; id: string; n: number; from: number; to: number };

/** A piece that has been read. */
interface Piece {
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
}

/** The one whose bytes are sent. */
interface Current {
  id: string;
  size: number;
  /** Next byte to send. */
  at: number;
  received: number;
  written: number;
  pace: Pace;
  /** By their numbers; asked for and not here yet: `null`. */
  pieces: Map<number, Piece | null>;
}

/** So many pieces are read ahead. */
const AHEAD = 2;

/**
 * All files that this side sends, one after another. Each is offered, and offered again on each new channel:
 * the receiver says from where on it needs it.
 */
export class Outgoing {
  readonly transfers = new Transfers(true);
  /** From where on those that are accepted are needed, in the order in which they were. */
  readonly #accepted = new Map<string, number>();
  #current: Current | null = null;
  #online = false;
  #theirPage: string | null = null;

  /** Offers a file. */
  offer(id: string, name: string, size: number, now: number): OutgoingCommand[] {
    this.transfers.add({ id, name, size, at: now });
    return this.#online ? [{ do: 'say', message: { type: 'offer', id, name, size } }] : [];
  }

  /** There is a new channel, on which nothing was said. */
  opened(): OutgoingCommand[] {
    this.#online = true;
    return this.transfers.open.map(({ id, name, size }) => {
      return { do: 'say', message: { type: 'offer', id, name, size } };
    });
  }

  /** The channel is gone; what was accepted goes on when it is accepted again on the next. */
  closed(): void {
    this.#online = false;
    this.#current = null;
    this.#accepted.clear();
    for (const { id, state } of this.transfers.open) {
      if (state === 'running') this.transfers.change(id, { state: 'queued' });
    }
  }

  /** This side gives a file up. */
  cancel(id: string, reason: Reason = 'cancelled'): OutgoingCommand[] {
    const transfer = this.transfers.get(id);
    if (!transfer || isOver(transfer)) return [];
    this.transfers.end(id, reason, true);
    this.#forget(id);
    return [{ do: 'say', message: { type: 'cancel', id, from: 'sender', reason } }];
  }

  /** Somebody else is at the other end, or nobody. */
  left(): void {
    this.closed();
    this.#theirPage = null;
    for (const { id } of this.transfers.open) this.transfers.end(id, 'left', false);
  }

  /** Takes what the receiver says. */
  heard(message: FileMessage, now: number): void {
    if (message.type === 'hello') return this.#greeted(message.page);
    const transfer = this.transfers.get(message.id);
    if (!transfer || isOver(transfer)) return;
    const { id, size } = transfer;
    switch (message.type) {
      case 'accept':
        if (message.at > size) return;
        this.#forget(id);
        this.#accepted.set(id, message.at);
        return this.transfers.change(id, { state: 'queued', moved: message.at });
      case 'decline':
        this.#forget(id);
        return this.transfers.change(id, { state: 'declined' });
      case 'got':
        return this.#got(id, message.received, message.written, now);
      case 'done':
        if (transfer.state === 'offered') return;
        this.#forget(id);
        return this.transfers.change(id, { state: 'done', moved: size });
      case 'cancel':
        if (message.from !== 'receiver') return;
        this.#forget(id);
        return this.transfers.end(id, message.reason, false);
    }
  }

  /** Piece `n` has been read; `sha256` is its sum in base64url. */
  read(id: string, n: number, bytes: Uint8Array<ArrayBuffer>, sha256: string): void {
    if (this.#current?.id === id && this.#current.pieces.has(n)) {
      this.#current.pieces.set(n, { bytes, sha256 });
    }
  }

  /** What to do next, if the channel has `room` for so many bytes at the time `now` (ms). */
  pump(room: number, now: number): OutgoingCommand[] {
    const commands: OutgoingCommand[] = [];
    if (!this.#current && !this.#begin(commands)) return commands;
    const current = this.#current;
    if (!current) return commands;
    let left = room;
    while (left > 0 && current.at < current.size) {
      this.#readAhead(current, commands);
      const n = Math.floor(current.at / BLOCK);
      const piece = current.pieces.get(n);
      if (!piece || !mayGoOn(current)) break;
      const inside = current.at - n * BLOCK;
      const bytes = piece.bytes.subarray(inside, inside + current.pace.chunk);
      current.at += bytes.length;
      left -= bytes.length;
      current.pace.sent(current.at, now);
      commands.push({ do: 'send', bytes });
      if (inside + bytes.length < piece.bytes.length) continue;
      const { sha256 } = piece;
      commands.push({ do: 'say', message: { type: 'block', id: current.id, n, sha256 } });
      current.pieces.delete(n);
    }
    return commands;
  }

  #greeted(page: string): void {
    const before = this.#theirPage;
    this.#theirPage = page;
    if (before === null || before === page) return;
    // A page that was loaded anew knows of nothing that it accepted before.
    for (const { id, state } of this.transfers.open) {
      if (state === 'queued' && !this.#accepted.has(id))
        this.transfers.change(id, { state: 'offered', moved: 0 });
    }
  }

  #begin(commands: OutgoingCommand[]): boolean {
    const [next] = this.#accepted;
    const transfer = next && this.transfers.get(next[0]);
    if (!next || !transfer) return false;
    const [id, at] = next;
    const { size } = transfer;
    this.#accepted.delete(id);
    const pace = new Pace(at);
    this.#current = { id, size, at, received: at, written: at, pace, pieces: new Map() };
    this.transfers.change(id, { state: 'running' });
    commands.push({ do: 'say', message: { type: 'start', id, at } });
    return true;
  }

  #readAhead({ id, at, size, pieces }: Current, commands: OutgoingCommand[]): void {
    const first = Math.floor(at / BLOCK);
    for (let n = first; n < first + AHEAD && n * BLOCK < size; n += 1) {
      if (pieces.has(n)) continue;
      pieces.set(n, null);
      commands.push({ do: 'read', id, n, from: n * BLOCK, to: Math.min(size, (n + 1) * BLOCK) });
    }
  }

  #got(id: string, received: number, written: number, now: number): void {
    const current = this.#current;
    if (current?.id !== id || received > current.at || received < current.received) return;
    current.received = received;
    current.pace.confirmed(received, now);
    if (written <= current.written) return;
    current.written = written;
    this.transfers.change(id, { moved: written });
  }

  #forget(id: string): void {
    this.#accepted.delete(id);
    if (this.#current?.id === id) this.#current = null;
  }
}

function mayGoOn({ at, received, written, pace }: Current): boolean {
  return at - received < pace.window && at - written <= MOST_UNWRITTEN - MAX_CHUNK;
}
