/** A sender and a receiver of files with a line between them, in virtual time. */
import { expect, it } from 'vitest';
import { Incoming, type IncomingCommand } from './incoming';
import { Outgoing, type OutgoingCommand } from './outgoing';
import { BLOCK, type FileMessage, MOST_UNWRITTEN } from './wire';

const ID = 'f'.repeat(22);
const SENDER = 's'.repeat(22);
const RECEIVER = 'r'.repeat(22);
const hello = (page: string): FileMessage => ({ type: 'hello', version: 1, page });
const SUM = 'b'.repeat(43);

it('brings a file over, piece by piece, and says so at the end', () => {
  const world = new World(3 * BLOCK + 5);
  world.run();
  expect(world.isWhole()).toBe(true);
  expect(world.sender()).toMatchObject({ state: 'done', moved: 3 * BLOCK + 5 });
  expect(world.receiver()).toMatchObject({ state: 'done', moved: 3 * BLOCK + 5 });
});

it.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1])('brings over a file of %i bytes', (size) => {
  const world = new World(size);
  world.run();
  expect(world.isWhole()).toBe(true);
  expect(world.sender()?.state).toBe('done');
});

it('sends nothing before it is accepted, and ends when it is declined', () => {
  const world = new World(BLOCK, { accept: false });
  world.run();
  expect(world.sent).toBe(0);
  expect(world.sender()?.state).toBe('offered');
  world.fromReceiver(world.incoming.decline(ID));
  world.run();
  expect(world.sender()?.state).toBe('declined');
});

it('goes on where it was on another link, again and again', () => {
  const size = 10 * BLOCK;
  const world = new World(size);
  for (let cuts = 0; cuts < 4; cuts += 1) {
    world.run(BLOCK * 2);
    world.cut();
  }
  world.run();
  expect(world.isWhole()).toBe(true);
  // Of each link, a piece that was not complete is sent again, and little that was on its way.
  expect(world.sent).toBeLessThan(size + 4 * 1.5 * BLOCK);
});

it('asks the person again when their page was loaded anew', () => {
  const world = new World(4 * BLOCK);
  world.run(BLOCK);
  world.reloadReceiver();
  world.run();
  expect(world.sender()?.state).toBe('offered');
  world.fromReceiver(world.incoming.accept(ID));
  world.run();
  expect(world.isWhole()).toBe(true);
});

it('gives up what came from a page that is gone', () => {
  const { incoming } = new World(BLOCK);
  const lost = incoming.heard(hello('x'.repeat(22)), 0);
  expect(lost).toEqual([{ do: 'discard', id: ID }]);
  expect(incoming.transfers.get(ID)?.end).toEqual({ reason: 'left', mine: false });
});

it.each(['sender', 'receiver'] as const)(
  'can be given up by the %s, and the next one comes',
  (side) => {
    const world = new World(3 * BLOCK);
    world.run(BLOCK);
    if (side === 'sender') world.fromSender(world.outgoing.cancel(ID));
    else world.fromReceiver(world.incoming.fail(ID, 'cancelled'));
    world.run();
    expect(world.sender()).toMatchObject({ state: 'ended', end: { mine: side === 'sender' } });
    expect(world.receiver()).toMatchObject({ state: 'ended', end: { mine: side === 'receiver' } });
    expect(world.discarded).toBe(1);
    const next = 'n'.repeat(22);
    world.fromSender(world.outgoing.offer(next, 'next', 10, 0));
    world.run();
    world.fromReceiver(world.incoming.accept(next));
    world.run();
    expect(world.outgoing.transfers.get(next)?.state).toBe('done');
  },
);

it('holds back while the disk is slow: what is on its way has a bound', () => {
  const world = new World(12 * BLOCK, { storing: false });
  world.run();
  expect(world.sent).toBeLessThanOrEqual(MOST_UNWRITTEN);
  expect(world.sent).toBeGreaterThan(BLOCK);
  expect(world.receiver()?.state).toBe('running');
});

it('never sends more than the channel has room for', () => {
  const world = new World(4 * BLOCK);
  world.run(0);
  for (let turn = 0; turn < 20; turn += 1) {
    const sent = world.outgoing
      .pump(100_000, turn)
      .reduce((sum, command) => sum + (command.do === 'send' ? command.bytes.length : 0), 0);
    expect(sent).toBeLessThan(100_000 + 65_536);
  }
});

it('ends a file that does not arrive as it was sent', () => {
  const world = new World(2 * BLOCK);
  world.run(BLOCK);
  world.fromReceiver(world.incoming.fail(ID, 'damaged'));
  world.run();
  expect(world.sender()?.end).toEqual({ reason: 'damaged', mine: false });
});

