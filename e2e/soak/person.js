// One end of a call: a seat in a room, an allocation, and the ways to give them up.
import { randomInt } from 'node:crypto';
import { io } from 'socket.io-client';
import { openTurnClient } from '../lib/turn-client.js';
import { within } from '../lib/wait.js';

const HOST = '127.0.0.1';
const DEADLINE = 10_000;

const TRANSPORTS = ['udp', 'tcp', 'tls'];

/** Takes a seat in a room, as the stock client does. */
export async function joinRoom(origin, room) {
  // The default is polling, then an upgrade.
  const transports = randomInt(4) === 0 ? undefined : ['websocket'];
  const socket = io(origin, { transports, forceNew: true, reconnection: false });
  const joined = new Promise((resolve) => socket.once('joined', resolve));
  socket.emit('join', { roomId: room });
  const { iceServers } = await within('a seat', DEADLINE, joined);
  const { username, credential } = iceServers.at(-1);
  return new Person(room, socket, { username, password: credential });
}

/** Opens a TURN client. They come from all over loopback, as they do from all over the world. */
export async function openAnywhere(ports, login) {
  const transport = TRANSPORTS[randomInt(TRANSPORTS.length)];
  const from = `127.${1 + randomInt(250)}.${randomInt(250)}.${1 + randomInt(250)}`;
  return openTurnClient({ host: HOST, port: ports[transport], transport, login, from });
}

/** Whoever has a seat; `login` is what it gives, `turn` the client that uses it. */
class Person {
  turn = null;

  constructor(room, socket, login) {
    this.room = room;
    this.socket = socket;
    this.login = login;
  }

  /** Gives the seat up; returns when the server has said so. */
  async leave() {
    const left = new Promise((resolve) => this.socket.once('leaved', resolve));
    this.socket.emit('leave', { roomId: this.room });
    await within('the answer to leave', DEADLINE, left);
    this.socket.disconnect();
  }

  /** Says goodbye. */
  disconnect() {
    this.socket.disconnect();
  }

  /** Is lost, without a goodbye. */
  drop() {
    const { transport } = this.socket.io.engine;
    if (transport.name === 'websocket') transport.ws._socket.destroy();
    this.socket.io.engine.close();
  }

  close() {
    this.turn?.close();
    this.socket.disconnect();
  }
}
