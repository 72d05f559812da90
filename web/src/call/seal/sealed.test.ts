/** The sealed format against its vectors, which `docs/vectors/make.mjs` has made without this code. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import vectors from '../../../../docs/vectors/sealed.json';
import { toBase64Url } from './bytes';
import { type Envelope, readEnvelope, toContent, toEnvelope } from './envelope';
import { deriveRoom, type RoomKeys } from './keys';
import { newSecret, readSecret } from './secret';
import { newSession, SealSession } from './session';

const make = new URL('../../../../docs/vectors/make.mjs', import.meta.url);
const { link, messages, received } = vectors;

it('has the vectors that their maker makes', () => {
  const { status, stderr } = spawnSync(process.execPath, [make.pathname, '--check']);
  expect(`${stderr}`).toBe('');
  expect(status).toBe(0);
});

it('derives the room of a secret', async () => {
  expect(Buffer.from(secretBytes()).toString('hex')).toBe(link.bytes);
  expect((await keys()).roomId).toBe(link.room);
});

it.each(vectors.not_secrets)('takes no secret that is %s', (_, text) => {
  expect(readSecret(text)).toBeNull();
});

it('makes secrets that it can read, each another', () => {
  const [one, other] = [newSecret(), newSecret()];
  expect(one).toMatch(/^1[\w-]{24}$/);
  expect(readSecret(one)).toHaveLength(18);
  expect(one).not.toBe(other);
});

describe.each(Object.entries(messages))('%s', (_, { message, envelope, key, aad, nonce }) => {
  it('is sealed to the very letters', async () => {
    const { from, to, n } = envelope;
    const header = { from, to, n };
    expect(toEnvelope(header, await (await keys()).seal(header, toContent(message)))).toEqual(
      envelope,
    );
  });

  it('opens', async () => {
    const page = new SealSession(await keys(), envelope.to);
    expect(await page.open(envelope.from, envelope)).toEqual({ kind: 'message', message });
  });

  it('opens with the key, nonce and associated data that the file names', async () => {
    const { subtle } = crypto;
    const raw = Buffer.from(key, 'hex');
    const bare = await subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
    const iv = Buffer.from(nonce, 'hex');
    const additionalData = new TextEncoder().encode(aad);
    const box = Buffer.from(envelope.box, 'base64url');
    const content = await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, bare, box);
    expect(JSON.parse(Buffer.from(content).toString())).toEqual(message);
  });

  it('tells nothing of its length but the number of blocks', () => {
    expect(Buffer.from(envelope.box, 'base64url').length % 256).toBe(16);
  });
});

it('makes of what arrives what the vectors say', async () => {
  const page = new SealSession(await keys(), received.session);
  let { peer } = received;
  for (const { what, data, peer: next, ...expected } of received.steps) {
    peer = next ?? peer;
    const { kind, message, why } = expected;
    expect(await page.open(peer, data), what).toEqual(
      kind === 'message' ? { kind, message } : kind === 'refused' ? { kind, why } : { kind },
    );
  }
});

it('opens nothing of another secret, even with the same sessions', async () => {
  const [ours, others] = [await keys(), await deriveRoom(secretBytes(newSecret()))];
  const [ann, ben] = [newSession(), newSession()];
  const envelope = await new SealSession(others, ben).seal(ann, { type: 'restart' });
  expect(await new SealSession(ours, ann).open(ben, envelope)).toEqual({
    kind: 'refused',
    why: 'altered',
  });
});

it('refuses a message of which one bit has changed, wherever', async () => {
  const [ann, ben] = [newSession(), newSession()];
  const envelope = await new SealSession(await keys(), ben).seal(ann, { type: 'leaving' });
  const page = new SealSession(await keys(), ann);
  const read = readEnvelope(envelope);
  if (typeof read === 'string') throw new Error(read);
  // Every fifth bit: some of each byte's neighbours, and of the tag.
  for (let bit = 0; bit < read.box.length * 8; bit += 5) {
    const box = Uint8Array.from(read.box);
    box[bit >> 3] = (box[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const altered: Envelope = { ...envelope, box: toBase64Url(box) };
    expect(await page.open(ben, altered)).toEqual({ kind: 'refused', why: 'altered' });
  }
  expect(await page.open(ben, envelope)).toMatchObject({ kind: 'message' });
});

it('goes on counting for a session that comes back', async () => {
  const page = new SealSession(await keys(), newSession());
  const [tab, copy] = [newSession(), newSession()];
  const numbers = [];
  for (const to of [tab, tab, copy, tab]) numbers.push((await page.seal(to, {})).n);
  expect(numbers).toEqual([1, 2, 1, 3]);
});

it('numbers messages in the order in which they are handed in', async () => {
  const page = new SealSession(await keys(), newSession());
  const to = newSession();
  const sealed = await Promise.all(Array.from({ length: 20 }, (_, i) => page.seal(to, { i })));
  expect(sealed.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

it('gives a room no name from which the secret follows', async () => {
  const rooms = await Promise.all(
    Array.from({ length: 50 }, async () => (await deriveRoom(secretBytes(newSecret()))).roomId),
  );
  expect(new Set(rooms).size).toBe(50);
  for (const room of rooms) expect(room).toMatch(/^[\w-]{24}$/);
  expect(link.room).not.toContain(link.secret.slice(1, 6));
});

function secretBytes(text = link.secret) {
  const bytes = readSecret(text);
  if (!bytes) throw new Error(`${text} is no secret`);
  return bytes;
}

function keys(): Promise<RoomKeys> {
  return deriveRoom(secretBytes());
}
