import { expect, it } from 'vitest';
import type { Joined, Peer, PeerMessage } from '../protocol';
import type { Signalling, SignallingHandler } from '../signalling';
import type { Envelope } from './envelope';
import { deriveRoom, type RoomKeys } from './keys';
import { newSecret, readSecret } from './secret';
import { newSession, SealSession } from './session';
import { SealedSignalling } from './signalling';

const offer: PeerMessage = { type: 'offer', value: { type: 'offer', sdp: 'v=0' }, link: 'l1' };
const seat: Joined = {
  roomId: 'r',
  userNum: 1,
  userId: 'ann',
  polite: false,
  iceServers: [],
  peer: null,
};

it('tells its session at each join, and the same each time', async () => {
  const { page, log } = await sealedPage();
  page.join({ resume: 'token' });
  page.join({});
  const [first, second] = log.map(([, given]) => given as { capabilities: { seal: string } });
  expect(first).toMatchObject({ resume: 'token', capabilities: { media: true } });
  expect(first?.capabilities.seal).toMatch(/^[\w-]{22}$/);
  expect(second?.capabilities.seal).toBe(first?.capabilities.seal);
});

it('sends envelopes that the other side can open, in their order, and the goodbye after them', async () => {
  const { page, server, log, ben, arrived } = await sealedPage();
  server.up();
  server.joined({ ...seat, peer: ben.peer });
  page.send(offer);
  page.send({ type: 'leaving', link: 'l1' });
  expect(page.leave()).toBe(true);
  page.close();
  await arrived('close');
  expect(log.map(([what]) => what)).toEqual(['send', 'send', 'leave', 'close']);
  for (const [at, message] of [offer, { type: 'leaving', link: 'l1' }].entries()) {
    const envelope = log[at]?.[1] as Envelope;
    expect(await ben.session.open(envelope.from, envelope)).toEqual({ kind: 'message', message });
  }
});

it('says at once that its page goes, and that each message came before', async () => {
  const { page, server, log, ben, arrived } = await sealedPage();
  server.joined({ ...seat, peer: ben.peer });
  page.send(offer);
  page.leave();
  await arrived('leave');
  page.send({ type: 'unload', link: 'l1' });
  expect(log.map(([what]) => what)).toEqual(['send', 'leave', 'send']);
  const [first, , last] = log.map(([, data]) => data as Envelope);
  for (const envelope of [first, last]) {
    expect(await ben.session.open(envelope?.from ?? '', envelope)).toMatchObject({
      kind: 'message',
    });
  }
  page.send({ type: 'unload', link: 'l1' });
  page.close();
  await arrived('close');
  expect(log.at(-2)?.[1]).toMatchObject({ from: last?.from, n: (last?.n ?? 0) + 1 });
});

it('says nothing in the open, whatever there is to say', async () => {
  const { page, server, log, ben, arrived } = await sealedPage();
  server.up();
  page.send(offer);
  server.joined({ ...seat, peer: { userId: 'plain' } });
  page.send(offer);
  server.peerJoined({ userId: 'page', capabilities: { media: true } });
  page.send(offer);
  server.peerJoined(ben.peer);
  page.send(offer);
  page.close();
  await arrived('close');
  expect(log).toEqual([['send', expect.objectContaining({ sealed: 1, n: 1 })], ['close']]);
  expect(JSON.stringify(log)).not.toContain('v=0');
});

it('hands on what it opens, before what the server said after it', async () => {
  const { page, server, heard, ben, session } = await sealedPage();
  page.join({});
  server.joined({ ...seat, peer: ben.peer });
  server.message(await ben.session.seal(session(), { type: 'leaving' }));
  server.peerLeft('ben');
  expect(heard.map(([what]) => what)).toEqual(['joined']);
  await heardAll(heard, 3);
  expect(heard.slice(1)).toEqual([
    ['message', { type: 'leaving' }],
    ['peerLeft', 'ben'],
  ]);
});

it('refuses a message in the open, and says so', async () => {
  const { server, heard, ben } = await sealedPage();
  server.joined({ ...seat, peer: ben.peer });
  server.message(offer);
  await heardAll(heard, 2);
  expect(heard[1]).toEqual(['sealTrouble', 'unsealed']);
});

it('refuses what has been changed or has come before, and says so; what is stale it passes over', async () => {
  const { page, server, heard, ben, session } = await sealedPage();
  page.join({});
  server.joined({ ...seat, peer: ben.peer });
  const envelope = await ben.session.seal(session(), { type: 'restart' });
  const stale = await ben.session.seal(newSession(), { type: 'restart' });
  for (const data of [stale, envelope, envelope, { ...envelope, n: 7 }]) server.message(data);
  await heardAll(heard, 4);
  expect(heard.slice(1)).toEqual([
    ['message', { type: 'restart' }],
    ['sealTrouble', 'replayed'],
    ['sealTrouble', 'altered'],
  ]);
});

