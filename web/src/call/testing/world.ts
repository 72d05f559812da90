/**
 * A server, a network and browsers of the tests' own, in virtual time: as little of each as two pages
 * need for a call, and everything that can go wrong between them.
 */
import { Call } from '../call';
import type { ResumeStore } from '../options';
import {
  type Capabilities,
  type Joined,
  OWN_CAPABILITIES,
  type Peer,
  type PeerMessage,
  type Tickets,
} from '../protocol';
import { utf8 } from '../seal/bytes';
import type { Envelope } from '../seal/envelope';
import type { Header, RoomKeys } from '../seal/keys';
import type { Signalling, SignallingHandler } from '../signalling';

export const LATENCY_MS = 20;
const GRACE_MS = 20_000;
/** After this a browser notices that a path carries no more. */
const ICE_NOTICES_MS = 5_000;

/** Everything that two pages share. */
export class World {
  /** Of a sealed room. */
  readonly keys: RoomKeys | null;
  readonly random: () => number;
  readonly server = new FakeServer(this);
  readonly connections: FakeConnection[] = [];
  /** All pages that were ever loaded. Each is given a STUN server of its own, by which its connections tell it. */
  readonly pages: Page[] = [];
  made = 0;

  /** The same `seed` gives the same world. */
  constructor(seed: number, { sealed = false } = {}) {
    this.keys = sealed ? quickKeys : null;
    let state = seed;
    // mulberry32: small, and the same on every machine.
    this.random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  /** Lets every connection see whether it carries. */
  look(): void {
    for (const connection of this.connections) connection.look();
  }
}

/** How long something is gone, and how much later the server notices (ms). */
export interface Trouble {
  downFor?: number;
  seenAfter?: number;
  /** Whether what was on its way to the server comes just before that, rather than never. */
  late?: boolean;
}

/** A browser's tab: its page comes and goes, and what it remembers stays. */
export class Tab {
  readonly #world: World;
  #page: Page;
  #kept: string | null = null;
  readonly #asks: boolean;

  /** `asks`: its calls have to be started by somebody. */
  constructor(world: World, asks = false) {
    this.#world = world;
    this.#asks = asks;
    this.#page = this.#open();
  }

  get call(): Call {
    return this.#page.call;
  }

  /** The connection that the page has made last, and not closed. */
  get connection(): FakeConnection | undefined {
    return this.#world.connections.findLast(({ page, closed }) => page === this.#page && !closed);
  }

  /** Loses the server for a while. */
  drop({ downFor = 1_000, seenAfter = 0, late = false }: Trouble = {}): void {
    this.#page.loseServer(downFor, seenAfter, late);
  }

