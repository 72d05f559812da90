import { io, type Socket } from 'socket.io-client';
import {
  type ClientEvents,
  type Joined,
  OWN_CAPABILITIES,
  type Peer,
  type PeerMessage,
  type Refused,
  type ServerEvents,
} from './protocol';

/** What the server says of one room. */
export interface SignallingHandler {
  /** Connected; whatever seat there was before is gone. */
  up(): void;
  /** The connection broke or could not be made; it is being tried again. */
  lost(): void;
  joined(body: Joined): void;
  full(): void;
  peerJoined(peer: Peer): void;
  peerLeft(userId: string): void;
  message(data: unknown): void;
  iceServers(servers: RTCIceServer[]): void;
  refused(body: Refused): void;
}

/** One room's line to the server. */
export interface Signalling {
  connect(handler: SignallingHandler): void;
  join(): void;
  leave(): void;
  send(data: PeerMessage): void;
  askIceServers(): void;
  close(): void;
}

/** After the server itself ended the connection, the client comes back after this (ms). */
const RETURN_AFTER_MS = 1_000;

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

  return {
    connect(handler) {
      socket.on('connect', () => handler.up());
      socket.on('connect_error', () => handler.lost());
      socket.on('disconnect', (reason) => {
        handler.lost();
        if (reason === 'io server disconnect') {
          returning = setTimeout(() => socket.connect(), RETURN_AFTER_MS);
        }
      });
      socket.on('joined', (body) => mine(body) && handler.joined(body));
      socket.on('full', (body) => mine(body) && handler.full());
      socket.on('otherjoined', (body) => mine(body) && handler.peerJoined(body));
      socket.on('bye', (body) => mine(body) && handler.peerLeft(body.userId));
      socket.on('message', (data) => handler.message(data));
      socket.on('iceservers', (body) => mine(body) && handler.iceServers(body.iceServers));
      socket.on('refused', (body) => handler.refused(body));
      socket.connect();
    },
    join: () => socket.emit('join', { roomId, capabilities: OWN_CAPABILITIES }),
    leave: () => socket.emit('leave', { roomId }),
    // Volatile in effect: what was meant for a lost connection must not reach a later seat.
    send: (data) => socket.connected && socket.emit('message', { roomId, data }),
    askIceServers: () => socket.connected && socket.emit('iceservers', { roomId }),
    close() {
      clearTimeout(returning);
      socket.off();
      socket.disconnect();
    },
  };
}
