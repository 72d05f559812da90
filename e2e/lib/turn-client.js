// A TURN client of few words: it makes an allocation, and tells how each further request is answered.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { until } from './wait.js';

const METHOD = { allocate: 0x003, refresh: 0x004 };
const ERROR = 0x0110;
const MAGIC_COOKIE = 0x2112a442;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  realm: 0x0014,
  nonce: 0x0015,
  requestedTransport: 0x0019,
};
const UDP = Buffer.from([17, 0, 0, 0]);
const DEADLINE = 5_000;

/** A client on a UDP socket of its own, for the length of a test. `login` is `{username, password}`. */
export async function turnClient(s, { host, port, login }) {
  const socket = createSocket('udp4');
  s.own(socket);
  const answers = new Map();
  socket.on('message', (message) => answers.set(message.toString('hex', 8, 20), message));
  socket.connect(port, host);
  await once(socket, 'connect');
  return new TurnClient(socket, answers, login);
}

class TurnClient {
  #socket;
  #answers;
  #login;
  #challenge = null;

  constructor(socket, answers, login) {
    this.#socket = socket;
    this.#answers = answers;
    this.#login = login;
  }

  /** Asks for an allocation; returns the error's code, or 0. */
  allocate() {
    return this.#ask(METHOD.allocate, [[ATTRIBUTE.requestedTransport, UDP]]);
  }

  /** Prolongs the allocation, or ends it with a lifetime of 0 seconds; returns the error's code, or 0. */
  refresh(lifetime = 600) {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(lifetime);
    return this.#ask(METHOD.refresh, [[ATTRIBUTE.lifetime, value]]);
  }

  /** Asks, with the realm and the nonce of an earlier answer; if there was none, it asks again with those of this one. */
  async #ask(method, attributes) {
    for (;;) {
      const challenge = this.#challenge;
      const answer = await this.#transact(method, attributes);
      const code = codeOf(answer);
      if (challenge || code !== 401) return code;
      this.#challenge = { realm: attributeOf(answer, ATTRIBUTE.realm), nonce: attributeOf(answer, ATTRIBUTE.nonce) };
    }
  }

  async #transact(method, attributes) {
    const id = randomBytes(12);
    const message = this.#sign(encode(method, id, [...attributes, ...this.#identity()]));
    const key = id.toString('hex');
    this.#socket.send(message);
    return until('an answer of the TURN server', DEADLINE, () => this.#answers.get(key));
  }

  #identity() {
    if (!this.#challenge) return [];
    const { realm, nonce } = this.#challenge;
    return [
      [ATTRIBUTE.username, Buffer.from(this.#login.username)],
      [ATTRIBUTE.realm, realm],
      [ATTRIBUTE.nonce, nonce],
    ];
  }

  /** Appends MESSAGE-INTEGRITY, which covers a header that counts it in (RFC 8489 §14.5). */
  #sign(message) {
    if (!this.#challenge) return message;
    const { username, password } = this.#login;
    const key = createHash('md5').update(`${username}:${this.#challenge.realm}:${password}`).digest();
    message.writeUInt16BE(message.length - 20 + 24, 2);
    const sum = createHmac('sha1', key).update(message).digest();
    return Buffer.concat([message, attribute(ATTRIBUTE.integrity, sum)]);
  }
}

function encode(type, id, attributes) {
  const body = Buffer.concat(attributes.map(([kind, value]) => attribute(kind, value)));
  const header = Buffer.alloc(8);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  return Buffer.concat([header, id, body]);
}

function attribute(kind, value) {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(kind, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
}

function attributeOf(message, wanted) {
  for (let at = 20; at + 4 <= message.length; ) {
    const [kind, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
    if (kind === wanted) return message.subarray(at + 4, at + 4 + length);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  throw new Error(`the answer has no attribute ${wanted}: ${message.toString('hex')}`);
}

/** The code of an error response; 0 for a success. */
function codeOf(message) {
  if ((message.readUInt16BE(0) & ERROR) !== ERROR) return 0;
  const value = attributeOf(message, ATTRIBUTE.errorCode);
  return value[2] * 100 + value[3];
}
