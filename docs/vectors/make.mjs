/**
 * Writes the test vectors of the sealed format and of the safety code beside this file: `node docs/vectors/make.mjs`.
 * With `--check` it writes nothing, and fails if the files differ.
 *
 * An implementation of its own, for the page's to be compared with: HKDF step by step as in RFC 5869, on Node's
 * HMAC, hashes and AES.
 */
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const SECRET = '1AAECAwQFBgcICQoLDA0ODxAR';
const ANN = 'oKGio6SlpqeoqaqrrK2urw';
/** Ann's page before it was loaded anew. */
const ANN_BEFORE = '0NHS09TV1tfY2drb3N3e3w';
/** In place of Ann, as long as it is not known who comes. */
const NEXT = 'next';
const BEN = 'sLGys7S1tre4ubq7vL2-vw';
/** Ben's page after it was loaded anew. */
const BEN_LATER = 'wMHCw8TFxsfIycrLzM3Ozw';
/** What people see of a code's numbers, and its names, to be read out. */
const SIGNS = `
  🐭 🐮 🐔 🐸 🐒 🐻 🦊 🐫
  🐍 🐬 🦀 🐌 🦆 🐑 🦒 🐞
  🍋 🍒 🍇 🍍 🥥 🍞 🧀 🥚
  🍯 🍦 🍪 🍿 ☕ 🥕 🧄 🥜
  🌻 🍁 🌴 🌊 🌋 ⭐ ⛄ 🌈
  🏠 🏰 🎡 ⛺ 🚌 ⛵ 🚜 🚀
  🎈 🎲 🥁 🎻 👑 👞 🧦 💍
  🪑 🛁 🧹 🔔 📷 🧲 🪁 🥫`;
const NAMES = `
  mouse cow hen frog monkey bear fox camel
  snake dolphin crab snail duck sheep giraffe ladybird
  lemon cherries grapes pineapple coconut bread cheese egg
  honey ice-cream cookie popcorn coffee carrot garlic peanut
  sunflower leaf palm wave volcano star snowman rainbow
  house castle wheel tent bus boat tractor rocket
  balloon dice drum violin crown shoe sock ring
  chair bath broom bell camera magnet kite tin`;

const room = derive('room', 18).toString('base64url');
const offer = {
  type: 'offer',
  value: { type: 'offer', sdp: 'v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n' },
  link: 'k3v9x0q2hmb',
};
const answer = { type: 'answer', value: { type: 'answer', sdp: 'v=0\r\ns=茶\r\n' }, link: 'k3v9x0q2hmb' };
const long = { type: 'candidate', value: { candidate: 'c'.repeat(300), sdpMid: '0' }, link: null };

const first = sealed(ANN, BEN, 1, offer);
const others = {
  'an answer, in the other direction': sealed(BEN, ANN, 1, answer),
  'more than one block of padding': sealed(ANN, BEN, 2, long),
  'a later session of the same page': sealed(BEN_LATER, ANN, 1, answer),
  'for whoever comes next': sealed(BEN, NEXT, 1, offer),
  'the greatest counter': sealed(ANN, BEN, Number.MAX_SAFE_INTEGER, { type: 'leaving', link: null }),
};

const files = {
  'sealed.json': {
    about: 'Test vectors of the sealed format; docs/protocol.md explains it.',
    link: { secret: SECRET, bytes: bytesOf(SECRET).toString('hex'), room },
    not_secrets: [
      ['empty', ''],
      ['cut short', SECRET.slice(0, -1)],
      ['too long', `${SECRET}A`],
      ['another version', `2${SECRET.slice(1)}`],
      ['a character that is none of base64url', `${SECRET.slice(0, -1)}+`],
    ],
    messages: { 'an offer': first, ...others },
    received: {
      about:
        "What Ann's page makes of what arrives, in this order; at first Ben's page has the session `peer`.",
      session: ANN,
      peer: BEN,
      steps: received(),
    },
  },
  'code.json': {
    about: 'Test vectors of the safety code; docs/protocol.md explains it.',
    fingerprints: fingerprints(),
    exchanges: [exchange(0), exchange(1)],
    signs: signs(),
  },
};

