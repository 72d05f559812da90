// The program under test, on free ports of loopback or on the server of a test network.
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SERVER } from './network.js';
import { freePort, withoutIpv6 } from './ports.js';
import { Program } from './process.js';
import { until } from './wait.js';

/** The binary under test. */
export const BINARY = process.env.TWOCAN_BIN ?? fileURLToPath(new URL('../../target/release/twocan', import.meta.url));
/** The shared secret of TURN credentials in tests. */
export const TURN_SECRET = 'a secret for tests';
const START_DEADLINE = 15_000;

await access(BINARY).catch(() => {
  throw new Error(`there is no ${BINARY}: build it with "cargo build --release", or name another in TWOCAN_BIN`);
});

/**
 * Starts `twocan serve` for the length of a test: on every loopback address, or on the server of a `network`.
 * `https` adds a listener with a certificate made on the spot; `flags` come after those that the tests need; `web`
 * replaces the flags of all listeners, for a server of a `network` on port 443; `env` adds to the environment.
 */
export async function startTwocan(s, { flags = [], https = false, network, web, env } = {}) {
  const http = network ? 8080 : await freePort();
  const turn = network ? 3478 : await freePort();
  const httpsPort = https ? await freePort() : null;
  const hosts = network ? [SERVER] : withoutIpv6 ? ['127.0.0.1'] : ['127.0.0.1', '[::1]'];
  const twocan = new Twocan(s, { http, httpsPort, turn, hosts, flags, network, web, env });
  await twocan.start();
  return twocan;
}

class Twocan {
  #s;
  #env;
  #network;

  constructor(s, { http, httpsPort, turn, hosts, flags, network, web, env }) {
    this.#s = s;
    this.#env = env;
    this.#network = network;
    this.httpPort = http;
    this.httpsPort = httpsPort;
    this.turnPort = turn;
    /** The origin of its page. */
    this.origin = web ? `https://${SERVER}` : `http://${network ? SERVER : 'localhost'}:${http}`;
    /** The origin of its page by HTTPS. */
    this.secureOrigin = httpsPort && `https://localhost:${httpsPort}`;
    const listeners = [
      ...hosts.flatMap((host) => ['--http', `${host}:${http}`]),
      ...(httpsPort ? hosts.flatMap((host) => ['--https', `${host}:${httpsPort}`]) : ['--https', 'off']),
      ...hosts.flatMap((host) => ['--turn', `${host}:${turn}`]),
    ];
    this.arguments = ['serve', ...(web ?? listeners), '--turn-secret', TURN_SECRET, ...flags];
    this.program = null;
  }

  /** Starts it (again, on the same ports) and waits until it serves. */
  async start() {
    const name = 'twocan serve';
    const program = this.#network
      ? this.#network.start('server', name, BINARY, this.arguments)
      : new Program(name, BINARY, this.arguments, { env: this.#env });
    this.program = this.#s.program(program);
    await until(`${name} to be healthy`, START_DEADLINE, async () => {
      if (program.exit) throw new Error(`${name} ended at once: ${program.output}`);
      return this.#healthy();
    });
  }

  /** Ends it gracefully; returns `{code, signal}`. */
  stop() {
    return this.program.stop();
  }

  /** Ends it without a word to anybody. */
  kill() {
    return this.program.stop({ signal: 'SIGKILL' });
  }

  /** The address of a page below its origin. */
  url(path = '/') {
    return new URL(path, this.origin).href;
  }

  async #healthy() {
    const url = this.url('/healthz');
    if (!this.#network) {
      // A connection that is kept would count among those of the server.
      return fetch(url, { headers: { connection: 'close' } }).then(
        (response) => response.ok,
        () => false,
      );
    }
    const ask = `
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      fetch('${url}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
    return this.#network.exec('server', process.execPath, '-e', ask).then(
      () => true,
      () => false,
    );
  }
}
