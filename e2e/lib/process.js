// Programs that a test starts: their output is kept for a failure's report, and each is ended by its own pid.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until, within } from './wait.js';

const running = new Set();

// A test file that ends early (an error outside a test, a signal) leaves no program behind.
process.on('exit', () => {
  for (const program of running) program.child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A started program: `name`, `pid`, `lines` (stdout and stderr as they came), `exit` once it has ended. */
export class Program {
  /** @param {string} name how reports call it */
  constructor(name, command, args = [], { env = {}, cwd, stdin = 'ignore' } = {}) {
    this.name = name;
    this.lines = [];
    this.exit = null;
    this.listeners = new Set();
    this.child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    this.pid = this.child.pid;
    running.add(this);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
    this.ended = new Promise((resolve) => {
      const end = (exit) => {
        this.exit ??= exit;
        running.delete(this);
        resolve(this.exit);
      };
      this.child.on('error', (error) => end({ code: null, signal: null, error }));
      this.child.on('close', (code, signal) => end({ code, signal }));
    });
  }

  #take(line) {
    this.lines.push(line);
    for (const listener of this.listeners) listener(line);
  }

  /** Calls back with each further line; the answer ends that. */
  onLine(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Everything that the program has printed. */
  get output() {
    return this.lines.join('\n');
  }

  /** Waits until a line matches, and returns the match; fails when the program ends before. */
  async line(pattern, deadline = 10_000) {
    return until(`${this.name} to print ${pattern}`, deadline, () => {
      const match = this.lines.map((line) => line.match(pattern)).find(Boolean);
      if (!match && this.exit) throw new Error(`${this.name} ended before it printed ${pattern}:\n${this.output}`);
      return match;
    });
  }

  /** Waits for the end of the program and returns `{code, signal}`. */
  async wait(deadline = 10_000) {
    return within(`${this.name} to end`, deadline, this.ended);
  }

  /** Asks the program to end, insists after `grace` milliseconds, and returns `{code, signal}`. */
  async stop({ signal = 'SIGTERM', grace = 5_000 } = {}) {
    if (this.exit) return this.exit;
    this.child.kill(signal);
    const insist = setTimeout(() => this.child.kill('SIGKILL'), grace);
    const exit = await this.ended;
    clearTimeout(insist);
    return exit;
  }
}

/** Runs a program to its end and returns `{code, output}`. */
export async function run(command, args, { deadline = 10_000, ...options } = {}) {
  const program = new Program(command, command, args, options);
  try {
    const exit = await program.wait(deadline);
    if (exit.error) throw exit.error;
    return { code: exit.code, output: program.output };
  } finally {
    await program.stop();
  }
}
