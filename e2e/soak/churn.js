// Calls that begin, are relayed, and end in all the ways that calls end, one after the other.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { credentials } from '../lib/coturn.js';
import { until } from '../lib/wait.js';
import { joinRoom, openAnywhere } from './person.js';

const HOST = '127.0.0.1';
const CHANNEL = 0x4000;
const PACKETS = 40;
/** Milliseconds between two packets. */
const INTERVAL = 25;
const LAST_PACKETS = 3_000;
const MOST_ROUNDS = 5;

/** How a client ends its allocation, or does not. */
const PARTINGS = {
  'ended by their clients': async (client) => {
    expect(await client.refresh(0), 0, 'a Refresh with the lifetime 0');
    client.close();
  },
  'left without a word': async (client) => client.close(),
  'broken off': async (client) => client.reset(),
};

/**
 * How a seat ends. `told`: the server has said that it is over; `lasts`: the seconds that it keeps what the seat had,
 * if it does.
 */
const ENDINGS = {
  left: { told: true, end: (person) => person.leave() },
  'left with a goodbye': { end: (person) => person.disconnect() },
  'lost with their connections': { lasts: 60, end: (person) => person.drop() },
  'kept in silence': { lasts: 600, end: (person, churn) => churn.silent.push(person) },
};

/** All calls of a soak, and what is counted of them. */
export class Churn {
  rounds = 0;
  partings = zeros(PARTINGS);
  endings = zeros(ENDINGS);
  refused = 0;
  sent = 0;
  arrived = 0;
  /** What went otherwise than it should, in words. */
  failures = [];
  /** Those who stay without a word until the end. */
  silent = [];
  #begun = performance.now();
  #rooms = 0;
  #peer = null;

  /**
   * - `origin`: the server's page
   * - `ports`: of the relay, by transport
   * - `seconds`: for how long calls begin
   * - `settling`: how many seconds later the server must have ended what it keeps for a while
   */
  constructor({ origin, ports, seconds, settling }) {
    Object.assign(this, { origin, ports, seconds, settling });
  }

  /** Seconds since the beginning. */
  get elapsed() {
    return (performance.now() - this.#begun) / 1_000;
  }

  /** Lets so many pairs of people call each other at a time, one pair after the other until the time is over. */
  async run(pairs) {
    this.#peer = await echoPeer();
    await Promise.all(Array.from({ length: pairs }, () => this.#line()));
  }

  /** Ends what is open on this side. */
  close() {
    for (const person of this.silent) person.close();
    this.#peer?.close();
  }

  async #line() {
    while (this.elapsed < this.seconds) {
      const people = [];
      try {
        await this.#meet(people);
      } catch (error) {
        for (const person of people) person.close();
        this.failures.push(`A call failed: ${error.message}.`);
        // What fails once fails a thousand times.
        await pause(1_000);
      }
    }
  }

  /** Two people take seats, call each other some times, and are gone. */
  async #meet(people) {
    this.#rooms += 1;
    const room = `soak ${this.#rooms}`;
    for (let seat = 0; seat < 2; seat += 1) people.push(await joinRoom(this.origin, room));
    await this.#refuseStrangers(people[0].login);
    const ending = oneOf(ENDINGS, ({ lasts = 0 }) => this.elapsed + lasts < this.seconds + this.settling);
    for (let more = randomInt(MOST_ROUNDS); more > 0; more -= 1) {
      await this.#call(people);
      const parting = oneOf(PARTINGS);
      await Promise.all(people.map((person) => PARTINGS[parting](person.turn)));
      this.partings[parting] += 2;
    }
    // With the last call they go themselves.
    await this.#call(people);
    const { end, told } = ENDINGS[ending];
    await Promise.all(people.map((person) => end(person, this)));
    this.endings[ending] += 2;
    if (told) await this.#refuse(people[0].login);
    if (!this.silent.includes(people[0])) for (const person of people) person.close();
  }

  /** A call: both get an allocation, and send by it. */
  async #call(people) {
    for (const person of people) {
      person.turn = await openAnywhere(this.ports, person.login);
      expect(await person.turn.allocate(), 0, 'an Allocate');
    }
    const [one, other] = people.map((person) => person.turn);
    const outside = { address: HOST, port: this.#peer.address().port };
    await Promise.all([getReady(one, other, outside), getReady(other, one, outside)]);
    await Promise.all([this.#talk(one, other, outside), this.#talk(other, one, outside)]);
    for (const client of [one, other]) expect(await client.refresh(), 0, 'a Refresh');
    this.rounds += 1;
  }

  /** One sends to the other's relayed address by a channel, and by indications to a peer outside, which echoes. */
  async #talk(one, other, outside) {
    for (let number = 0; number < PACKETS; number += 1) {
      const data = Buffer.alloc(1 + randomInt(1_200), number);
      one.sendByChannel(CHANNEL, data);
      one.sendByIndication(outside, data);
      this.sent += 2;
      await pause(INTERVAL);
    }
    const came = () => other.received.channelData + one.received.indications;
    await until('the last packets', LAST_PACKETS, () => came() >= 2 * PACKETS).catch(() => {});
    this.arrived += came();
  }

  /** Credentials that were never good are good for nothing. */
  async #refuseStrangers(login) {
    await this.#refuse({ ...login, password: 'guessed' });
    await this.#refuse(credentials({ seconds: -10 }));
    await this.#refuse(credentials({ secret: 'another secret' }));
  }

  async #refuse(login) {
    const client = await openAnywhere(this.ports, login);
    try {
      expect(await client.allocate(), 401, 'an Allocate with credentials that are good for nothing');
      this.refused += 1;
    } finally {
      client.close();
    }
  }
}

/** Lets a client's channel lead to another's relayed address, and the peer outside answer it. */
async function getReady(one, other, outside) {
  expect(await one.bindChannel(CHANNEL, other.relayed), 0, 'a ChannelBind');
  expect(await one.permit(outside), 0, 'a CreatePermission');
}

function expect(code, wanted, what) {
  const inWords = (one) => (one === 0 ? 'success' : `error ${one}`);
  if (code !== wanted) throw new Error(`${what} was answered with ${inWords(code)}, not with ${inWords(wanted)}`);
}

async function echoPeer() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (data, from) => socket.send(data, from.port, from.address, () => {}));
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}

/** The name of one of the possible things, by lot. */
function oneOf(things, isPossible = () => true) {
  const possible = Object.keys(things).filter((name) => isPossible(things[name]));
  return possible[randomInt(possible.length)];
}

function zeros(things) {
  return Object.fromEntries(Object.keys(things).map((name) => [name, 0]));
}
