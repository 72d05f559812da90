import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import {
  type Capabilities,
  type ClientEvents,
  type ClientJoin,
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

/**
 * Why a server takes no connection. `crowded`: it has too many from this network; `busy`: it is full, or being
 * restarted behind a proxy.
 */
export type Overload = 'crowded' | 'busy';

/** What the server says of one room. */
export interface SignallingHandler {
  /** The server can be reached; a seat there was before has to be asked for again. */
  up(): void;
  /** The connection broke or could not be made; it is being tried again. `why`: what the server says of it. */
  lost(why?: Overload): void;
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
  /** Leaves a message with the server, alone in the room, for whoever comes, in place of the last one; `null` says nothing. */
  keep(data: PeerMessage | Envelope | null): void;
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
/** So long a connection is not entered, since a seat that is asked for in that time comes with it (ms). */
const ASKED_WITHIN_MS = 1_000;

/**
 * Signalling over Socket.IO: straight on WebSocket, and by polling where a proxy breaks that.
 * `server` is an origin; by default the page's own. `transports` are those of
 * [Socket.IO](https://socket.io/docs/v4/client-options/#transports).
 */
export function socketSignalling(
  roomId: string,
  server?: string,
  transports: ManagerOptions['transports'] = ['websocket', 'polling'],
): Signalling {
  /** Enters the connection that is open; `null` if there is none, or it has been entered. */
  let enter: ((auth: { join?: ClientJoin }) => void) | null = null;
  let entering: ReturnType<typeof setTimeout> | undefined;
  /** A seat has been asked for, and its answer comes with the connection. */
  let asked = false;
  /** The server has refused the last connection. Whether it takes the next one is told by its answer alone. */
  let refused = false;
  let handler: SignallingHandler | undefined;
  const options = {
    auth: (send: NonNullable<typeof enter>) => {
      enter = send;
      if (refused) return goIn();
      entering = setTimeout(goIn, ASKED_WITHIN_MS);
      handler?.up();
    },
    transports,
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

  const goIn = (join?: ClientJoin) => {
    clearTimeout(entering);
    enter?.(join ? { join } : {});
    enter = null;
    asked = join !== undefined;
  };
  const lose = (why?: Overload) => {
    clearTimeout(entering);
    enter = null;
    asked = false;
    // What was meant for a lost connection is outdated when there is another.
    socket.sendBuffer = [];
    handler?.lost(why);
  };

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
    connect(theHandler) {
      handler = theHandler;
      socket.on('connect', () => {
        asked = false;
        if (refused) theHandler.up();
        refused = false;
      });
      socket.on('connect_error', (error) => {
        refused = !socket.active;
        lose(overloadOf(error));
        comeBack(TRY_AGAIN_AFTER_MS);
      });
      socket.on('disconnect', () => {
        lose();
        comeBack(RETURN_AFTER_MS);
      });
      socket.on('joined', (body) => mine(body) && theHandler.joined(body));
      socket.on('full', (body) => mine(body) && theHandler.full());
      socket.on('replaced', (body) => mine(body) && theHandler.replaced());
      socket.on('otherjoined', (body) => mine(body) && theHandler.peerJoined(body));
      socket.on('peeraway', (body) => mine(body) && theHandler.peerAway(body.userId));
      socket.on('peerback', (body) => mine(body) && theHandler.peerBack(body));
      socket.on('bye', (body) => mine(body) && theHandler.peerLeft(body.userId));
      socket.on('message', (data) => theHandler.message(data));
      socket.on('iceservers', (body) => mine(body) && theHandler.iceServers(body.iceServers));
      socket.on('refused', (body) => theHandler.refused(body));
      socket.connect();
    },
    join: (request) => {
      const join = { roomId, capabilities: OWN_CAPABILITIES, ...request };
      if (enter) goIn(join);
      else {
        asked = !socket.connected;
        socket.emit('join', join);
      }
    },
    leave() {
      const told = socket.connected || asked;
      if (told) socket.emit('leave', { roomId });
      return told;
    },
    send: (data) => socket.connected && socket.emit('message', { roomId, data }),
    keep: (data) => socket.connected && socket.emit('message', { roomId, data, keep: true }),
    askIceServers,
    hurry() {
      if (socket.connected) return void askIceServers();
      clearTimeout(returning);
      refused = false;
      lose();
      // An attempt that is under way goes through the network of before, and one that waits waits on.
      socket.disconnect().connect();
    },
    close() {
      clearTimeout(returning);
      clearTimeout(entering);
      socket.off();
      // A seat that is being given has to be given up, as nobody would know of it.
      if (!asked) return void socket.disconnect();
      for (const outcome of ['connect', 'connect_error', 'disconnect'] as const) {
        socket.on(outcome, () => socket.disconnect());
      }
    },
  };
}

/** What a failed connection says of its reason; `description` is a status of HTTP if one came. */
type ConnectError = Error & { data?: { code?: string }; description?: unknown };

/**
 * Browsers do not tell why a WebSocket was refused. Polling is tried after it, and its refusal has a status, be it of
 * the server or of a proxy before it.
 */
function overloadOf({ data, description }: ConnectError): Overload | undefined {
  if (data?.code === 'too_many_sockets' || description === 429) return 'crowded';
  return [502, 503, 504].includes(Number(description)) ? 'busy' : undefined;
}
