// Engine.IO v4 by its specification, with raw requests and frames: the example `engine_echo`, and `echo`
// for what both have in common.
//
// https://socket.io/docs/v4/engine-io-protocol/

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Frames, handshake, Polling } from './raw.js';
import { start } from './servers.js';

const pingInterval = 300;
const pingTimeout = 200;
const flags = ['--ping-interval', `${pingInterval}`, '--ping-timeout', `${pingTimeout}`];

const gone = [400, '{"code":1,"message":"Session ID unknown"}'];

for (const [program, path] of [
  ['engine_echo', '/engine.io/'],
  ['echo', '/socket.io/'],
]) {
  describe(`Engine.IO on ${path}`, () => {
    let server;
    let base;

    before(async () => {
      server = await start(program, flags);
      base = server.url + path;
    });

    after(() => server.stop());

    it('opens a session by polling, and tells its settings', async () => {
      const response = await fetch(`${base}?EIO=4&transport=polling`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
      const { sid, ...settings } = handshake(await response.text());
      assert.match(sid, /^[\w-]{20}$/);
      const upgrades = ['websocket'];
      assert.deepEqual(settings, { upgrades, pingInterval, pingTimeout, maxPayload: 1000000 });
    });

    it('opens a session by WebSocket, and tells its settings', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      const { sid, ...settings } = handshake(await client.next());
      assert.match(sid, /^[\w-]{20}$/);
      assert.deepEqual(settings, { upgrades: [], pingInterval, pingTimeout, maxPayload: 1000000 });
      client.socket.close();
    });

    for (const [query, code, message] of [
      ['transport=polling', 5, 'Unsupported protocol version'],
      ['EIO=abc&transport=polling', 5, 'Unsupported protocol version'],
      ['EIO=3&transport=polling', 5, 'Unsupported protocol version'],
      ['EIO=4', 0, 'Transport unknown'],
      ['EIO=4&transport=abc', 0, 'Transport unknown'],
      ['EIO=4&transport=polling&sid=abc', 1, 'Session ID unknown'],
      ['EIO=4&transport=websocket', 3, 'Bad request'],
    ]) {
      it(`refuses the request ${query}`, async () => {
        const response = await fetch(`${base}?${query}`);
        assert.equal(response.status, 400);
        assert.deepEqual(await response.json(), { code, message });
      });
    }

    for (const method of ['POST', 'PUT', 'DELETE']) {
      it(`refuses a handshake by ${method}`, async () => {
        const response = await fetch(`${base}?EIO=4&transport=polling`, { method });
        assert.equal(response.status, 400);
        assert.deepEqual(await response.json(), { code: 2, message: 'Bad handshake method' });
      });
    }

    for (const query of [
      'transport=websocket',
      'EIO=abc&transport=websocket',
      'EIO=4',
      'EIO=4&transport=abc',
      'EIO=4&transport=websocket&sid=abc',
    ]) {
      it(`opens no WebSocket for ${query}`, async () => {
        assert.equal(await new Frames(`${base}?${query}`).closed(), 1006);
      });
    }

    it('pings a polling client after each interval', async () => {
      const session = await Polling.open(base);
      for (let n = 0; n < 3; n++) {
        const asked = performance.now();
        assert.deepEqual(await session.poll(), [200, '2']);
        assert.ok(performance.now() - asked > pingInterval - 50);
        assert.deepEqual(await session.post('3'), [200, 'ok']);
      }
    });

    it('closes a polling session without a pong', async () => {
      const session = await Polling.open(base);
      await sleep(pingInterval + pingTimeout);
      assert.deepEqual(await session.poll(), gone);
    });

    it('pings a WebSocket after each interval', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      await client.next();
      for (let n = 0; n < 3; n++) {
        const asked = performance.now();
        assert.equal(await client.next(), '2');
        assert.ok(performance.now() - asked > pingInterval - 50);
        client.send('3');
      }
      client.socket.close();
    });

    it('closes a WebSocket without a pong', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      await client.next();
      const opened = performance.now();
      assert.equal(await client.next(), '2');
      await client.closed();
      assert.ok(performance.now() - opened > pingInterval + pingTimeout - 50);
    });

    it('ends the waiting poll when the client closes the session', async () => {
      const session = await Polling.open(base);
      const [poll, post] = await Promise.all([session.poll(), session.post('1')]);
      assert.deepEqual(
        [poll, post],
        [
          [200, '6'],
          [200, 'ok'],
        ],
      );
      assert.deepEqual(await session.poll(), gone);
    });

    it('closes the WebSocket when the client closes the session', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      await client.next();
      client.send('1');
      assert.equal(await client.closed(), 1005);
    });

    it('answers a close frame with its code', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      await client.next();
      client.socket.close(3123, 'enough');
      assert.equal(await client.closed(), 3123);
    });

    it('closes the session when a second poll comes while one waits', async () => {
      const session = await Polling.open(base);
      const first = session.poll();
      await sleep(20);
      assert.deepEqual(await session.poll(), [400, '']);
      assert.deepEqual(await first, [200, '1']);
      assert.deepEqual(await session.poll(), gone);
    });

    it('closes the session when its poll is cancelled', async () => {
      const session = await Polling.open(base);
      const controller = new AbortController();
      const poll = session.poll({ signal: controller.signal });
      await sleep(20);
      controller.abort();
      await assert.rejects(poll, { name: 'AbortError' });
      assert.deepEqual(await session.poll(), gone);
    });

    for (const body of ['abc', '', '4first\x1e', 'b!']) {
      it(`closes a polling session for the body '${body}'`, async () => {
        const session = await Polling.open(base);
        assert.deepEqual(await session.post(body), [400, '{"code":3,"message":"Bad request"}']);
        assert.deepEqual(await session.poll(), gone);
      });
    }

    it('closes a WebSocket for a frame that is no packet', async () => {
      const client = new Frames(`${base}?EIO=4&transport=websocket`);
      await client.next();
      client.send('abc');
      await client.closed();
    });

    it('ignores requests with the id of an upgraded session', async () => {
      for (let n = 0; n < 20; n++) {
        const session = await Polling.open(base);
        const client = new Frames(session.upgrade);
        await client.opened;
        // Nothing of this is waited for: what was sent first counts first.
        client.send('2probe', '5');
        const bad = [400, '{"code":3,"message":"Bad request"}'];
        assert.deepEqual(await session.poll(), bad);
        assert.deepEqual(await session.post('4a'), bad);
        client.socket.terminate();
      }
    });

    it('closes a second WebSocket with the id of an upgraded session', async () => {
      const session = await Polling.open(base);
      const client = new Frames(session.upgrade);
      await client.opened;
      client.send('2probe', '5');
      const second = new Frames(session.upgrade);
      await second.closed();
      assert.equal(await client.next(), '3probe');
      client.socket.terminate();
    });
  });
}

