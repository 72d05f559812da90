// The soak passes where nothing is left behind, and says what is, where something is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './lib/process.js';
import { complaints } from './soak/verdict.js';

const SOAK = fileURLToPath(new URL('./soak/main.js', import.meta.url));

describe('a soak of some seconds', { concurrency: 2 }, () => {
  test('passes', async () => {
    const { code, output } = await soak();
    assert.equal(code, 0, output);
    assert.match(output, /The soak passed\.$/);
    assert.match(output, /allocations: 0$/m);
  });

  test('fails by its exit code and in words, where more memory is gained than allowed', async () => {
    // All of it is too much.
    const { code, output } = await soak('--margin=-1000000');
    assert.equal(code, 1, output);
    assert.match(output, /Its memory grew from .* MiB to .* MiB/);
    assert.match(output, /The soak FAILED\.$/m);
  });
});

test('a soak with options that make no sense tells how it is used', async () => {
  for (const options of [
    ['--minutes', 'ten'],
    ['--minutes', '0'],
    ['--hours', '1'],
  ]) {
    const { code, output } = await run(process.execPath, [SOAK, ...options]);
    assert.equal(code, 2, output);
    assert.match(output, /usage: soak \[--minutes N\]/);
  }
});

const IDLE = { descriptors: 20, allocations: 0 };
const GOOD = {
  memory: [...ramp(5_000, 15_000, 60), ...ramp(15_000, 15_000, 540)],
  warmUp: 60,
  margin: 1_000,
  before: IDLE,
  after: IDLE,
  sent: 100,
  arrived: 100,
  failures: [],
};

test('a server that is as it was before has a clean bill', () => {
  assert.deepEqual(complaints(GOOD), []);
  const noisy = GOOD.memory.map((kib, second) => kib + (second % 10 === 0 ? 5_000 : 0));
  assert.deepEqual(complaints({ ...GOOD, memory: noisy }), [], 'peaks that pass');
  const margin = [...ramp(5_000, 15_000, 60), ...ramp(15_000, 16_000, 540)];
  assert.deepEqual(complaints({ ...GOOD, memory: margin }), [], 'no more than is allowed');
});

for (const [what, wrong, complaint] of [
  ['memory that grows slowly', { memory: ramp(10_000, 20_000, 600) }, /memory grew from 10\.\d MiB to 19\.\d MiB/],
  ['too few samples of memory', { memory: [1, 2, 3], warmUp: 3 }, /3 samples/],
  ['an allocation', { after: { ...IDLE, allocations: 1 } }, /^1 allocations are left/],
  ['a socket', { after: { ...IDLE, descriptors: 21 } }, /has 21 files and sockets open, and had 20/],
  ['a lost packet', { arrived: 99 }, /^1 of 100 packets/],
  ['nothing relayed', { sent: 0, arrived: 0 }, /Nothing was relayed/],
  ['a call that failed', { failures: ['A call failed.'] }, /^A call failed\.$/],
]) {
  test(`one complaint about ${what}`, () => {
    const found = complaints({ ...GOOD, ...wrong });
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], complaint);
  });
}

/** So many numbers, evenly from one to another. */
function ramp(from, to, count) {
  return Array.from({ length: count }, (_, index) => from + ((to - from) * index) / count);
}

function soak(...options) {
  return run(process.execPath, [SOAK, '--minutes', '0.1', ...options], { deadline: 60_000 });
}
