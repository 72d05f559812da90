import { io, type Socket } from 'socket.io-client';
import {
  type Capabilities,
  type ClientEvents,
  type Joined,
  OWN_CAPABILITIES,
  type Peer,
  type PeerMessage,
  type Refused,
  type ServerEvents,
  type Tickets,
} from './protocol';
import type { Envelope } from './seal/envelope';
import type { SealTrouble } from './seal/session';

/** What the server says of one room. */
export interface SignallingHandler {
  /** Connected; a seat there was before has to be asked for again. */
  up(): void;
  /**
   * The connection broke or could not be made; it is being tried again. `crowded`: the server has too
   * many connections from this network.
   */
  lost(crowded?: boolean): void;
  joined(body: Joined): void;
  full(): void;
  /** Another connection of our own has taken the seat. */
  replaced(): void;
  peerJoined(peer: Peer): void;
  /** The other one has lost the server, and is waited for. */
  peerAway(userId: string): void;
  peerBack(peer: Peer): void;
  peerLeft(userId: string): void;
  message(data: unknown): void;
  iceServers(servers: RTCIceServer[]): void;
  refused(body: Refused): void;
  /** Something is wrong with the seal of a sealed call, or has gone right again. */
  sealTrouble(trouble: SealTrouble | null): void;
}

/** One room's line to the server. */
export interface Signalling {
  connect(handler: SignallingHandler): void;
  /** Takes a seat; `capabilities` are by default those of every page. */
  join(request: Tickets & { capabilities?: Capabilities }): void;
  /** Gives up the seat; `false` if the server cannot be told. */
  leave(): boolean;
  send(data: PeerMessage | Envelope): void;
  /**
   * Asks for fresh credentials, which the handler is given; ends when it was, or when it is clear that it
   * will not be. A connection on which no answer comes is made anew.
   */
  askIceServers(): Promise<void>;
  /**
   * The network may be another one: tries whether the connection stands, by asking for fresh credentials, or makes
   * one without waiting.
   */
  hurry(): void;
  close(): void;
}

/** After the server itself has ended the connection, the client comes back after this (ms). */
const RETURN_AFTER_MS = 1_000;
/** After the server has refused the connection, the client tries again after this (ms). */
const TRY_AGAIN_AFTER_MS = 5_000;
/** How long an answer may take before the connection counts as dead (ms). */
const ANSWER_WITHIN_MS = 4_000;

/**
 * Signalling over Socket.IO: straight on WebSocket, and by polling where a proxy breaks that.
 * `server` is an origin; by default the page's own.
 */
export function socketSignalling(roomId: string, server?: string): Signalling {
  const options = {
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    autoConnect: false,
    reconnectionDelay: 500,
    reconnectionDelayMax: 4_000,
    timeout: 8_000,
    // A room is one connection: a second call in the same page must not share it.
    forceNew: true,
  };
  const socket: Socket<ServerEvents, ClientEvents> =
    server === undefined ? io(options) : io(server, options);
  let returning: ReturnType<typeof setTimeout> | undefined;

  const mine = (body: { roomId: string }) => body.roomId === roomId;
  const comeBack = (ms: number) => {
    // A socket that the server itself has turned away is inactive: it does not come back on its own.
    if (!socket.active) returning = setTimeout(() => socket.connect(), ms);
  };

  const askIceServers = () =>
    new Promise<void>((resolve) => {
      if (!socket.connected) return resolve();
      const { engine } = socket.io;
      socket.timeout(ANSWER_WITHIN_MS).emit('iceservers', { roomId }, (late) => {
        if (late) engine.close();
        resolve();
      });
    });

  return {
    connect(handler) {
      socket.on('connect', () => handler.up());
      socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
        handler.lost(error.data?.code === 'too_many_sockets');
        comeBack(TRY_AGAIN_AFTER_MS);
      });
      socket.on('disconnect', () => {
        handler.lost();
        comeBack(RETURN_AFTER_MS);
      });
      socket.on('joined', (body) => mine(body) && handler.joined(body));
      socket.on('full', (body) => mine(body) && handler.full());
      socket.on('replaced', (body) => mine(body) && handler.replaced());
      socket.on('otherjoined', (body) => mine(body) && handler.peerJoined(body));
      socket.on('peeraway', (body) => mine(body) && handler.peerAway(body.userId));
      socket.on('peerback', (body) => mine(body) && handler.peerBack(body));
      socket.on('bye', (body) => mine(body) && handler.peerLeft(body.userId));
      socket.on('message', (data) => handler.message(data));
      socket.on('iceservers', (body) => mine(body) && handler.iceServers(body.iceServers));
      socket.on('refused', (body) => handler.refused(body));
      socket.connect();
    },
    join: (request) => {
      socket.emit('join', { roomId, capabilities: OWN_CAPABILITIES, ...request });
    },
    leave() {
      if (socket.connected) socket.emit('leave', { roomId });
      return socket.connected;
    },
    // Volatile in effect: what was meant for a lost connection is outdated when there is another.
    send: (data) => socket.connected && socket.emit('message', { roomId, data }),
    askIceServers,
    hurry() {
      if (socket.connected) return void askIceServers();
      clearTimeout(returning);
      // An attempt that is under way goes through the network of before, and one that waits waits on.
      socket.disconnect().connect();
    },
    close() {
      clearTimeout(returning);
      socket.off();
      socket.disconnect();
    },
  };
}
