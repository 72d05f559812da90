// Calls by either side in turn, in two Chromiums; see ../README.md.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from '../../e2e/lib/browsers.js';
import { credentials } from '../../e2e/lib/coturn.js';
import { BINARY, startTwocan } from '../../e2e/lib/server.js';
import { until } from '../../e2e/lib/wait.js';
import { layWire } from './delay.js';
import { own, plain } from './sides.js';
import { watch } from './watch.js';

const TARGET = 0.6;
const DELAY_MS = 50;
const DEADLINE_MS = 20_000;
/** What one waits until the newcomer opens the link: nothing of the first page's start is left to be done. */
const SETTLED_MS = 500;

const WAYS = {
  direct: {},
  relayed: { relay: true },
  'direct-far': { delay: DELAY_MS },
  'relayed-far': { relay: true, delay: DELAY_MS },
};
/** By the names of `watch.js`. */
const PARTS = {
  page: 'page read',
  'press 1': 'join pressed',
  socket: 'WebSocket open',
  camera: 'own camera',
  offer: 'offer known',
  answer: 'answer known',
  ice: 'ICE',
  dtls: 'DTLS',
  frame: 'first frame',
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { calls: { type: 'string', default: '20' }, help: { type: 'boolean' } },
});
const ways = positionals.length > 0 ? positionals : Object.keys(WAYS);
const unknown = ways.find((way) => !(way in WAYS));
if (options.help || unknown) {
  if (unknown) console.error(`There is no way ${unknown}.`);
  console.log(`Usage: bench/setup/run [--calls N] [${Object.keys(WAYS).join(' ')}]`);
  process.exit(unknown ? 1 : 0);
}

/** What is to be closed at the end, the last first. */
class Held {
  #closers = [];
  own(thing, close = () => thing.close()) {
    this.#closers.push(close);
    return thing;
  }
  program(program) {
    return this.own(program, () => program.stop());
  }
  async close() {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

async function main() {
  const held = new Held();
  try {
    const twocan = await startTwocan(held, { flags: ['--limits', 'off', '--allow-peer', '127.0.0.0/8'] });
    const browsers = [held.own(await chromium()), held.own(await chromium())];
    const ports = new Map();
    for (const side of [plain, own]) {
      const near = await side.serve(held, twocan);
      ports.set(side, { 0: near, [DELAY_MS]: await layWire(held, near, DELAY_MS) });
    }
    const results = [];
    for (const name of ways) {
      const { relay, delay = 0 } = WAYS[name];
      const login = credentials();
      const iceServers = [
        { urls: `turn:127.0.0.1:${twocan.turnPort}`, username: login.username, credential: login.password },
      ];
      const taken = new Map([plain, own].map((side) => [side, []]));
      // The first call of either side warms the browsers up, and does not count.
      for (let round = 0; round <= Number(options.calls); round += 1) {
        for (const [side, calls] of taken) {
          const origin = `http://127.0.0.1:${ports.get(side)[delay]}`;
          const marks = await call(browsers, side, origin, `setup-${name}-${round}`, relay && { iceServers });
          if (round > 0) calls.push(marks);
        }
        process.stderr.write(`\r${name}: ${round} of ${options.calls}`);
      }
      process.stderr.write('\n');
      results.push({ name, taken });
    }
    print(results, await browsers[0].version());
  } finally {
    await held.close();
  }
}

/** One call: someone waits, another opens the link; returns the newcomer's marks. */
async function call([first, second], side, origin, room, relay) {
  const held = new Held();
  const open = async (browser, isLast) => {
    const context = held.own(await browser.createBrowserContext());
    const page = await context.newPage();
    await page.evaluateOnNewDocument(watch, { ...side.doing(room, isLast), relay });
    await page.goto(`${origin}${side.link(room)}`, { waitUntil: 'domcontentloaded' });
    return page;
  };
  try {
    const waiting = await open(first, false);
    await waiting.waitForFunction(side.waits, { timeout: DEADLINE_MS });
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const newcomer = await open(second, true);
    return await until(`${side.name}'s first frame`, DEADLINE_MS, () =>
      newcomer.evaluate(() => (window.setup.frame ? { ...window.setup } : null)),
    );
  } finally {
    await held.close();
  }
}

function print(results, browser) {
  const version = execFileSync(BINARY, ['--version']).toString().trim();
  const revision = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: import.meta.dirname })
    .toString()
    .trim();
  console.log(`- ${cpus().length} cores, ${cpus()[0].model}`);
  console.log(`- Linux ${release()}, load average ${loadavg()[0].toFixed(1)} at the end`);
  console.log(`- ${version} at ${revision}; ${browser}`);
  console.log(`- ${options.calls} calls of each side, in turn: median (lowest to highest), in milliseconds\n`);
  console.log('| way | twocan | plain client | ratio | target | |');
  console.log('|---|---|---|---|---|---|');
  for (const { name, taken } of results) {
    const [theirs, ours] = [plain, own].map((side) => taken.get(side).map(({ frame }) => frame));
    const ratio = median(ours) / median(theirs);
    const ratios = ours.map((value, index) => value / theirs[index]);
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const verdict = ratio <= TARGET ? 'met' : '**missed**';
    console.log(
      `| ${name} | ${spread(ours)} | ${spread(theirs)} | ${ratio.toFixed(2)} (${range}) | ≤ ${TARGET} | ${verdict} |`,
    );
  }
  console.log('\nWhen each part was done, medians:\n');
  console.log(`| way | side | ${Object.values(PARTS).join(' | ')} |`);
  console.log(`|---|---|${'---|'.repeat(Object.keys(PARTS).length)}`);
  for (const { name, taken } of results) {
    for (const [side, calls] of taken) {
      const parts = Object.keys(PARTS).map((part) => {
        const values = calls.map((marks) => marks[part]).filter((value) => value !== undefined);
        return values.length > 0 ? median(values).toFixed(0) : '–';
      });
      console.log(`| ${name} | ${side.name} | ${parts.join(' | ')} |`);
    }
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function spread(values) {
  return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
}

await main();
