/** The safety code against its vectors, and against somebody in the middle. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import vectors from '../../../../docs/vectors/code.json';
import { type Bytes, fromBase64Url, toBase64Url } from './bytes';
import { agreeOnCode, type CodeMessage, commitment, NONCE_BYTES, type Side } from './code';
import { fingerprintOf, fingerprintsOf } from './fingerprints';

let pages = 0;
const [ANN, BEN, MALLORY] = ['sha-256 AA', 'sha-256 BB', 'sha-256 CC'];

it.each(vectors.fingerprints)('finds the fingerprints $text', ({ sdp, text }) => {
  expect(fingerprintsOf(sdp)).toBe(text);
});

it('takes the fingerprint of a certificate as browsers write it', async () => {
  expect(await fingerprintOf(new TextEncoder().encode('abc'))).toBe(
    'sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD',
  );
});

it.each(vectors.exchanges)('comes to the code $code on both sides', async (exchange) => {
  const { fingerprints, nonces, commits, code } = exchange;
  const said: Record<Side, CodeMessage[]> = { offer: [], answer: [] };
  const [one, other] = lines();
  const codes = await Promise.all(
    (['offer', 'answer'] as const).map((side) => {
      const line = side === 'offer' ? one : other;
      return agreeOnCode({
        side,
        fingerprints,
        nonce: bytesOf(nonces[side]),
        send: (message) => {
          said[side].push(message);
          line.send(message);
        },
        receive: line.receive,
      });
    }),
  );
  expect(codes).toEqual([code, code]);
  for (const side of ['offer', 'answer'] as const) {
    expect(said[side]).toEqual([
      { type: 'commit', value: commits[side] },
      { type: 'reveal', value: nonces[side] },
    ]);
  }
});

it('reveals nothing before the other side is bound', async () => {
  const [one, other] = lines();
  const said: string[] = [];
  const saidBefore: string[][] = [];
  other.send({ type: 'commit', value: '' });
  other.send(reveal(NONCE_BYTES));
  await agreeOnCode({
    ...page('offer', ANN, BEN),
    send: ({ type }) => said.push(type),
    receive: () => {
      saidBefore.push([...said]);
      return one.receive();
    },
  });
  expect(saidBefore).toEqual([['commit'], ['commit', 'reveal']]);
});

it.each<[string, unknown[]]>([
  ['reveals first', [{ type: 'reveal', value: toBase64Url(new Uint8Array(NONCE_BYTES)) }]],
  [
    'binds itself twice',
    [
      { type: 'commit', value: '' },
      { type: 'commit', value: '' },
    ],
  ],
  ['reveals a number of another length', [{ type: 'commit', value: '' }, reveal(8)]],
  [
    'reveals no number',
    [
      { type: 'commit', value: '' },
      { type: 'reveal', value: '***' },
    ],
  ],
  ['says nothing', ['', null]],
])('has no code with a side that %s', async (_, messages) => {
  const [one, other] = lines();
  const outcome = agreeOnCode({ ...page('answer', ANN, BEN), ...one });
  for (const message of messages) other.send(message);
  expect(await outcome).toBe('disorder');
});

it('has no code with a side that reveals another number than it was bound to', async () => {
  const [one, other] = lines();
  const outcome = agreeOnCode({ ...page('offer', ANN, BEN), ...one });
  const nonce = toBase64Url(new Uint8Array(NONCE_BYTES));
  const fingerprints = { offer: ANN, answer: BEN };
  other.send({ type: 'commit', value: await commitment('answer', `${nonce}A`, fingerprints) });
  other.send({ type: 'reveal', value: nonce });
  expect(await outcome).toBe('mismatch');
});

it('has no code with a side that gives back what it was told', async () => {
  const [one, other] = lines();
  const outcome = agreeOnCode({ ...page('offer', ANN, ANN), ...one });
  for (let i = 0; i < 2; i += 1) other.send(await other.receive());
  expect(await outcome).toBe('mismatch');
});

it('has no code if the two see different certificates, and nobody is between them', async () => {
  const [one, other] = lines();
  const outcomes = await Promise.all([
    agreeOnCode({ ...page('offer', ANN, BEN), ...one }),
    agreeOnCode({ ...page('answer', MALLORY, BEN), ...other }),
  ]);
  expect(outcomes).toEqual(['mismatch', 'mismatch']);
});

it('gives both people different codes if somebody is between them', async () => {
  // Mallory has a certificate of her own towards either side. The best that she can do is what every page does:
  // her numbers are bound before she knows those of the others.
  const rounds = 400;
  const seen: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [ann, towardsAnn] = lines();
    const [ben, towardsBen] = lines();
    const [annSees, , benSees] = await Promise.all([
      agreeOnCode({ ...page('offer', ANN, MALLORY), ...ann }),
      agreeOnCode({ ...page('answer', ANN, MALLORY), ...towardsAnn }),
      agreeOnCode({ ...page('answer', MALLORY, BEN), ...ben }),
      agreeOnCode({ ...page('offer', MALLORY, BEN), ...towardsBen }),
    ]);
    if (typeof annSees === 'string' || typeof benSees === 'string') throw new Error('no code');
    expect(annSees).not.toEqual(benSees);
    seen.push(...annSees.map((sign, i) => (sign === benSees[i] ? 1 : 0)));
  }
  // A sign agrees by chance in one case of 64, so all four in one of 64⁴ = 16,777,216. Of 1,600 signs about
  // 25 agree; 5 standard deviations are 25.
  const agreeing = seen.reduce((sum, one) => sum + one, 0);
  expect(agreeing).toBeLessThan(50);
});

it('leaves somebody in the middle no second try: relaying the words of the two does not help', async () => {
  const [ann, towardsAnn] = lines();
  const [ben, towardsBen] = lines();
  const outcomes = Promise.all([
    agreeOnCode({ ...page('offer', ANN, MALLORY), ...ann }),
    agreeOnCode({ ...page('answer', MALLORY, BEN), ...ben }),
  ]);
  for (let i = 0; i < 2; i += 1) {
    const [ofAnn, ofBen] = await Promise.all([towardsAnn.receive(), towardsBen.receive()]);
    towardsAnn.send(ofBen);
    towardsBen.send(ofAnn);
  }
  expect(await outcomes).toEqual(['mismatch', 'mismatch']);
});

/** One page that believes in these two certificates. Its number is as good as random, and the same in every run. */
function page(side: Side, offer = '', answer = '') {
  pages += 1;
  const nonce = Uint8Array.from(createHash('sha256').update(`page ${pages}`).digest()).slice(
    0,
    NONCE_BYTES,
  );
  return { side, fingerprints: { offer, answer }, nonce };
}

/** The two ends of a data channel. */
function lines() {
  const end = () => {
    const inbox: unknown[] = [];
    let waiting: ((message: unknown) => void) | null = null;
    return {
      put(message: unknown) {
        if (waiting) waiting(message);
        else inbox.push(message);
        waiting = null;
      },
      receive: () =>
        new Promise<unknown>((resolve) => {
          if (inbox.length > 0) resolve(inbox.shift());
          else waiting = resolve;
        }),
    };
  };
  const [one, other] = [end(), end()];
  return [
    { send: other.put, receive: one.receive },
    { send: one.put, receive: other.receive },
  ] as const;
}

function reveal(length: number): CodeMessage {
  return { type: 'reveal', value: toBase64Url(new Uint8Array(length)) };
}

function bytesOf(text: string): Bytes {
  const bytes = fromBase64Url(text);
  if (!bytes) throw new Error(`${text} is no base64url`);
  return bytes;
}
