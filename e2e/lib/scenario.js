// One test: what it opens is closed in reverse order, whatever happens, and a failure shows every log and screen.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { within } from './wait.js';

const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url));
const KEPT_LINES = 200;

/**
 * Declares a test. `body` gets a {@link Scenario}; the test fails after `timeout` milliseconds.
 * `options` may carry what `node:test` takes, `skip` among it.
 */
export function scenario(name, { timeout = 60_000, ...options }, body) {
  // The runner's own limit stands far behind: it would leave no time to report and to tidy up.
  test(name, { ...options, timeout: timeout + 60_000 }, async (t) => {
    const s = new Scenario(t);
    try {
      await within(`"${name}" to end`, timeout, body(s));
    } catch (error) {
      await s.report();
      throw error;
    } finally {
      await s.close();
    }
  });
}

/** What a running test holds: things to close, and things to show if it fails. */
export class Scenario {
  #closers = [];
  #logs = [];
  #screens = [];
  #closed = false;

  constructor(t) {
    this.t = t;
  }

  /**
   * Closes `thing` by `close` at the end of the test; returns `thing`. After the end it is closed at once, and this
   * throws: a body that ran out of time goes no further.
   */
  own(thing, close = () => thing.close()) {
    if (this.#closed) {
      Promise.resolve()
        .then(close)
        .catch((error) => this.t.diagnostic(`something does not close: ${error.message}`));
      throw new Error('the test is over');
    }
    this.#closers.push(close);
    return thing;
  }

  /** Runs a started program for the length of the test, its output part of a failure's report. */
  program(program) {
    this.log(program.name, () => program.lines);
    return this.own(program, () => program.stop());
  }

  /** Adds lines to a failure's report. */
  log(name, lines) {
    this.#logs.push({ name, lines });
  }

  /** Adds a picture of a page to a failure's report. */
  screen(name, page) {
    this.#screens.push({ name, page });
  }

  /** States a fact about a passed test in its output. */
  state(text) {
    this.t.diagnostic(text);
  }

  /** Prints all logs and takes all screenshots. */
  async report() {
    for (const { name, lines } of this.#logs) {
      const all = lines();
      const shown = all.slice(-KEPT_LINES);
      const head = all.length > shown.length ? `, the last ${shown.length} of ${all.length} lines` : '';
      for (const line of [`--- ${name}${head} ---`, ...shown]) this.t.diagnostic(line);
    }
    await mkdir(ARTIFACTS, { recursive: true });
    for (const { name, page } of this.#screens) {
      const file = path.join(ARTIFACTS, `${this.t.name}-${name}`.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 120));
      try {
        await within('a screenshot', 5_000, page.screenshot({ path: `${file}.png` }));
        await writeFile(`${file}.html`, await within('the page', 5_000, page.content()));
        this.t.diagnostic(`screenshot of ${name}: ${file}.png`);
      } catch (error) {
        this.t.diagnostic(`no screenshot of ${name}: ${error.message}`);
      }
    }
  }

  /** Closes everything, the last first; reports what could not be closed. */
  async close() {
    this.#closed = true;
    const failures = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await within('something to close', 15_000, Promise.resolve(close()));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((error) => error.message).join('; '));
  }
}
