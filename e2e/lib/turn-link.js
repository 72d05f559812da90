// How a TURN client reaches its server: whole messages over UDP, and cut out of the stream of TCP or TLS.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Opens a way to a server. `onMessage` is called with each message; `closed` resolves when the server ends the way. */
export async function openLink({ transport, ...way }) {
  return transport === 'udp' ? DatagramLink.open(way) : StreamLink.open(transport, way);
}

class DatagramLink {
  static async open({ host, port, from }) {
    const socket = createSocket('udp4');
    socket.bind(0, from);
    await once(socket, 'listening');
    socket.connect(port, host);
    await once(socket, 'connect');
    return new DatagramLink(socket);
  }

  #socket;
  #open = true;
  closed = new Promise(() => {});
  onMessage = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (message) => this.onMessage(message));
    // A server that is gone is told of by an ICMP error; requests then run out of time.
    socket.on('error', () => {});
  }

  send(message) {
    if (this.#open) this.#socket.send(message, () => {});
  }

  close() {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }

  reset() {
    this.close();
  }
}

class StreamLink {
  static async open(transport, { host, port, from }) {
    const tcp = connectTcp({ host, port, localAddress: from, noDelay: true });
    await once(tcp, 'connect');
    if (transport === 'tcp') return new StreamLink(tcp, tcp);
    const tls = connectTls({ socket: tcp, rejectUnauthorized: false });
    await once(tls, 'secureConnect');
    return new StreamLink(tls, tcp);
  }

  #socket;
  #tcp;
  #rest = Buffer.alloc(0);
  onMessage = () => {};

  constructor(socket, tcp) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#take(bytes));
  }

  send(message) {
    this.#socket.write(message);
  }

  close() {
    this.#socket.destroy();
  }

  reset() {
    this.#tcp.resetAndDestroy();
  }

  #take(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const length = lengthOf(this.#rest);
      if (length > this.#rest.length) return;
      this.onMessage(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

/** The length of the message that begins here, ChannelData's padding included (RFC 8656 §12.5). */
function lengthOf(bytes) {
  if (bytes.length < 4) return Number.POSITIVE_INFINITY;
  const length = bytes.readUInt16BE(2);
  return bytes[0] < 0x40 ? 20 + length : 4 + length + (-length & 3);
}
