// The stock client against the example `exercise`: what the server does of its own accord, and what its
// handler sees.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { io } from 'socket.io-client';

import { once, start, upgraded } from './servers.js';

for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
  describe(`the server and its handler by ${transports.join(', then ')}`, () => {
    let server;
    let sockets;

    beforeEach(async () => {
      server = await start('exercise', ['--ping-interval', '300', '--ping-timeout', '2000']);
      sockets = [];
    });

    afterEach(async () => {
      for (const socket of sockets) socket.disconnect();
      await server.stop();
    });

    async function connect(options = {}) {
      const socket = io(server.url, {
        transports,
        forceNew: true,
        reconnection: false,
        ...options,
      });
      sockets.push(socket);
      await once(socket, 'connect');
      assert.equal((await server.call()).call, 'connect');
      await upgraded(socket, transports);
      return socket;
    }

    it('waits for an acknowledgement inside its handler', async () => {
      const socket = await connect();
      socket.on('question', (question, reply) => reply({ echoed: question }, 2));
      const bytes = Buffer.from([1, 2, 3]);
      socket.emit('ask', { bytes });
      assert.deepEqual(await once(socket, 'answered'), [{ echoed: { bytes } }, 2]);
    });

    it('gives up on an acknowledgement in time', async () => {
      const socket = await connect();
      socket.emit('ask', 'anyone?');
      const [error] = await once(socket, 'failed');
      assert.match(error, /did not acknowledge the event in time/);
    });

    it('sees the events of a client in order, and its disconnect last', async () => {
      const socket = await connect();
      const id = socket.id;
      socket.emit('slow', 1);
      socket.emit('quick', 2);
      socket.emit('slow', 3);
      socket.disconnect();
      for (const [name, n] of [
        ['slow', 1],
        ['quick', 2],
        ['slow', 3],
      ]) {
        assert.deepEqual(await server.call(), { call: 'event', name, args: [`${n}`] });
      }
      assert.deepEqual(await server.call(), {
        call: 'disconnect',
        socket: id,
        reason: 'client namespace disconnect',
      });
    });

    it('sees a lost connection after the events that came before', async () => {
      const socket = await connect();
      const id = socket.id;
      socket.emit('none');
      socket.emit('slow', 1);
      // Sends what waits first.
      socket.io.engine.close();
      assert.equal((await server.call()).name, 'none');
      assert.equal((await server.call()).name, 'slow');
      const reason = 'transport close';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
    });

    it('disconnects a socket', async () => {
      const socket = await connect();
      const id = socket.id;
      socket.emit('leave');
      socket.emit('too late');
      assert.deepEqual((await once(socket, 'disconnect'))[0], 'io server disconnect');
      assert.equal((await server.call()).name, 'leave');
      const reason = 'server namespace disconnect';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
      socket.connect();
      await once(socket, 'connect');
      assert.equal((await server.call()).call, 'connect');
    });

    it('closes a session, and the client comes back by itself', async () => {
      const socket = await connect({ reconnection: true, reconnectionDelay: 10 });
      const id = socket.id;
      const closed = once(socket, 'disconnect');
      socket.emit('drop');
      assert.equal((await closed)[0], 'transport close');
      assert.equal((await server.call()).name, 'drop');
      const reason = 'forced server close';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
      await once(socket, 'connect');
      assert.equal((await server.call()).call, 'connect');
      assert.notEqual(socket.id, id);
    });

    it('says goodbye when it stops, so that clients come back by themselves', async () => {
      const socket = await connect({ reconnection: true });
      const id = socket.id;
      const closed = once(socket, 'disconnect');
      assert.equal(await server.stop(), 0);
      const reason = 'server shutting down';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
      const polling = transports.at(-1) === 'polling';
      assert.equal((await closed)[0], polling ? 'transport error' : 'transport close');
      assert.ok(socket.active);
    });

    it('closes a client that does not answer pings', async () => {
      const socket = await connect();
      const id = socket.id;
      const { engine } = socket.io;
      const send = engine._sendPacket;
      engine._sendPacket = (type, ...rest) => {
        if (type !== 'pong') send.call(engine, type, ...rest);
      };
      const reason = 'ping timeout';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
    });

    it('keeps a client that answers pings', async () => {
      const socket = await connect();
      await once(socket.io.engine, 'heartbeat');
      await once(socket.io.engine, 'heartbeat');
      await once(socket.io.engine, 'heartbeat');
      assert.ok(socket.connected);
    });

    it('tells why a namespace is refused', async () => {
      const socket = io(`${server.url}/private`, {
        transports,
        forceNew: true,
        reconnection: false,
      });
      sockets.push(socket);
      const [error] = await once(socket, 'connect_error');
      assert.equal(error.message, 'not you');
      assert.deepEqual(error.data, { status: 401 });
    });

    it('closes the session when its handler panics, with its disconnect', async () => {
      const socket = await connect();
      const id = socket.id;
      socket.emit('panic');
      assert.equal((await once(socket, 'disconnect'))[0], 'transport close');
      const reason = 'forced server close';
      assert.deepEqual(await server.call(), { call: 'disconnect', socket: id, reason });
    });

    it('delivers a flood of events', async () => {
      const socket = await connect();
      let count = 0;
      const complete = new Promise((resolve) => {
        socket.on('water', () => {
          count += 1;
          if (count === 2000) resolve();
        });
      });
      socket.emit('flood', 2000);
      await complete;
    });
  });
}
