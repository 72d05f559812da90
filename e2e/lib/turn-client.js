// A TURN client for tests, over UDP, TCP and TLS: it says how each request was answered, counts what is relayed to it,
// and can vanish as clients do.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { openLink } from './turn-link.js';

const METHOD = { allocate: 0x003, refresh: 0x004, send: 0x006, createPermission: 0x008, channelBind: 0x009 };
const INDICATION = 0x0010;
const ERROR = 0x0110;
const MAGIC_COOKIE = 0x2112a442;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  peerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  relayedAddress: 0x0016,
  requestedTransport: 0x0019,
};
const UDP = Buffer.from([17, 0, 0, 0]);
const DEADLINE = 10_000;
/** When a request without an answer is sent again, over UDP. */
const RETRY = 500;

/**
 * Opens a client.
 * - `host`, `port`: the server, at an IPv4 address
 * - `transport`: 'udp', 'tcp' or 'tls'
 * - `login`: `{username, password}`
 * - `from`: the client's own address
 */
export async function openTurnClient({ host, port, transport = 'udp', login, from }) {
  const link = await openLink({ host, port, transport, from });
  return new TurnClient(link, transport, login);
}

class TurnClient {
  #link;
  #transport;
  #login;
  #challenge = null;
  #waiting = new Map();

  constructor(link, transport, login) {
    this.#link = link;
    this.#transport = transport;
    this.#login = login;
    /** The relayed address, `{address, port}`, once there is one. */
    this.relayed = null;
    /** How many packets peers have sent, in ChannelData and in Data indications. */
    this.received = { channelData: 0, indications: 0 };
    link.onMessage = (message) => this.#take(message);
  }

  /** Asks for an allocation. Like every request it returns the error's code, or 0. */
  async allocate() {
    const answer = await this.#ask(METHOD.allocate, [[ATTRIBUTE.requestedTransport, UDP]]);
    const code = codeOf(answer);
    if (code === 0) this.relayed = addressOf(attributeOf(answer, ATTRIBUTE.relayedAddress));
    return code;
  }

  /** Prolongs the allocation, or ends it with a lifetime of 0 seconds. */
  async refresh(lifetime = 600) {
    return codeOf(await this.#ask(METHOD.refresh, [[ATTRIBUTE.lifetime, uint32(lifetime)]]));
  }

  /** Lets a peer, `{address, port}`, send. */
  async permit(peer) {
    return codeOf(await this.#ask(METHOD.createPermission, [[ATTRIBUTE.peerAddress, encodeAddress(peer)]]));
  }

  async bindChannel(number, peer) {
    const attributes = [
      [ATTRIBUTE.channelNumber, uint32(number * 0x10000)],
      [ATTRIBUTE.peerAddress, encodeAddress(peer)],
    ];
    return codeOf(await this.#ask(METHOD.channelBind, attributes));
  }

  /** Sends to the peer of a channel. */
  sendByChannel(number, data) {
    const header = uint32(number * 0x10000 + data.length);
    const padding = this.#transport === 'udp' ? 0 : -data.length & 3;
    this.#link.send(Buffer.concat([header, data, Buffer.alloc(padding)]));
  }

  /** Sends to a peer that has a permission. */
  sendByIndication(peer, data) {
    const attributes = [
      [ATTRIBUTE.peerAddress, encodeAddress(peer)],
      [ATTRIBUTE.data, data],
    ];
    this.#link.send(encode(METHOD.send | INDICATION, randomBytes(12), attributes));
  }

  /** Closes the socket, without a word about the allocation. */
  close() {
    this.#link.close();
  }

  /** Breaks the connection off, as a crash does. */
  reset() {
    this.#link.reset();
  }

  #take(message) {
    const type = message.readUInt16BE(0);
    if (type >= 0x4000) this.received.channelData += 1;
    else if (type & INDICATION && !(type & 0x0100)) this.received.indications += 1;
    else this.#waiting.get(idOf(message))?.(message);
  }

  /** Asks, with realm and nonce of an earlier answer; if there was none, it asks again with those of this one. */
  async #ask(method, attributes) {
    for (;;) {
      const challenge = this.#challenge;
      const answer = await this.#transact(method, attributes);
      if (challenge || codeOf(answer) !== 401) return answer;
      const [realm, nonce] = [ATTRIBUTE.realm, ATTRIBUTE.nonce].map((kind) => attributeOf(answer, kind));
      this.#challenge = { realm, nonce };
    }
  }

  async #transact(method, attributes) {
    const id = randomBytes(12);
    const message = this.#sign(encode(method, id, [...attributes, ...this.#identity()]));
    const key = id.toString('hex');
    const timers = [];
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(key, resolve);
        this.#link.send(message);
        if (this.#transport === 'udp') timers.push(setInterval(() => this.#link.send(message), RETRY));
        const late = () => reject(new Error(`the server left method ${method} unanswered for ${DEADLINE} ms`));
        timers.push(setTimeout(late, DEADLINE));
        this.#link.closed.then(() => reject(new Error('the server closed the connection')));
      });
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#waiting.delete(key);
    }
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
    return Buffer.concat([message, encodeAttribute(ATTRIBUTE.integrity, sum)]);
  }
}

function encode(type, id, attributes) {
  const body = Buffer.concat(attributes.map(([kind, value]) => encodeAttribute(kind, value)));
  return Buffer.concat([uint32(type * 0x10000 + body.length), uint32(MAGIC_COOKIE), id, body]);
}

function encodeAttribute(kind, value) {
  return Buffer.concat([uint32(kind * 0x10000 + value.length), value, Buffer.alloc(-value.length & 3)]);
}

/** XOR-PEER-ADDRESS and its kin, for IPv4 (RFC 8489 §14.2). */
function encodeAddress({ address, port }) {
  const bytes = Buffer.from([0, 1, port >> 8, port & 0xff, ...address.split('.').map(Number)]);
  return xored(bytes);
}

function addressOf(value) {
  const bytes = xored(value);
  return { address: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) };
}

function xored(bytes) {
  const mask = Buffer.concat([Buffer.alloc(2), uint32(MAGIC_COOKIE).subarray(0, 2), uint32(MAGIC_COOKIE)]);
  return Buffer.from(bytes.map((byte, index) => byte ^ mask[index]));
}

function attributeOf(message, wanted) {
  for (let at = 20; at + 4 <= message.length; ) {
    const [kind, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
    if (kind === wanted) return message.subarray(at + 4, at + 4 + length);
    at += 4 + length + (-length & 3);
  }
  throw new Error(`the answer has no attribute ${wanted}: ${message.toString('hex')}`);
}

/** The code of an error response; 0 for a success. */
function codeOf(message) {
  if ((message.readUInt16BE(0) & ERROR) !== ERROR) return 0;
  const value = attributeOf(message, ATTRIBUTE.errorCode);
  return value[2] * 100 + value[3];
}

function idOf(message) {
  return message.toString('hex', 8, 20);
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