it.each<[string, (incoming: Incoming) => IncomingCommand[]]>([
  ['more than a piece', (it) => it.bytes(new Uint8Array(BLOCK + 1))],
  ['a sum before its piece', (it) => it.heard({ type: 'block', id: ID, n: 0, sha256: SUM }, 0)],
  [
    'the sum of another piece',
    (it) => {
      it.bytes(new Uint8Array(BLOCK));
      return it.heard({ type: 'block', id: ID, n: 1, sha256: SUM }, 0);
    },
  ],
  [
    'another beginning than was asked for',
    (it) => it.heard({ type: 'start', id: ID, at: BLOCK }, 0),
  ],
  [
    'a piece after the last',
    (it) => {
      for (let n = 0; n < 4; n += 1) {
        it.bytes(new Uint8Array(BLOCK));
        it.heard({ type: 'block', id: ID, n, sha256: SUM }, 0);
      }
      return it.heard({ type: 'block', id: ID, n: 4, sha256: SUM }, 0);
    },
  ],
])('ends a transfer that sends %s', (_name, act) => {
  const incoming = started(4 * BLOCK);
  expect(act(incoming)).toEqual([
    { do: 'discard', id: ID },
    { do: 'say', message: { type: 'cancel', id: ID, from: 'receiver', reason: 'disorder' } },
  ]);
});

it('takes no more into memory than it may', () => {
  const incoming = started(100 * BLOCK);
  let kept = 0;
  for (let n = 0; n < 100; n += 1) {
    if (incoming.transfers.get(ID)?.state === 'ended') break;
    incoming.bytes(new Uint8Array(BLOCK));
    incoming.heard({ type: 'block', id: ID, n, sha256: SUM }, 0);
    kept += 1;
  }
  expect(kept).toBe(MOST_UNWRITTEN / BLOCK + 1);
});

it('keeps nothing of pieces that come again though they are written', () => {
  const incoming = started(100 * BLOCK);
  let kept = 0;
  const send = (n: number) => {
    incoming.bytes(new Uint8Array(BLOCK));
    return incoming.heard({ type: 'block', id: ID, n, sha256: SUM }, 0);
  };
  for (let n = 0; n < 50; n += 1) {
    send(n);
    incoming.stored(ID, n);
  }
  incoming.heard({ type: 'start', id: ID, at: 0 }, 0);
  for (let n = 0; n < 100; n += 1) {
    kept += send(n).filter((command) => command.do === 'store').length;
  }
  expect(kept).toBe(MOST_UNWRITTEN / BLOCK);
  expect(incoming.transfers.get(ID)?.end?.reason).toBe('disorder');
});

it.each<[string, FileMessage[]]>([
  ['begins', [{ type: 'start', id: ID, at: 0 }]],
  [
    'offers it',
    [
      { type: 'offer', id: ID, name: 'a', size: 1 },
      { type: 'start', id: ID, at: 0 },
    ],
  ],
])('holds no piece twice of a sender that %s again while the disk is slow', (_, again) => {
  const incoming = started(100 * BLOCK);
  const stores: number[] = [];
  for (let times = 0; times < 5; times += 1) {
    for (let n = 0; n < MOST_UNWRITTEN / BLOCK; n += 1) {
      incoming.bytes(new Uint8Array(BLOCK));
      const commands = incoming.heard({ type: 'block', id: ID, n, sha256: SUM }, 0);
      stores.push(...commands.flatMap((command) => (command.do === 'store' ? command.n : [])));
    }
    for (const message of again) incoming.heard(message, 0);
  }
  expect(stores).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(incoming.transfers.get(ID)?.state).toBe('running');
});

it('passes over bytes that nobody asked for', () => {
  const incoming = new Incoming();
  expect(incoming.bytes(new Uint8Array(10))).toEqual([]);
  expect(incoming.heard({ type: 'start', id: ID, at: 0 }, 0)).toEqual([]);
  expect(incoming.heard({ type: 'block', id: ID, n: 0, sha256: SUM }, 0)).toEqual([]);
});

it('lets no more offers wait than a person could look at', () => {
  const incoming = new Incoming();
  let refused = 0;
  for (let n = 0; n < 1_000; n += 1) {
    const id = `${n}`.padStart(22, '0');
    refused += incoming.heard({ type: 'offer', id, name: 'a', size: 1 }, n).length;
  }
  expect(incoming.transfers.all).toHaveLength(50);
  expect(refused).toBe(950);
});

it('forgets the oldest of many that are over', () => {
  const incoming = new Incoming();
  for (let n = 0; n < 1_000; n += 1) {
    const id = `${n}`.padStart(22, '0');
    incoming.heard({ type: 'offer', id, name: 'a', size: 1 }, n);
    incoming.decline(id);
  }
  expect(incoming.transfers.all.length).toBeLessThan(210);
});

