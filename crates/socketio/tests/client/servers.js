// Starts test servers, each on a free port, and stops them by their process.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const echo = process.env.TWOCAN_ECHO ?? join(here, '../../../../target/debug/examples/echo');

/**
 * Starts the example `name`, and waits until it listens.
 *
 * @param {'echo' | 'engine_echo' | 'exercise'} name
 * @param {string[]} args flags of the example
 */
export function start(name, args = []) {
  return startProcess(join(dirname(echo), name), args);
}

/** Starts the reference server, which takes the flags of `echo`. */
export function startReference(args = []) {
  return startProcess(process.execPath, [join(here, 'reference.js'), ...args]);
}

async function startProcess(program, args) {
  const child = spawn(program, [...args, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // One test makes a handler panic; its report would fill the screen.
    env: { ...process.env, RUST_BACKTRACE: '0' },
  });
  const exited = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', (error) => {
      reject(new Error(`${error.message}: run 'cargo build -p twocan-socketio --examples' first`));
    });
  });
  // A test that fails before its end must not leave the server behind.
  process.once('exit', () => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), exited.then(() => ({ done: true }))]);
  if (first.done) throw new Error(`${program} ended before it listened`);

  return {
    url: first.value.replace('listening on ', ''),
    /** How much memory the server's process has, in KB. */
    memory() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]);
    },
    /** The next call of the handler, as the example `exercise` prints it. */
    async call() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} ended`);
      return JSON.parse(value);
    },
    /** Ends the server as a service manager would, and waits until it has ended. */
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** The next event `name` of an emitter, as the list of its arguments. */
export function once(emitter, name) {
  return new Promise((resolve) => {
    emitter.once(name, (...args) => resolve(args));
  });
}

/** Waits until a connected socket has come to the last of its transports. */
export async function upgraded(socket, transports) {
  if (socket.io.engine.transport.name !== transports.at(-1)) {
    await once(socket.io.engine, 'upgrade');
  }
}
