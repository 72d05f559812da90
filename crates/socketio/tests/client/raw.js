// Raw clients, for what no stock client sends.

import { WebSocket } from 'ws';

/** Reads an open packet: the session's settings and its id. */
export function handshake(packet) {
  if (packet[0] !== '0') throw new Error(`not an open packet: ${packet}`);
  return JSON.parse(packet.slice(1));
}

/** A polling session by plain requests. */
export class Polling {
  /** @param {string} base the server's URL with its path */
  static async open(base) {
    const session = new Polling();
    const response = await fetch(`${base}?EIO=4&transport=polling`);
    session.settings = handshake(await response.text());
    session.url = `${base}?EIO=4&transport=polling&sid=${session.settings.sid}`;
    session.upgrade = session.url.replace('polling', 'websocket').replace('http', 'ws');
    return session;
  }

  /** The status and the body of a poll. */
  async poll(options) {
    const response = await fetch(this.url, options);
    return [response.status, await response.text()];
  }

  /** The status and the body of the answer to a POST. */
  post(body) {
    return this.poll({ method: 'POST', body });
  }
}

/** A WebSocket whose frames wait until they are asked for. */
export class Frames {
  constructor(url) {
    this.socket = new WebSocket(url.replace('http', 'ws'));
    this.socket.binaryType = 'nodebuffer';
    this.waiting = [];
    this.heard = () => {};
    const note = (what) => {
      this.waiting.push(what);
      this.heard();
    };
    this.socket.on('message', (data, binary) => note({ frame: binary ? data : data.toString() }));
    this.socket.on('close', (code) => note({ closed: code }));
    // The close follows, and says it all.
    this.socket.on('error', () => {});
    this.opened = new Promise((resolve) => this.socket.once('open', resolve));
  }

  send(...messages) {
    for (const message of messages) this.socket.send(message);
  }

  /** The next frame: text, or a buffer. */
  async next() {
    const { frame, closed } = await this.take();
    if (closed !== undefined) throw new Error(`closed with ${closed}`);
    return frame;
  }

  /** The next frame that is no ping. */
  async nextMessage() {
    const frame = await this.next();
    return frame === '2' ? this.nextMessage() : frame;
  }

  /** Waits for the close, and gives its code; whatever comes before is dropped. */
  async closed() {
    const { closed } = await this.take();
    return closed ?? this.closed();
  }

  async take() {
    while (this.waiting.length === 0) {
      await new Promise((resolve) => {
        this.heard = resolve;
      });
    }
    return this.waiting.shift();
  }
}
