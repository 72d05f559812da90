// A server in front of another one, which can put another text into its page, and be away.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { freePort } from './ports.js';

/** Stands before the port `to` of loopback for the length of a test, under a host name other than localhost. */
export async function frontOf(s, to, host) {
  const front = new Front(await freePort(), to, host);
  s.own(front);
  await front.open();
  return front;
}

class Front {
  #port;
  #to;
  #server = null;
  /** What to change in pages: `[from, to]`. */
  change = ['', ''];
  /** Paths of all requests that came. */
  asked = [];

  constructor(port, to, host) {
    this.#port = port;
    this.#to = to;
    this.origin = `http://${host}:${port}`;
  }

  async open() {
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Goes away; `open` brings it back on the same port. */
  close() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(asked, answer) {
    this.asked.push(asked.url);
    const headers = { ...asked.headers, 'accept-encoding': 'identity' };
    // What was changed is not what the server knows by its tag.
    delete headers['if-none-match'];
    const passed = request({ host: '127.0.0.1', port: this.#to, path: asked.url, method: asked.method, headers });
    passed.on('error', () => answer.destroy());
    passed.on('response', async (response) => {
      if (!/^text\/html/.test(response.headers['content-type'] ?? '')) {
        answer.writeHead(response.statusCode, response.headers);
        return response.pipe(answer);
      }
      let page = '';
      for await (const part of response.setEncoding('utf8')) page += part;
      const { 'content-length': _, ...rest } = response.headers;
      answer.writeHead(response.statusCode, rest).end(page.replace(...this.change));
    });
    asked.pipe(passed);
  }
}