it.each<[string, Peer['capabilities']]>([
  ['no session', { media: true }],
  ['no capabilities', undefined],
  ['a session that is none', { seal: 'x' }],
])('hides whoever has %s, and says that they are there', async (_, capabilities) => {
  const { server, heard } = await sealedPage();
  const stranger = { userId: 'mallory', ...(capabilities && { capabilities }) };
  server.joined({ ...seat, peer: stranger });
  server.peerLeft('mallory');
  server.peerJoined(stranger);
  server.peerBack(stranger);
  expect(heard).toEqual([
    ['sealTrouble', 'keyless'],
    ['joined', { ...seat, peer: null }],
    ['sealTrouble', null],
    ['peerLeft', 'mallory'],
    ['sealTrouble', 'keyless'],
    ['sealTrouble', 'keyless'],
  ]);
});

it('does not take itself for the other side', async () => {
  const { page, server, heard, session } = await sealedPage();
  page.join({});
  server.peerJoined({ userId: 'mirror', capabilities: { seal: session() } });
  expect(heard).toEqual([['sealTrouble', 'keyless']]);
});

it('does not forget that something was refused when a stranger leaves', async () => {
  const { server, heard } = await sealedPage();
  server.joined({ ...seat, peer: { userId: 'mallory' } });
  server.message(offer);
  server.peerLeft('mallory');
  await heardAll(heard, 5);
  expect(heard.filter(([what]) => what === 'sealTrouble').at(-1)).toEqual([
    'sealTrouble',
    'unsealed',
  ]);
});

it('follows the other side to another session', async () => {
  const { page, server, heard, log, keys, ben, session, arrived } = await sealedPage();
  page.join({});
  server.joined({ ...seat, peer: ben.peer });
  const [late, later] = [
    await ben.session.seal(session(), { type: 'leaving' }),
    new SealSession(keys, newSession()),
  ];
  server.peerBack({ userId: 'ben', capabilities: { seal: later.id } });
  server.message(late);
  server.message(await later.seal(session(), { type: 'restart' }));
  await heardAll(heard, 3);
  expect(heard.slice(1).map(([what, given]) => [what, given])).toEqual([
    ['peerBack', expect.anything()],
    ['message', { type: 'restart' }],
  ]);
  page.send(offer);
  page.close();
  await arrived('close');
  expect(log[1]).toEqual(['send', expect.objectContaining({ to: later.id, n: 1 })]);
});

it('leaves a message for whoever comes with the key, and nothing while somebody without it is there', async () => {
  const { page, server, log, keys, arrived, session } = await sealedPage();
  page.join({});
  await arrived('join');
  server.joined({ ...seat, peer: null });
  page.keep(offer);
  await arrived('keep');
  const [, envelope] = log.at(-1) ?? [];
  expect(envelope).toMatchObject({ sealed: 1, from: session(), to: 'next', n: 1 });
  const comer = new SealSession(keys, newSession());
  expect(await comer.open(session(), envelope)).toEqual({ kind: 'message', message: offer });

  log.length = 0;
  server.peerJoined({ userId: 'mallory' });
  await Promise.resolve();
  page.keep(offer);
  page.close();
  await arrived('close');
  expect(log.map(([what]) => what)).toEqual(['close']);
});

/** A sealed page on a line that a test holds, with Ben's session in the other seat. */
async function sealedPage() {
  const log: [string, unknown?][] = [];
  const heard: [string, unknown?][] = [];
  let server: SignallingHandler | undefined;
  const wire: Signalling = {
    connect: (handler) => {
      server = handler;
    },
    join: (request) => log.push(['join', request]),
    leave: () => log.push(['leave']) > 0,
    send: (data) => log.push(['send', data]),
    keep: (data) => log.push(['keep', data]),
    askIceServers: async () => {},
    hurry: () => log.push(['hurry']),
    close: () => log.push(['close']),
  };
  const keys: RoomKeys = await deriveRoom(readSecret(newSecret()) ?? new Uint8Array());
  const page = new SealedSignalling(wire, keys);
  page.connect(
    new Proxy({} as SignallingHandler, {
      get: (_, what) => (given: unknown) => heard.push([String(what), given]),
    }),
  );
  if (!server) throw new Error('connect hands over no handler');
  const session = new SealSession(keys, newSession());
  const ben = { session, peer: { userId: 'ben', capabilities: { seal: session.id } } };
  const said = () => {
    const [, request] = log.find(([what]) => what === 'join') ?? [];
    return (request as { capabilities: { seal: string } }).capabilities.seal;
  };
  const arrived = (what: string) => until(() => log.some(([done]) => done === what));
  return { page, server, log, heard, keys, ben, session: said, arrived };
}

function heardAll(heard: unknown[], count: number): Promise<void> {
  return until(() => heard.length >= count);
}

/** Lets ciphers work until `check` holds. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}
