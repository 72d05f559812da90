// What clients cost in memory, as the kernel counts it for the examples.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Frames } from './raw.js';
import { start } from './servers.js';

const uncounted = !existsSync('/proc/self/status') && 'this system does not count it by /proc';

describe('the memory of the server', { skip: uncounted }, () => {
  let server;
  const clients = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate();
    await server.stop();
  });

  /** Opens so many WebSockets in the namespace `/`. */
  async function connect(count) {
    const opened = [];
    for (let n = 0; n < count; n++) {
      const client = new Frames(`${server.url}/socket.io/?EIO=4&transport=websocket`);
      clients.push(client);
      opened.push(client);
      await client.next();
      client.send('40');
      assert.match(await client.next(), /^40/);
    }
    return opened;
  }

  /** Waits until the memory has come down to so many KB. */
  async function comesDownTo(limit) {
    for (let tries = 0; server.memory() > limit; tries++) {
      assert.ok(tries < 50, `${server.memory()} KB, not ${limit} KB`);
      await sleep(100);
    }
  }

  it('grows by a few KB for each idle WebSocket', async () => {
    server = await start('echo');
    await connect(100);
    const before = server.memory();
    await connect(1000);
    const each = (server.memory() - before) / 1000;
    assert.ok(each < 8, `${each} KB`);
  });

  it('comes back after large messages', async () => {
    server = await start('echo');
    const large = `42["large","${'x'.repeat(200_000)}"]`;
    const opened = await connect(300);
    const idle = server.memory();
    // One after the other: together they would need the memory at once, and allocators keep some of that.
    for (const client of opened) {
      client.send(large, '420["message-with-ack"]');
      let answer;
      do answer = await client.next();
      while (answer !== '430[]');
    }
    await comesDownTo(idle + 8 * 1024);
  });

  it('is bounded for clients that do not read', async () => {
    server = await start('exercise');
    const before = server.memory();
    const opened = await connect(8);
    for (const client of opened) {
      client.socket.pause();
      // 20 MB for each; the server closes whoever leaves more than 4 MiB unread.
      client.send('42["flood",20000]');
    }
    let peak = 0;
    for (let ended = 0; ended < opened.length; ) {
      const { call, reason } = await server.call();
      peak = Math.max(peak, server.memory());
      if (call === 'disconnect') {
        assert.equal(reason, 'slow client');
        ended += 1;
      }
    }
    const limit = before + opened.length * 6 * 1024;
    assert.ok(peak < limit, `${peak} KB, not ${limit} KB`);
    await comesDownTo(before + 16 * 1024);
    // Whoever reads is served as before.
    const [client] = await connect(1);
    client.send('42["flood",1]');
    assert.match(await client.next(), /^42\["water"/);
  });
});
