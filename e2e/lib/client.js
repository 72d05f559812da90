// Clients of the signalling: the stock socket.io-client, and one that sees the very bytes.
import assert from 'node:assert/strict';
import { io } from 'socket.io-client';
import { until } from './wait.js';

const DEADLINE = 5_000;

/** The ways in which the stock client reaches a server; `undefined` is its default: polling, then an upgrade. */
export const TRANSPORTS = [['polling'], ['websocket'], undefined];

/** Two clients in the room `tea` hear each other, and have heard nothing else since. */
export async function assertUndisturbed(alice, bob) {
  alice.emit('message', { roomId: 'tea', data: 'from alice' });
  bob.emit('message', { roomId: 'tea', data: 'from bob' });
  assert.equal(await bob.next('message'), 'from alice');
  assert.equal(await alice.next('message'), 'from bob');
}

/** Connects a stock client, with an `auth` if there is one, that remembers every event in its order. */
export async function connect(s, origin, { transports, auth, name = 'client' } = {}) {
  const socket = io(origin, { transports, auth, forceNew: true, reconnection: false });
  const client = new Client(name, socket);
  s.own(client);
  s.log(`events of ${name}`, () => client.history);
  await until(`${name} to connect`, DEADLINE, () => {
    if (client.failure) throw new Error(`${name} cannot connect: ${client.failure.message}`);
    return socket.connected;
  });
  return client;
}

class Client {
  constructor(name, socket) {
    this.name = name;
    this.socket = socket;
    /** Events that no test has looked at yet, and all of them as text. */
    this.events = [];
    this.history = [];
    this.failure = null;
    socket.onAny((event, ...args) => {
      this.events.push({ event, args });
      this.history.push(`${event} ${JSON.stringify(args)}`);
    });
    socket.on('connect_error', (error) => {
      this.failure = error;
    });
    socket.on('disconnect', (reason) => this.history.push(`(disconnected: ${reason})`));
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Takes the first remembered event away, waiting for it: its name must be `event`, and its argument is returned. */
  async next(event) {
    const first = await until(`${event} at ${this.name}`, DEADLINE, () => this.events[0]);
    if (first.event !== event)
      throw new Error(`${this.name} heard ${first.event}, not ${event}: ${JSON.stringify(first.args)}`);
    this.events.shift();
    if (first.args.length !== 1) throw new Error(`${event} carries ${first.args.length} arguments`);
    return first.args[0];
  }

  /** Sends an event and returns the answer of the next `answer` event. */
  async ask(event, payload, answer) {
    this.emit(event, payload);
    return this.next(answer);
  }

  /** Joins a room that has a seat. */
  async join(roomId, more = {}) {
    return this.ask('join', { roomId, ...more }, 'joined');
  }

  /** The transport in use. */
  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** Cuts the connection without any goodbye, as a lost network does. */
  drop() {
    const { engine } = this.socket.io;
    const { transport } = engine;
    if (transport.name === 'websocket') {
      transport.ws._socket.destroy();
    } else {
      // A poller that never asks again is gone for the server.
      transport.write = () => {};
      transport.doPoll = () => {};
      transport._poll = () => {};
    }
  }

  close() {
    this.socket.disconnect();
  }
}

/** A client on long polling by hand, which gets packets as the text that travelled. */
export async function rawPoller(origin) {
  const base = `${origin}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(base)).text();
  const url = `${base}&sid=${JSON.parse(opened.slice(1)).sid}`;
  const packets = [];
  const poller = {
    send: async (packet) => {
      const response = await fetch(url, { method: 'POST', body: packet });
      if (!response.ok) throw new Error(`POST answered ${response.status}`);
    },
    /** The next packet, heartbeats aside. */
    receive: async () => {
      while (packets.length === 0) {
        const text = await (await fetch(url, { signal: AbortSignal.timeout(DEADLINE) })).text();
        packets.push(...text.split('\x1e').filter((packet) => packet !== '2'));
      }
      return packets.shift();
    },
  };
  await poller.send('40');
  const connected = await poller.receive();
  if (!connected.startsWith('40{')) throw new Error(`CONNECT was answered ${connected}`);
  return poller;
}
