import { OWN_CAPABILITIES, type Peer, type PeerMessage } from '../protocol';
import type { Signalling, SignallingHandler } from '../signalling';
import { type Envelope, isSession, NEXT } from './envelope';
import type { RoomKeys } from './keys';
import { inOrder } from './order';
import { newSession, type Refusal, SealSession } from './session';

/**
 * Signalling whose messages are sealed: `inner` carries envelopes and nothing else. Whoever has no key is
 * hidden from the handler. Events and messages keep their order, though sealing takes a moment.
 */
export class SealedSignalling implements Signalling {
  readonly #inner: Signalling;
  readonly #session: SealSession;
  readonly #arriving = inOrder();
  readonly #leaving = inOrder();
  #handler: SignallingHandler | null = null;
  #up = false;
  /** Session of the other side. */
  #peer: string | null = null;
  /** Public id of the one in the other seat who has no key. */
  #keyless: string | null = null;
  #refused: Refusal | null = null;
  /** What says that the page goes, sealed beforehand: a page that goes does not wait for a cipher. */
  #farewell: { envelope: Envelope; link: PeerMessage['link'] } | null = null;

  /** `session`: a new one for each page that is loaded. */
  constructor(inner: Signalling, keys: RoomKeys, session = newSession()) {
    this.#inner = inner;
    this.#session = new SealSession(keys, session);
  }

  connect(handler: SignallingHandler): void {
    this.#handler = handler;
    const inTurn = <A extends unknown[]>(act: (...given: A) => void) => {
      return (...given: A) => this.#arriving(() => act(...given));
    };
    this.#inner.connect({
      ...handler,
      up: inTurn(() => {
        this.#up = true;
        handler.up();
      }),
      lost: inTurn((why) => {
        this.#up = false;
        handler.lost(why);
      }),
      joined: inTurn((body) => {
        this.#part(this.#keyless);
        this.#peer = null;
        handler.joined({ ...body, peer: body.peer && this.#meet(body.peer) });
      }),
      full: inTurn(() => handler.full()),
      replaced: inTurn(() => handler.replaced()),
      peerJoined: inTurn((peer) => this.#meet(peer) && handler.peerJoined(peer)),
      peerAway: inTurn((userId) => handler.peerAway(userId)),
      peerBack: inTurn((peer) => this.#meet(peer) && handler.peerBack(peer)),
      peerLeft: inTurn((userId) => {
        this.#part(userId);
        handler.peerLeft(userId);
      }),
      message: (data) => this.#arriving(() => this.#open(data)),
      iceServers: inTurn((servers) => handler.iceServers(servers)),
      refused: inTurn((body) => handler.refused(body)),
    });
  }

  join({ capabilities = OWN_CAPABILITIES, ...tickets }: Parameters<Signalling['join']>[0]): void {
    const sealed = { ...capabilities, seal: this.#session.id };
    this.#leaving(() => this.#inner.join({ ...tickets, capabilities: sealed }));
  }

  leave(): boolean {
    this.#leaving(() => {
      this.#inner.leave();
    });
    return this.#up;
  }

  send(message: PeerMessage): void {
    const peer = this.#peer;
    if (!peer) return;
    const { type, link } = message;
    const farewell = this.#farewell;
    this.#farewell = null;
    if (type === 'unload' && farewell?.envelope.to === peer && farewell.link === link) {
      return this.#inner.send(farewell.envelope);
    }
    const sealed = this.#session.seal(peer, message);
    const next = this.#session.seal(peer, { type: 'unload', link });
    this.#leaving(async () => {
      this.#inner.send(await sealed);
      this.#farewell = null;
      this.#farewell = { envelope: await next, link };
    });
  }

  keep(message: PeerMessage | null): void {
    // Who has the other seat would be handed it.
    if (this.#keyless !== null) return;
    const sealed = this.#session.seal(NEXT, message);
    this.#leaving(async () => this.#inner.keep(await sealed));
  }

  async askIceServers(): Promise<void> {
    await this.#inner.askIceServers();
    // They have arrived, and wait behind a message that is being opened.
    await new Promise<void>((resolve) => this.#arriving(resolve));
  }

  hurry(): void {
    this.#inner.hurry();
  }

  close(): void {
    this.#leaving(() => this.#inner.close());
  }

  async #open(data: unknown): Promise<void> {
    const opened = await this.#session.open(this.#peer, data);
    if (opened.kind === 'message') return this.#handler?.message(opened.message);
    if (opened.kind === 'stale') return;
    this.#refused = opened.why;
    this.#tell();
  }

  /** Takes note of who is in the other seat; `null` if they have no key. */
  #meet(peer: Peer): Peer | null {
    const session = peer.capabilities?.seal;
    if (isSession(session) && session !== this.#session.id) {
      this.#peer = session;
      return peer;
    }
    this.#keyless = peer.userId;
    this.#tell();
    return null;
  }

  #part(userId: string | null): void {
    if (this.#keyless === null || this.#keyless !== userId) return;
    this.#keyless = null;
    this.#tell();
  }

  #tell(): void {
    this.#handler?.sealTrouble(this.#refused ?? (this.#keyless === null ? null : 'keyless'));
  }
}
