// Many clients on real sockets join, leave, drop, come back and take over in random order: nobody hears what is not
// theirs, and in the end the server holds nothing. SEED=… runs one order again.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const ROOMS = ['tea', 'coffee', 'juice', 'water', 'milk'];
const PEOPLE = 10;
const STEPS = 600;
const GRACE = 300;
const FLAGS = ['--resume-grace', `${GRACE}`, '--ping-interval', '300', '--ping-timeout', '300', '--limits', 'off'];
const TRANSPORTS = [['websocket'], ['websocket'], ['polling'], ['polling', 'websocket']];

scenario('whatever clients do, nobody hears what is not theirs, and nothing is left of them', {}, async (s) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  s.state(`SEED=${seed}`);
  const random = generator(seed);
  const { origin } = await startTwocan(s, { flags: FLAGS });
  const world = new World(origin, random);
  s.own(world);
  s.log('steps', () => world.steps);
  for (let step = 0; step < STEPS; step += 1) {
    world.step();
    if (random() < 0.5) await pause(random() * 20);
  }
  world.endAll();
  // A poller that has gone silent is noticed after both ping times, and then its seat waits.
  await until('the server to forget everybody', 10_000, () => emptyRooms(origin));
  assert.deepEqual(world.wrong, []);
  s.state(
    `${world.joined} seats taken, ${world.resumed} of them had back; ${world.heard} messages heard; ${world.full} times full`,
  );
  assert.ok(world.resumed > 0 && world.full > 0 && world.heard > 0, 'the test tries nothing');
});

/** Everybody, and what has been seen of them. */
class World {
  steps = [];
  wrong = [];
  joined = 0;
  resumed = 0;
  full = 0;
  heard = 0;
  #origin;
  #random;
  #people = [];
  #sockets = new Set();
  /** The connections of WebSockets that were lost. */
  #wires = [];
  #sent = 0;
  /** By seat: the number of the last message that each sender's socket got through to it. */
  #last = new Map();

  constructor(origin, random) {
    this.#origin = origin;
    this.#random = random;
    for (let index = 0; index < PEOPLE; index += 1) {
      this.#people.push({ index, resumes: index % 3 > 0, tickets: new Map(), client: null });
    }
  }

  /** One thing that one person does. */
  step() {
    const person = this.#pick(this.#people);
    // Mostly the one in which a friend is, so that the two have something to say to each other.
    const room = this.#random() < 0.8 ? ROOMS[person.index % ROOMS.length] : this.#pick(ROOMS);
    const doing = this.#pick(person.client ? AT_HAND : ['connect']);
    this.steps.push(`${person.index} ${doing} ${room}`);
    this[doing](person, room);
  }

  connect(person) {
    person.client = this.#open(person);
  }

  join(person, room) {
    person.client.emit('join', {
      roomId: room,
      ...(person.resumes && { capabilities: { resume: true }, resume: person.tickets.get(room) }),
    });
  }

  leave(person, room) {
    person.client.emit('leave', { roomId: room });
  }

