import type { Reason } from './wire';

/** How far a file has come. */
export type TransferState =
  /** The receiving person has not answered. */
  | 'offered'
  /** Accepted: its bytes come when those before it have, and the connection is there. */
  | 'queued'
  | 'running'
  | 'done'
  | 'declined'
  /** Ended before its end: see `end`. */
  | 'ended';

/** Why a transfer ended before its end, and on whose side. `left`: the other page has gone, and what it knew with it. */
export interface TransferEnd {
  readonly reason: Reason | 'left';
  readonly mine: boolean;
}

/** One file on its way, or that was. */
export interface Transfer {
  readonly id: string;
  /** This side sends it. */
  readonly mine: boolean;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** When it was offered, in milliseconds of `performance.now()`. */
  readonly at: number;
  readonly state: TransferState;
  readonly end: TransferEnd | null;
  /** How many bytes the receiver has checked and written. */
  readonly moved: number;
}

/** So many are remembered that have come to their end. */
const MOST_OVER = 200;

/** Whether nothing more happens to it. */
export function isOver({ state }: Transfer): boolean {
  return state === 'done' || state === 'declined' || state === 'ended';
}

/** The transfers of one direction, in the order in which they were offered. */
export class Transfers {
  all: readonly Transfer[] = [];
  readonly #mine: boolean;

  constructor(mine: boolean) {
    this.#mine = mine;
  }

  get(id: string): Transfer | undefined {
    return this.all.find((one) => one.id === id);
  }

  /** Those that have not come to their end. */
  get open(): Transfer[] {
    return this.all.filter((one) => !isOver(one));
  }

  add(file: Pick<Transfer, 'id' | 'name' | 'size' | 'at'>): void {
    const added: Transfer = { ...file, mine: this.#mine, state: 'offered', end: null, moved: 0 };
    let tooMany = this.all.filter(isOver).length - MOST_OVER;
    this.all = [...this.all.filter((one) => !isOver(one) || tooMany-- <= 0), added];
  }

  change(id: string, change: Partial<Pick<Transfer, 'state' | 'end' | 'moved'>>): void {
    this.all = this.all.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  end(id: string, reason: TransferEnd['reason'], mine: boolean): void {
    this.change(id, { state: 'ended', end: { reason, mine } });
  }
}