let differs = false;
for (const [name, content] of Object.entries(files)) {
  const path = new URL(name, import.meta.url);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${name} differs from what docs/vectors/make.mjs writes: run it, and look at the difference.`);
    differs = true;
  }
}
process.exitCode = differs ? 1 : 0;

function signs() {
  const [shapes, names] = [SIGNS, NAMES].map((text) => text.trim().split(/\s+/));
  return shapes.map((sign, number) => `${sign} ${names[number]}`);
}

/** The steps of one page's session, each with what becomes of it. */
function received() {
  const envelopes = (from, to, n, message) => sealed(from, to, n, message).envelope;
  const one = envelopes(BEN, ANN, 1, answer);
  const three = envelopes(BEN, ANN, 3, { type: 'restart', link: 'k3v9x0q2hmb' });
  const later = envelopes(BEN_LATER, ANN, 1, { type: 'restart', link: null });
  const four = envelopes(BEN, ANN, 4, { type: 'leaving', link: null });
  const kept = (n) => envelopes(BEN, NEXT, n, offer);
  const altered = (change) => ({ ...four, ...change });
  return [
    { what: 'the first message', data: one, kind: 'message', message: answer },
    { what: 'the same again', data: one, kind: 'refused', why: 'replayed' },
    {
      what: 'a greater counter, with a gap',
      data: three,
      kind: 'message',
      message: { type: 'restart', link: 'k3v9x0q2hmb' },
    },
    {
      what: 'one that was held back',
      data: envelopes(BEN, ANN, 2, { type: 'leaving', link: null }),
      kind: 'refused',
      why: 'replayed',
    },
    { what: 'a box with one bit changed', data: altered({ box: flipped(four.box) }), kind: 'refused', why: 'altered' },
    { what: 'another counter', data: altered({ n: 5 }), kind: 'refused', why: 'altered' },
    { what: 'another sender', data: altered({ from: BEN_LATER }), kind: 'refused', why: 'altered' },
    { what: 'another receiver', data: altered({ to: BEN_LATER }), kind: 'refused', why: 'altered' },
    { what: 'an own message', data: envelopes(ANN, BEN, 1, offer), kind: 'refused', why: 'reflected' },
    { what: 'a message in the open', data: answer, kind: 'refused', why: 'unsealed' },
    { what: 'no object at all', data: null, kind: 'refused', why: 'unsealed' },
    { what: 'another version', data: altered({ sealed: 2 }), kind: 'refused', why: 'malformed' },
    { what: 'a counter that is none', data: altered({ n: 1.5 }), kind: 'refused', why: 'malformed' },
    { what: 'a box that is none', data: altered({ box: '*' }), kind: 'refused', why: 'malformed' },
    { what: 'one for whoever comes next, which counts by itself', data: kept(2), kind: 'message', message: offer },
    { what: 'the same again', data: kept(2), kind: 'refused', why: 'replayed' },
    { what: 'one that was kept before it', data: kept(1), kind: 'refused', why: 'replayed' },
    { what: "an own one for whoever comes", data: envelopes(ANN, NEXT, 1, offer), kind: 'refused', why: 'reflected' },
    { what: 'one of a session of which nothing is known', data: envelopes(BEN_LATER, NEXT, 1, offer), kind: 'stale' },
    { what: 'a session of which nothing is known yet', data: later, kind: 'stale' },
    { what: "one for Ann's page before it was loaded anew", data: envelopes(BEN, ANN_BEFORE, 9, answer), kind: 'stale' },
    { what: 'the unaltered one, after all that', data: four, kind: 'message', message: { type: 'leaving', link: null } },
    {
      what: "Ben's page, loaded anew, counts from 1",
      peer: BEN_LATER,
      data: later,
      kind: 'message',
      message: { type: 'restart', link: null },
    },
    { what: 'and what it was before is past', data: envelopes(BEN, ANN, 5, answer), kind: 'stale' },
    { what: 'an old one, though its session is back', peer: BEN, data: three, kind: 'refused', why: 'replayed' },
  ];
}

function sealed(from, to, n, message) {
  const key = derive(`message ${from} ${to}`, 32);
  const aad = `twocan/1 ${room} ${from} ${to} ${n}`;
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(n), 4);
  const json = Buffer.from(JSON.stringify(message));
  const content = Buffer.alloc(Math.ceil(json.length / 256) * 256, ' ');
  json.copy(content);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad));
  const box = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  return {
    message,
    key: key.toString('hex'),
    nonce: nonce.toString('hex'),
    aad,
    envelope: { sealed: 1, from, to, n, box: box.toString('base64url') },
  };
}

function bytesOf(secret) {
  return Buffer.from(secret.slice(1), 'base64url');
}

/** HKDF with SHA-256 and no salt: extract, then expand (RFC 5869 §2). */
function derive(purpose, length) {
  const info = Buffer.from(`twocan/1 ${purpose}`);
  const prk = createHmac('sha256', Buffer.alloc(32)).update(bytesOf(SECRET)).digest();
  let block = Buffer.alloc(0);
  let output = Buffer.alloc(0);
  for (let i = 1; output.length < length; i += 1) {
    block = createHmac('sha256', prk)
      .update(Buffer.concat([block, info, Buffer.from([i])]))
      .digest();
    output = Buffer.concat([output, block]);
  }
  return output.subarray(0, length);
}

function flipped(box) {
  const bytes = Buffer.from(box, 'base64url');
  bytes[0] ^= 1;
  return bytes.toString('base64url');
}

function fingerprint(seed, algorithm = 'sha256') {
  const hex = createHash(algorithm).update(seed).digest('hex').toUpperCase();
  return hex.match(/../g).join(':');
}

function fingerprints() {
  const [ann, sha1] = [fingerprint('Ann'), fingerprint('Ann', 'sha1')];
  return [
    { sdp: `v=0\r\na=fingerprint:sha-256 ${ann}\r\nm=audio 9\r\n`, text: `sha-256 ${ann}` },
    {
      sdp: `v=0\r\nm=audio 9\r\na=fingerprint:SHA-256 ${ann.toLowerCase()}\r\nm=video 9\r\na=fingerprint:sha-256 ${ann}\r\n`,
      text: `sha-256 ${ann}`,
    },
    {
      sdp: `v=0\na=fingerprint:sha-256 ${ann}\na=fingerprint:sha-1 ${sha1}\n`,
      text: `sha-1 ${sha1},sha-256 ${ann}`,
    },
    { sdp: 'v=0\r\nm=audio 9\r\n', text: '' },
  ];
}

/** One exchange between Ann, who offers, and Ben. */
function exchange(seed) {
  const offer = `sha-256 ${fingerprint('Ann')}`;
  const answer = `sha-256 ${fingerprint('Ben')}`;
  const nonceOf = (name) => createHash('md5').update(`${name} ${seed}`).digest().toString('base64url');
  const nonces = { offer: nonceOf('Ann'), answer: nonceOf('Ben') };
  const hash = (...lines) => createHash('sha256').update(lines.join('\n')).digest();
  const commit = (side) => hash('twocan/1 commit', side, nonces[side], offer, answer).toString('base64url');
  const digest = hash('twocan/1 code', nonces.offer, nonces.answer, offer, answer);
  const bits = digest.readUIntBE(0, 3);
  return {
    fingerprints: { offer, answer },
    nonces,
    commits: { offer: commit('offer'), answer: commit('answer') },
    code: [18, 12, 6, 0].map((shift) => (bits >> shift) & 63),
  };
}