  message(person, room) {
    this.#sent += 1;
    person.client.emit('message', { roomId: room, data: { room, from: person.client.number, number: this.#sent } });
  }

  /** The connection is lost without a goodbye. */
  drop(person) {
    this.#lose(person.client);
    person.client = null;
  }

  goodbye(person) {
    person.client.disconnect();
    person.client = null;
  }

  /** Another tab of the same person; the first one stays as it is. */
  takeOver(person, room) {
    person.client = this.#open(person);
    this.join(person, room);
  }

  endAll() {
    for (const socket of this.#sockets) {
      if (this.#random() < 0.5) this.#lose(socket);
      else socket.disconnect();
    }
  }

  close() {
    for (const socket of this.#sockets) socket.disconnect();
    // Whoever is silent would wait half a minute for the other end.
    for (const wire of this.#wires) wire.destroy();
  }

  #lose(socket) {
    const wire = socket.io.engine?.transport.ws?._socket;
    if (wire) this.#wires.push(wire);
    breakConnection(socket, wire, this.#pick(WAYS));
  }

  #open(person) {
    const socket = io(this.#origin, { transports: this.#pick(TRANSPORTS), forceNew: true, reconnection: false });
    socket.number = this.#sockets.size;
    this.#sockets.add(socket);
    /** The seats that this socket has, by room. */
    const seats = new Map();
    socket.on('joined', ({ roomId, userNum, userId, resume, resumed, peer }) => {
      this.joined += 1;
      if (resumed) this.resumed += 1;
      seats.set(roomId, userId);
      person.tickets.set(roomId, resume);
      this.#must(userNum <= 2, `${userNum} seats are taken in ${roomId}`);
      this.#must(peer?.userId !== userId, `${userId} meets itself`);
      this.#must(
        person.resumes === (resume !== undefined),
        `${socket.number} can ${person.resumes ? '' : 'not '}come back`,
      );
    });
    socket.on('full', ({ roomId, userNum }) => {
      this.full += 1;
      this.#must(userNum === 2, `${roomId} is full with ${userNum}`);
    });
    for (const event of ['leaved', 'replaced']) socket.on(event, ({ roomId }) => seats.delete(roomId));
    for (const event of ['otherjoined', 'bye', 'peeraway', 'peerback']) {
      socket.on(event, ({ roomId, userId }) => {
        this.#must(seats.has(roomId), `${socket.number} hears ${event} of ${roomId}, where it has no seat`);
        this.#must(seats.get(roomId) !== userId, `${socket.number} hears ${event} of itself`);
      });
    }
    socket.on('message', (data) => this.#hear(socket, seats, data));
    socket.on('refused', ({ code }) => this.#must(EXPECTED.has(code), `${socket.number} is refused: ${code}`));
    return socket;
  }

  #hear(socket, seats, { room, from, number }) {
    this.heard += 1;
    const seat = seats.get(room);
    this.#must(seat !== undefined, `${socket.number} hears a message in ${room}, where it has no seat`);
    const way = `${from} to ${seat}`;
    const last = this.#last.get(way) ?? 0;
    this.#must(number > last, `message ${number} from ${way} comes after ${last}`);
    this.#last.set(way, number);
  }

  #must(holds, otherwise) {
    if (!holds) this.wrong.push(`${otherwise} (after step ${this.steps.length})`);
  }

  #pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }
}

const EXPECTED = new Set(['alone', 'not_joined', 'queue_full']);
/** What somebody with a connection does, as often as it stands here. */
const AT_HAND = [
  ...Array(6).fill('join'),
  ...Array(10).fill('message'),
  ...['leave', 'leave', 'drop', 'drop', 'goodbye', 'takeOver', 'takeOver'],
];

/** How a connection is lost: closed by the client, broken off while it waits, or without any sign. */
const WAYS = ['closed', 'broken', 'silent'];

function breakConnection(socket, wire, way) {
  const { engine, opts } = socket.io;
  const { transport } = engine ?? {};
  socket.off();
  if (!transport) return;
  if (wire) {
    if (way === 'silent') wire.pause();
    else wire.destroy();
  } else if (way === 'silent' && opts.transports.length === 1) {
    // A poller that never asks again, and has no WebSocket on the way.
    transport.write = () => {};
    transport.doPoll = () => {};
    transport._poll = () => {};
  } else if (way === 'broken') {
    transport.pollXhr?.abort();
  } else {
    engine.close();
  }
}

/** Whether the server holds nothing more: by its metrics, and by what a newcomer to each room is told. */
async function emptyRooms(origin) {
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  const held = metrics.split('\n').filter((line) => /^twocan_(rooms|seats|seats_away|sockets)\b/.test(line));
  if (held.some((line) => !line.endsWith(' 0'))) return false;
  const socket = io(origin, { transports: ['websocket'], forceNew: true, reconnection: false });
  try {
    for (const roomId of ROOMS) {
      const { userNum } = await socket.timeout(5_000).emitWithAck('join', { roomId });
      if (userNum !== 1) return false;
    }
    return true;
  } finally {
    socket.disconnect();
  }
}

/** mulberry32: small, and the same on every machine. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
