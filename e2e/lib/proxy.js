// A wire between a browser and the server, which a test can cut and mend, or make go silent.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort } from './ports.js';

/** Lays a wire to the port `to` of loopback for the length of a test; its `origin` is what pages use. */
export async function wireTo(s, to) {
  const port = await freePort();
  const wire = new Wire(port, to);
  s.own(wire);
  await wire.open(port);
  return wire;
}

class Wire {
  #to;
  #isCut = false;
  #strands = new Set();
  #server = createServer((client) => this.#join(client));

  constructor(port, to) {
    this.#to = to;
    this.origin = `http://127.0.0.1:${port}`;
  }

  async open(port) {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** The address of a page behind the wire. */
  url(path) {
    return new URL(path, this.origin).href;
  }

  /** How many connections go through at present. */
  get connections() {
    return [...this.#strands].filter(({ silent }) => !silent).length;
  }

  #join(client) {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect(this.#to, '127.0.0.1');
    const strand = { ends: [client, server], silent: false };
    this.#strands.add(strand);
    client.pipe(server);
    server.pipe(client);
    for (const end of strand.ends) {
      end.setNoDelay(true);
      end.on('error', () => {});
      end.on('close', () => {
        if (!strand.silent) this.#end(strand);
      });
    }
  }

  #end(strand) {
    this.#strands.delete(strand);
    for (const end of strand.ends) end.destroy();
  }

  /** Ends every connection, and takes none until the wire is mended. */
  cut() {
    this.#isCut = true;
    for (const strand of this.#strands) this.#end(strand);
  }

  /** Takes connections again. */
  mend() {
    this.#isCut = false;
  }

  /** Lets nothing more through that is connected, not even an end. New connections work. */
  silence() {
    for (const strand of this.#strands) {
      strand.silent = true;
      for (const end of strand.ends) {
        end.unpipe();
        end.resume();
      }
    }
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