describe('messages of Engine.IO', () => {
  let server;
  let base;

  before(async () => {
    server = await start('engine_echo');
    base = `${server.url}/engine.io/`;
  });

  after(() => server.stop());

  for (const body of [
    '4hello',
    '4',
    '4one\x1e4two\x1e4three',
    '4hello\x1ebAQIDBA==',
    'bAQIDBA==\x1e4zwei €\x1eb',
  ]) {
    it(`come back by polling: ${body.replaceAll('\x1e', '␞')}`, async () => {
      const session = await Polling.open(base);
      assert.deepEqual(await session.post(body), [200, 'ok']);
      assert.deepEqual(await session.poll(), [200, body]);
    });
  }

  it('come back in the order in which they were posted', async () => {
    const session = await Polling.open(base);
    const sent = Array.from({ length: 300 }, (_, n) => `4${n}`);
    const received = [];
    const receive = async () => {
      while (received.length < sent.length) {
        const [status, body] = await session.poll();
        assert.equal(status, 200);
        received.push(...body.split('\x1e'));
      }
    };
    const send = async () => {
      for (const packet of sent) assert.deepEqual(await session.post(packet), [200, 'ok']);
    };
    await Promise.all([receive(), send()]);
    assert.deepEqual(received, sent);
  });

  it('come back by WebSocket', async () => {
    const client = new Frames(`${base}?EIO=4&transport=websocket`);
    await client.next();
    client.send('4hello', Buffer.from([1, 2, 3, 4]), '4', Buffer.alloc(0), '4zwei €');
    assert.equal(await client.next(), '4hello');
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3, 4]));
    assert.equal(await client.next(), '4');
    assert.deepEqual(await client.next(), Buffer.alloc(0));
    assert.equal(await client.next(), '4zwei €');
    client.socket.close();
  });

  it('come back through an upgrade', async () => {
    const session = await Polling.open(base);
    const client = new Frames(session.upgrade);
    await client.opened;
    client.send('2probe');
    assert.equal(await client.next(), '3probe');
    assert.deepEqual(await session.poll(), [200, '6']);
    client.send('5', '4hello', Buffer.from([1, 2, 3]));
    assert.equal(await client.next(), '4hello');
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
    client.socket.close();
  });

  it('go on by polling when the upgrade fails', async () => {
    for (const fail of [
      (client) => client.socket.terminate(),
      (client) => client.socket.close(),
      (client) => client.send('4too early'),
      (client) => client.send('abc'),
    ]) {
      const session = await Polling.open(base);
      const client = new Frames(session.upgrade);
      await client.opened;
      client.send('2probe');
      assert.equal(await client.next(), '3probe');
      fail(client);
      await client.closed();
      assert.deepEqual(await session.post('4alive'), [200, 'ok']);
      let answer;
      do answer = await session.poll();
      while (answer[1] === '6');
      assert.deepEqual(answer, [200, '4alive']);
    }
  });

  it('may be as long as is advertised, and no longer, by polling', async () => {
    const session = await Polling.open(base);
    const longest = `4${'x'.repeat(999_999)}`;
    assert.deepEqual(await session.post(longest), [200, 'ok']);
    assert.deepEqual(await session.poll(), [200, longest]);
    const [status, words] = await session.post(`${longest}x`);
    assert.equal(status, 413);
    assert.equal(words, 'The message is too large: at most 1000000 bytes are taken.\n');
    // It is the client's choice to go on.
    assert.deepEqual(await session.post('4short'), [200, 'ok']);
    assert.deepEqual(await session.poll(), [200, '4short']);
  });

  it('may be as long as is advertised, and no longer, by WebSocket', async () => {
    const client = new Frames(`${base}?EIO=4&transport=websocket`);
    await client.next();
    const longest = `4${'x'.repeat(999_999)}`;
    client.send(longest);
    assert.equal(await client.nextMessage(), longest);
    const reason = new Promise((resolve) => {
      client.socket.once('close', (_, words) => resolve(words.toString()));
    });
    client.send(`${longest}x`);
    assert.equal(await client.closed(), 1009);
    assert.equal(await reason, 'message too large: at most 1000000 bytes are taken');
  });

  it('come back from frames in pieces, with pings between them', async () => {
    const client = new Frames(`${base}?EIO=4&transport=websocket`);
    await client.next();
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.send('4he', { fin: false });
    client.socket.ping('are you there?');
    client.socket.send('llo', { fin: true });
    assert.equal((await pong).toString(), 'are you there?');
    assert.equal(await client.next(), '4hello');
    client.socket.close();
  });
});
