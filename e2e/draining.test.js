// Replacing a server without ending a call: after SIGUSR1 it sends new clients to another one.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertNothingLost, startUclient, totals, uclient } from './lib/coturn.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const CLIENTS = 2;
const MESSAGES = 50;
const LOAD = ['-c', '-y', '-m', `${CLIENTS}`, '-n', `${MESSAGES}`];

describe('a server that drains', { concurrency: 4 }, () => {
  for (const { transport, over } of [
    { transport: 'UDP', over: [] },
    { transport: 'TCP', over: ['-t'] },
  ]) {
    scenario(`sends new clients to the other server, over ${transport}`, {}, async (s) => {
      const first = await serverWithAlternate(s);
      await drain(first, /draining; there is no allocation, so it can be stopped/);
      const result = await uclient(s, { host: '127.0.0.1', port: first.turnPort, flags: [...LOAD, ...over] });
      assert.match(result.output, /error 300 /);
      assertNothingLost(result, CLIENTS * MESSAGES);
    });

    scenario(`goes on with those that it has, over ${transport}`, {}, async (s) => {
      const first = await serverWithAlternate(s);
      const flags = [...LOAD, ...over, '-z', '40'];
      const load = startUclient(s, { host: '127.0.0.1', port: first.turnPort, flags });
      await until('half of the load', 20_000, () => totals(load).received >= (CLIENTS * MESSAGES) / 2);
      await drain(first, /draining; the allocations that exist go on allocations=\d/);
      await drain(first, /draining already/);
      await load.wait(30_000);
      assertNothingLost(totals(load), CLIENTS * MESSAGES);
      // A connection that is closed ends its allocation; without one, allocations live for a while.
      if (transport === 'TCP') await first.program.line(/drained; can be stopped/);
      assert.equal((await first.stop()).code, 0);
    });
  }
});

/** Starts two servers for the same credentials, and returns the one that knows the other. */
async function serverWithAlternate(s) {
  const other = await startTwocan(s);
  return startTwocan(s, { flags: ['--turn-alternate', `127.0.0.1:${other.turnPort}`] });
}

/** Asks a server to drain, and waits until it says so. */
async function drain(twocan, says) {
  twocan.program.child.kill('SIGUSR1');
  await twocan.program.line(says);
}
