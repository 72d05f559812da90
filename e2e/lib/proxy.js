// A wire between a browser and the server that a test can cut and mend, or make go silent.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort } from './ports.js';

/** Opens a way to the port `to` of loopback for the length of a test; `origin` is what pages use. */
export async function wireTo(s, to) {
  const wire = new Wire(to);
  await wire.open();
  return s.own(wire);
}

class Wire {
  #to;
  #server = null;
  #pairs = new Set();

  constructor(to) {
    this.#to = to;
    this.origin = null;
  }

  async open() {
    this.#server = createServer((client) => this.#join(client));
    const port = await freePort();
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.cutOff = false;
    this.origin = `http://127.0.0.1:${port}`;
  }

  url(path) {
    return new URL(path, this.origin).href;
  }

  #join(client) {
    if (this.cutOff) return client.destroy();
    const server = connect(this.#to, '127.0.0.1');
    const pair = [client, server];
    this.#pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const end of pair) end.destroy();
        this.#pairs.delete(pair);
      });
    }
    return undefined;
  }

  /** Ends every connection and takes no new one. */
  cut() {
    this.cutOff = true;
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
  }

  /** Lets nothing more through what is connected, and says so to neither end; new connections work. */
  silence() {
    for (const [client, server] of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      for (const end of [client, server]) end.resume();
    }
  }

  /** Takes connections again. */
  mend() {
    this.cutOff = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