it.each([
  [{ type: 'accept', id: ID, at: 100 * BLOCK }],
  [{ type: 'got', id: ID, received: 100 * BLOCK, written: 5 }],
  [{ type: 'done', id: ID }],
  [{ type: 'done', id: 'z'.repeat(22) }],
  [{ type: 'cancel', id: ID, from: 'sender', reason: 'cancelled' }],
] as [FileMessage][])('believes no receiver that says %j before its time', (message) => {
  const outgoing = new Outgoing();
  outgoing.opened();
  outgoing.offer(ID, 'a', 2 * BLOCK, 0);
  outgoing.heard(message, 0);
  expect(outgoing.transfers.get(ID)).toMatchObject({ state: 'offered', moved: 0 });
  expect(outgoing.pump(1e6, 0)).toEqual([]);
});

function started(size: number): Incoming {
  const incoming = new Incoming();
  incoming.heard(hello(SENDER), 0);
  incoming.heard({ type: 'offer', id: ID, name: 'a', size }, 0);
  incoming.accept(ID);
  incoming.heard({ type: 'start', id: ID, at: 0 }, 0);
  return incoming;
}

/** Both machines, and a line that can be cut. */
class World {
  readonly outgoing = new Outgoing();
  incoming = new Incoming();
  readonly source: Uint8Array<ArrayBuffer>;
  /** Bytes that were sent, also in vain. */
  sent = 0;
  discarded = 0;
  #written: Uint8Array;
  #now = 0;
  #toReceiver: (FileMessage | Uint8Array<ArrayBuffer>)[] = [];
  #toSender: FileMessage[] = [];
  #reads: Extract<OutgoingCommand, { do: 'read' }>[] = [];
  #stores: Exclude<IncomingCommand, { do: 'say' }>[] = [];
  readonly #storing: boolean;

  constructor(size: number, { accept = true, storing = true } = {}) {
    this.#storing = storing;
    this.source = new Uint8Array(size);
    // Something else in each piece.
    for (let at = 0; at < size; at += 997) this.source[at] = (at * 31 + (at >> 12)) & 255;
    this.#written = new Uint8Array(size);
    this.outgoing.offer(ID, 'file', size, 0);
    this.connect();
    this.#deliver();
    if (accept) this.fromReceiver(this.incoming.accept(ID));
  }

  isWhole(): boolean {
    return Buffer.compare(this.#written, this.source) === 0;
  }

  sender() {
    return this.outgoing.transfers.get(ID);
  }

  receiver() {
    return this.incoming.transfers.get(ID);
  }

  connect(): void {
    this.#toReceiver = [hello(SENDER)];
    this.#toSender = [hello(RECEIVER)];
    this.fromSender(this.outgoing.opened());
  }

  /** Another link: what was on its way is lost, what is being read and written is not. */
  cut(): void {
    this.outgoing.closed();
    this.incoming.closed();
    this.connect();
  }

  reloadReceiver(): void {
    this.outgoing.closed();
    this.incoming = new Incoming();
    this.#stores = [];
    this.connect();
    this.#toSender = [hello('n'.repeat(22))];
  }

  /** Goes on until nothing moves, or until so many more bytes have been sent. */
  run(bytes = Number.POSITIVE_INFINITY): void {
    const end = this.sent + bytes;
    for (let idle = 0; idle < 3 && this.sent < end; ) {
      this.#now += 1;
      const commands = this.outgoing.pump(262_144, this.#now);
      this.fromSender(commands);
      const moved = this.#deliver() + this.#work();
      idle = commands.length + moved === 0 ? idle + 1 : 0;
    }
  }

  fromSender(commands: OutgoingCommand[]): void {
    for (const command of commands) {
      if (command.do === 'read') this.#reads.push(command);
      else if (command.do === 'say') this.#toReceiver.push(command.message);
      else {
        this.sent += command.bytes.length;
        this.#toReceiver.push(command.bytes.slice());
      }
    }
  }

  fromReceiver(commands: IncomingCommand[]): void {
    for (const command of commands) {
      if (command.do === 'say') this.#toSender.push(command.message);
      else this.#stores.push(command);
    }
  }

  #deliver(): number {
    let moved = 0;
    for (const message of this.#toReceiver.splice(0)) {
      moved += 1;
      if (message instanceof Uint8Array) this.fromReceiver(this.incoming.bytes(message));
      else this.fromReceiver(this.incoming.heard(message, this.#now));
    }
    for (const message of this.#toSender.splice(0)) {
      moved += 1;
      this.outgoing.heard(message, this.#now);
    }
    return moved;
  }

  #work(): number {
    const reads = this.#reads.splice(0);
    for (const { id, n, from, to } of reads) {
      this.outgoing.read(id, n, this.source.slice(from, to), SUM);
    }
    if (!this.#storing) return reads.length;
    const stores = this.#stores.splice(0);
    for (const command of stores) {
      const { id } = command;
      if (command.do === 'discard') this.discarded += 1;
      else if (command.do === 'finish') this.fromReceiver(this.incoming.finished(id));
      else {
        if (id === ID) this.#written.set(command.bytes, command.n * BLOCK);
        this.fromReceiver(this.incoming.stored(id, command.n));
      }
    }
    return reads.length + stores.length;
  }
}