  /** Loads the page anew. */
  reload({ downFor = 500, seenAfter = 0 }: Trouble = {}): void {
    const gone = this.#page;
    gone.vanish(seenAfter);
    setTimeout(() => {
      if (this.#page === gone) this.#page = this.#open();
    }, downFor);
  }

  /** Opens a copy of the tab, which this stands for from here on; the former page stays open. */
  duplicate(): void {
    if (!this.#page.vanished) this.#page = this.#open();
  }

  /** Changes the network between the two: only a new negotiation finds a way. */
  breakPath(): void {
    this.connection?.breakPath();
  }

  #open(): Page {
    const resume = {
      load: () => this.#kept,
      save: (token: string | null) => {
        this.#kept = token;
      },
    };
    return new Page(this.#world, resume, this.#asks);
  }
}

/** One loaded page, in the room from the start. */
class Page implements Signalling {
  readonly call: Call;
  readonly stun: string;
  vanished = false;
  readonly #world: World;
  #handler: SignallingHandler | null = null;
  #line: Line | null = null;

  constructor(world: World, resume: ResumeStore, asks: boolean) {
    this.#world = world;
    this.stun = `stun:${world.pages.push(this)}`;
    const devices = { permission: async () => null, list: async () => [], watch: () => () => {} };
    const network = { watch: () => () => {} };
    const room = world.keys ? { keys: world.keys } : { roomId: 'r' };
    // A page that has gone writes nothing any more, whatever is still due in it.
    const save = (token: string | null) => {
      if (!this.vanished) resume.save(token);
    };
    const kept = { ...resume, save };
    this.call = new Call({ ...room, signalling: this, devices, network, resume: kept, asks });
    this.call.connect();
    this.call.join();
  }

  connect(handler: SignallingHandler): void {
    this.#handler = handler;
    this.reconnect(0);
  }

  join(request: Tickets & { capabilities?: Capabilities }): void {
    this.#line?.toServer((server, line) => server.join(line, request));
  }

  leave(): boolean {
    this.#line?.toServer((server, line) => server.leave(line));
    return this.#line !== null;
  }

  send(data: PeerMessage | Envelope): void {
    this.#line?.toServer((server, line) => server.message(line, data));
  }

  keep(data: PeerMessage | Envelope | null): void {
    this.#line?.toServer((server, line) => server.message(line, data, true));
  }

  async askIceServers(): Promise<void> {}
  hurry(): void {}
  close(): void {}

  loseServer(downFor: number, seenAfter: number, late = false): void {
    if (!this.#line) return;
    this.#line.cut(seenAfter, late);
    this.#line = null;
    this.run((handler) => handler.lost());
    this.reconnect(downFor);
  }

  reconnect(after: number): void {
    setTimeout(() => {
      if (this.#line || this.vanished) return;
      this.#line = new Line(this.#world, this);
      this.run((handler) => handler.up());
    }, after);
  }

  vanish(seenAfter: number): void {
    this.vanished = true;
    this.#line?.cut(seenAfter);
    this.#line = null;
    for (const connection of this.#world.connections)
      if (connection.page === this) connection.close();
  }

  run(what: (handler: SignallingHandler) => void): void {
    if (!this.vanished && this.#handler) what(this.#handler);
  }
}

/** A page's connection to the server: what is on its way when it is cut is lost, or late. */
class Line {
  readonly #world: World;
  readonly page: Page;
  #whole = true;
  readonly #stuck: (() => void)[] = [];

  constructor(world: World, page: Page) {
    this.#world = world;
    this.page = page;
    world.server.lines.add(this);
  }

  toServer(what: (server: FakeServer, line: Line) => void): void {
    const arrive = () => what(this.#world.server, this);
    setTimeout(() => (this.#whole ? arrive() : this.#stuck.push(arrive)), LATENCY_MS);
  }

  toPage(what: (handler: SignallingHandler) => void): void {
    setTimeout(() => this.#whole && this.page.run(what), LATENCY_MS);
  }

  cut(seenAfter: number, late = false): void {
    this.#whole = false;
    setTimeout(() => {
      if (late) for (const arrive of this.#stuck) arrive();
      this.#world.server.lost(this);
    }, seenAfter);
  }

  /** The server is gone. */
  endedByServer(after: number): void {
    this.page.loseServer(after, 0);
  }
}

interface Seat {
  userId: string;
  line: Line | null;
  capabilities: Capabilities;
  attempt: string | undefined;
  n: number;
  polite: boolean;
  queue: unknown[];
  /** For whoever comes. */
  kept?: unknown;
  grace?: ReturnType<typeof setTimeout>;
}

/** One room of two, as the protocol describes it. */
class FakeServer {
  readonly lines = new Set<Line>();
  /** Names of all events that were sent. */
  readonly said: string[] = [];
  readonly #world: World;
  readonly #ended = new Set<string>();
  /** By the ids of seats: what their last tokens say. */
  readonly #politeness = new Map<string, boolean>();
  #seats: Seat[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  join(
    line: Line,
    {
      resume: ticket,
      attempt,
      n = 0,
      capabilities = OWN_CAPABILITIES,
    }: Parameters<Signalling['join']>[0],
  ): void {
    const claimed = this.#seats.find((seat) => seat.userId === ticket);
    const held = claimed ?? this.#seats.find((seat) => seat.attempt === attempt);
    if (held && held.attempt === attempt && n < held.n) {
      const message = 'A later join has the seat.';
      const body = { event: 'join', code: 'outdated', message };
      return this.#say(line, 'refused', (h) => h.refused(body));
    }
    if (held) {
      clearTimeout(held.grace);
      if (held.line && held.line !== line) this.#say(held.line, 'replaced', (h) => h.replaced());
      held.line = line;
      Object.assign(held, { capabilities, attempt, n });
      delete held.kept;
      return this.#welcome(held, true);
    }
    if (this.#seats.length === 2) return this.#say(line, 'full', (h) => h.full());
    const restored = ticket !== undefined && !this.#ended.has(ticket);
    this.#world.made += 1;
    // Ids in no order, as real ones.
    const fresh = `${Math.floor(this.#world.random() * 1e9)}-${this.#world.made}`;
    const userId = restored ? ticket : fresh;
    const polite = this.#politeness.get(userId) ?? this.#seats.length > 0;
    const seat: Seat = { userId, line, capabilities, attempt, n, polite, queue: [] };
    if (restored && this.#seats[0]?.polite) this.#seats.unshift(seat);
    else this.#seats.push(seat);
    if (this.#seats.length > 1) this.#order();
    this.#welcome(seat, restored);
  }

  leave(line: Line): void {
    const seat = this.#seats.find((one) => one.line === line);
    if (seat) this.#end(seat);
  }

  message(line: Line, data: unknown, keep = false): void {
    const own = this.#seats.find((seat) => seat.line === line);
    const other = this.#seats.find((seat) => seat.line !== line);
    if (own && !other && keep) own.kept = data;
    if (!own || !other) return;
    if (other.line) this.#say(other.line, 'message', (h) => h.message(structuredClone(data)));
    else other.queue.push(data);
  }

  lost(line: Line): void {
    this.lines.delete(line);
    const seat = this.#seats.find((one) => one.line === line);
    if (!seat) return;
    seat.line = null;
    this.#tellOther(seat, 'peeraway', (h) => h.peerAway(seat.userId));
    seat.grace = setTimeout(() => this.#end(seat), GRACE_MS);
  }

  /** Ends and starts again; it can tell former seats by their tokens only if it knows them. */
  restart(known: boolean): void {
    for (const seat of this.#seats) {
      clearTimeout(seat.grace);
      if (!known) this.#ended.add(seat.userId);
    }
    this.#seats = [];
    const lines = [...this.lines];
    this.lines.clear();
    for (const line of lines) line.endedByServer(300 + this.#world.random() * 2_000);
  }

  #welcome(seat: Seat, resumed: boolean): void {
    const { line, userId } = seat;
    if (!line) return;
    this.#politeness.set(userId, seat.polite);
    const body: Joined = {
      roomId: 'r',
      userNum: this.#seats.length,
      userId,
      polite: seat.polite,
      iceServers: [{ urls: line.page.stun }],
      resume: userId,
      resumed,
      peer: this.#seats.filter((other) => other !== seat).map(peerOf)[0] ?? null,
    };
    this.#say(line, 'joined', (h) => h.joined(body));
    const queue = seat.queue.splice(0);
    for (const data of queue) this.#say(line, 'message', (h) => h.message(structuredClone(data)));
    if (resumed) return this.#tellOther(seat, 'peerback', (h) => h.peerBack(peerOf(seat)));
    const [other] = this.#seats.filter((one) => one !== seat);
    const data = seat.capabilities.kept ? other?.kept : undefined;
    if (other) delete other.kept;
    if (data !== undefined) this.#say(line, 'message', (h) => h.message(structuredClone(data)));
    const newcomer = { ...peerOf(seat), ...(data !== undefined && { kept: true }) };
    this.#tellOther(seat, 'otherjoined', (h) => h.peerJoined(newcomer));
  }

  #end(seat: Seat): void {
    this.#tellOther(seat, 'bye', (h) => h.peerLeft(seat.userId));
    this.#seats = this.#seats.filter((other) => other !== seat);
    this.#order();
    this.#ended.add(seat.userId);
  }

  #order(): void {
    this.#seats.forEach((seat, place) => {
      seat.polite = place > 0;
    });
  }

  #tellOther(seat: Seat, event: string, what: (handler: SignallingHandler) => void): void {
    for (const other of this.#seats) {
      if (other !== seat && other.line) this.#say(other.line, event, what);
    }
  }

  #say(line: Line, event: string, what: (handler: SignallingHandler) => void): void {
    this.said.push(event);
    line.toPage(what);
  }
}

function peerOf({ userId, line, capabilities }: Seat): Peer {
  return { userId, capabilities, ...(line ? {} : { away: true }) };
}

/** Keys that take no more than a turn: virtual time does not wait for real ciphers. */
const quickKeys: RoomKeys = {
  roomId: 'r',
  seal: async (header, plain) => {
    const tag = tagOf(header);
    const box = new Uint8Array(tag.length + plain.length);
    box.set(tag);
    box.set(plain, tag.length);
    return box;
  },
  open: async (header, box) => {
    const tag = tagOf(header);
    return tag.every((byte, at) => byte === box[at]) ? box.slice(tag.length) : null;
  },
};

function tagOf({ from, to, n }: Header): Uint8Array {
  return utf8(`${from} ${to} ${n}`);
}

/** What a description says: whose it is, and with which ICE credentials. */
interface Facts {
  connection: number;
  ice: number;
}

/** An RTCPeerConnection that carries when both ends have each other's last word. */
export class FakeConnection {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  closed: boolean;
  /** How many lines for sound or pictures it has, own and offered ones. */
  lines = 0;
  readonly page: Page | undefined;
  readonly #world: World;
  readonly #id: number;
  #local: Facts;
  #offered: Facts | null = null;
  #remote: Facts | null = null;
  #needed = false;
  #fresh = false;
  #noticing: ReturnType<typeof setTimeout> | undefined;
  readonly #broken = new Set<string>();

  constructor(world: World, { iceServers }: RTCConfiguration) {
    this.#world = world;
    this.page = world.pages.find(({ stun }) => stun === iceServers?.[0]?.urls);
    // A page that has gone makes none, whatever is still due in it.
    this.closed = this.page?.vanished ?? false;
    this.#id = world.connections.push(this) - 1;
    this.#local = { connection: this.#id, ice: this.#newIce() };
  }

  /** The other end, as far as this one knows. */
  get remote(): FakeConnection | undefined {
    return this.#world.connections[this.#remote?.connection ?? -1];
  }

  createDataChannel() {
    return {};
  }

  addTransceiver() {
    this.lines += 1;
    this.#need();
    const sender = { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }) };
    return { mid: null, sender, stop() {} };
  }

  getTransceivers = () => [];
  getConfiguration = () => ({});
  setConfiguration() {}
  getStats = async () => new Map();
  async addIceCandidate() {}

  restartIce(): void {
    this.#fresh = true;
    this.#need();
  }

  async setLocalDescription(): Promise<void> {
    if (this.closed) throw new DOMException('closed', 'InvalidStateError');
    if (this.signalingState === 'have-remote-offer') {
      this.localDescription = this.#describe('answer', this.#local);
      this.#become('stable');
    } else {
      const ice = this.#fresh ? this.#newIce() : this.#local.ice;
      this.#fresh = false;
      this.#offered = { connection: this.#id, ice };
      this.localDescription = this.#describe('offer', this.#offered);
      this.#become('have-local-offer');
    }
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.closed) throw new DOMException('closed', 'InvalidStateError');
    const { lines, ...facts }: Facts & { lines: number } = JSON.parse(description.sdp ?? '');
    if (description.type === 'offer') this.lines = lines;
    if (description.type === 'answer') {
      if (!this.#offered) throw new DOMException('no offer to answer', 'InvalidStateError');
      this.#local = this.#offered;
    } else if (this.#remote && this.#remote.ice !== facts.ice) {
      this.#local = { connection: this.#id, ice: this.#newIce() };
    }
    this.#offered = null;
    this.#remote = facts;
    this.remoteDescription = description;
    this.#become(description.type === 'answer' ? 'stable' : 'have-remote-offer');
  }

  breakPath(): void {
    this.#broken.add(`${this.#local.ice} ${this.#remote?.ice}`);
    this.#world.look();
  }

  close(): void {
    this.closed = true;
    this.connectionState = 'closed';
    clearTimeout(this.#noticing);
    this.#world.look();
  }

  /** Sees whether it carries, and tells its page: at once if it does, later if it does no more. */
  look(): void {
    if (this.closed) return;
    const carries = this.#carries();
    if (carries === (this.connectionState === 'connected')) {
      clearTimeout(this.#noticing);
      this.#noticing = undefined;
      return;
    }
    if (this.#noticing !== undefined) return;
    if (!carries && this.connectionState !== 'connected') return;
    this.#noticing = setTimeout(
      () => {
        this.#noticing = undefined;
        if (this.closed || this.#carries() !== carries) return;
        this.connectionState = carries ? 'connected' : 'disconnected';
        this.onconnectionstatechange?.();
      },
      carries ? LATENCY_MS : ICE_NOTICES_MS,
    );
  }

  #carries(): boolean {
    const other = this.remote;
    if (!other || other.closed || other.remote !== this) return false;
    const known = this.#remote?.ice === other.#local.ice && other.#remote?.ice === this.#local.ice;
    return known && !this.#isBroken() && !other.#isBroken();
  }

  #isBroken(): boolean {
    return this.#broken.has(`${this.#local.ice} ${this.#remote?.ice}`);
  }

  #newIce(): number {
    this.#world.made += 1;
    return this.#world.made;
  }

  #describe(type: RTCSdpType, facts: Facts): RTCSessionDescriptionInit {
    return { type, sdp: JSON.stringify({ ...facts, lines: this.lines }) };
  }

  #need(): void {
    this.#needed = true;
    queueMicrotask(() => {
      if (!this.#needed || this.closed || this.signalingState !== 'stable') return;
      this.#needed = false;
      this.onnegotiationneeded?.();
    });
  }

  #become(state: RTCSignalingState): void {
    this.signalingState = state;
    if (state === 'stable' && this.#needed) this.#need();
    this.#world.look();
  }
}
