// The stock client against the example `echo`, by each of its ways to connect.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Socket as Engine } from 'engine.io-client';
import { io } from 'socket.io-client';

import { once, start, upgraded } from './servers.js';

const ways = [['polling'], ['websocket'], ['polling', 'websocket']];

for (const transports of ways) {
  describe(`the stock client by ${transports.join(', then ')}`, () => {
    let server;
    const sockets = [];

    before(async () => {
      server = await start('echo');
    });

    after(async () => {
      for (const socket of sockets) socket.disconnect();
      await server.stop();
    });

    function connect(namespace = '/', options = {}) {
      const socket = io(server.url + namespace, {
        transports,
        forceNew: true,
        reconnection: false,
        ...options,
      });
      sockets.push(socket);
      return socket;
    }

    it('connects, and is told the auth payload that it sent', async () => {
      const socket = connect('/', { auth: { token: 'abc', list: [1, 2] } });
      const [auth] = await once(socket, 'auth');
      assert.deepEqual(auth, { token: 'abc', list: [1, 2] });
      assert.ok(socket.connected);

      const [none] = await once(connect(), 'auth');
      assert.deepEqual(none, {});
    });

    it('has a socket id that is not the session id', async () => {
      const socket = connect();
      await once(socket, 'connect');
      assert.equal(socket.id.length, 20);
      assert.notEqual(socket.id, socket.io.engine.id);
    });

    it('ends on the transport that it was told to use', async () => {
      const socket = connect();
      await once(socket, 'connect');
      await upgraded(socket, transports);
      assert.equal(socket.io.engine.transport.name, transports.at(-1));
      socket.emit('message', 'still here');
      assert.deepEqual(await once(socket, 'message-back'), ['still here']);
    });

    it('gets its arguments back as they were', async () => {
      const socket = connect();
      const args = [1, 'zwei €😀\u001e', { b: [true, null], a: 1.5 }, [], ''];
      socket.emit('message', ...args);
      assert.deepEqual(await once(socket, 'message-back'), args);
      socket.emit('message');
      assert.deepEqual(await once(socket, 'message-back'), []);
    });

    it('gets 2,000 events back in their order, through the upgrade too', async () => {
      const socket = connect();
      await once(socket, 'connect');
      const received = [];
      const complete = new Promise((resolve) => {
        socket.on('message-back', (n) => {
          received.push(n);
          if (received.length === 2000) resolve();
        });
      });
      const first = once(socket, 'message-back');
      for (let n = 0; n < 1000; n++) socket.emit('message', n);
      await first;
      for (let n = 1000; n < 2000; n++) socket.emit('message', n);
      await complete;
      assert.deepEqual(
        received,
        Array.from({ length: 2000 }, (_, n) => n),
      );
    });

    it('is acknowledged', async () => {
      const socket = connect();
      assert.deepEqual(await socket.emitWithAck('message-with-ack', { a: 1 }), { a: 1 });
      const args = await new Promise((resolve) => {
        socket.emit('message-with-ack', 1, 'two', (...back) => resolve(back));
      });
      assert.deepEqual(args, [1, 'two']);
    });

    it('gets binary back, in events and acknowledgements', async () => {
      const socket = connect();
      const [a, b] = [Buffer.from([0, 1, 255]), Buffer.alloc(70_000, 7)];
      socket.emit('message', { deep: [a] }, 'text', b);
      assert.deepEqual(await once(socket, 'message-back'), [{ deep: [a] }, 'text', b]);
      assert.deepEqual(await socket.emitWithAck('message-with-ack', { a }), { a });
      socket.emit('message', Buffer.alloc(0));
      assert.deepEqual(await once(socket, 'message-back'), [Buffer.alloc(0)]);
    });

    it('uses several namespaces on one session', async () => {
      const root = connect('/', { forceNew: false });
      const custom = connect('/custom', { forceNew: false, auth: { who: 'me' } });
      assert.deepEqual(await once(custom, 'auth'), [{ who: 'me' }]);
      assert.equal(root.io, custom.io);
      assert.notEqual(root.id, custom.id);
      custom.emit('message', 'to custom');
      assert.deepEqual(await once(custom, 'message-back'), ['to custom']);
      root.emit('message', 'to root');
      assert.deepEqual(await once(root, 'message-back'), ['to root']);

      custom.disconnect();
      root.emit('message', 'after the other left');
      assert.deepEqual(await once(root, 'message-back'), ['after the other left']);
      custom.connect();
      assert.deepEqual(await once(custom, 'auth'), [{ who: 'me' }]);
      root.disconnect();
      custom.disconnect();
    });

    it('is refused an unknown namespace', async () => {
      const [error] = await once(connect('/unknown'), 'connect_error');
      assert.equal(error.message, 'Invalid namespace');
    });

    it('is closed when it connects to no namespace in time', async () => {
      const engine = new Engine(server.url, { path: '/socket.io/', transports });
      const [reason] = await once(engine, 'close');
      assert.equal(reason, 'transport close');
    });

    it('is closed when its message is too large', async () => {
      const socket = connect();
      await once(socket, 'connect');
      await upgraded(socket, transports);
      socket.emit('message', 'x'.repeat(1_000_001));
      const [reason, details] = await once(socket, 'disconnect');
      if (transports.at(-1) === 'polling') {
        assert.equal(reason, 'transport error');
        assert.equal(details.description, 413);
      } else {
        assert.equal(reason, 'transport close');
        assert.equal(details.context.code, 1009);
        assert.match(details.context.reason, /at most 1000000 bytes/);
      }
    });

    it('sends as much as is allowed', async () => {
      const socket = connect();
      const text = 'x'.repeat(999_900);
      socket.emit('message', text);
      assert.deepEqual(await once(socket, 'message-back'), [text]);
    });
  });
}
