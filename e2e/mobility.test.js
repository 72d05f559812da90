// Clients whose addresses change, by coturn's client: it shows its ticket from a new socket after each allocation.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertNothingLost, uclient } from './lib/coturn.js';
import { withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const CLIENTS = 6;
const MESSAGES = 30;
const LOAD = ['-M', '-c', '-y', '-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-l', '171', '-z', '5'];

// coturn's client spends most of its time asleep. Over TLS it frees a session twice when it moves, and ends.
describe('turnutils_uclient moves and loses nothing', { concurrency: 4 }, () => {
  for (const { family, host, relay, skip } of [
    { family: 'IPv4', host: '127.0.0.1', relay: [] },
    { family: 'IPv6', host: '::1', relay: ['-x'], skip: withoutIpv6 },
  ]) {
    for (const { transport, over } of [
      { transport: 'UDP', over: [] },
      { transport: 'TCP', over: ['-t'] },
    ]) {
      for (const { method, by } of [
        { method: 'channels', by: [] },
        { method: 'indications', by: ['-s'] },
      ]) {
        scenario(`${method} over ${transport}, ${family}`, { skip }, async (s) => {
          const env = { TWOCAN_LOG: 'info,twocan_turn=debug' };
          const twocan = await startTwocan(s, { env, flags: ['--relay-threads', '2'] });
          const result = await uclient(s, { host, port: twocan.turnPort, flags: [...LOAD, ...relay, ...over, ...by] });
          assertNothingLost(result, CLIENTS * MESSAGES);
          // Each client and its probe have two addresses, and the second of them has what the first one asked for.
          const moved = twocan.program.lines.filter((line) => /allocation moved/.test(line));
          assert.ok(moved.length >= CLIENTS, `${moved.length} moves`);
        });
      }
    }
  }
});
