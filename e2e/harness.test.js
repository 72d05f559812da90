// The tests' own tools, where a mistake would hide what the tests find.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Program } from './lib/process.js';
import { Scenario } from './lib/scenario.js';

test('a program that is started after the end of its test is stopped', async (t) => {
  const s = new Scenario(t);
  await s.close();
  const program = new Program('a sleeper', 'sleep', ['60']);
  assert.throws(() => s.program(program), /the test is over/);
  assert.equal((await program.wait()).signal, 'SIGTERM');
});
