// Who is let in, and how much anyone may ask for: what the flags of the program do to the clients of a room.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { io } from 'socket.io-client';
import { browsers } from './lib/browsers.js';
import { connect } from './lib/client.js';
import { openPerson } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const SITE_SECRET = 'a secret of the site that embeds calls';
const RESUME = { capabilities: { resume: true } };
const LONGEST = 65_536;
const launched = browsers();

scenario('with a secret of the site, only its users join, by the names that it vouches for', {}, async (s) => {
  const { origin } = await startTwocan(s, { env: { TWOCAN_AUTH_KEY: SITE_SECRET } });
  const alice = await connect(s, origin, { name: 'alice' });
  const bob = await connect(s, origin, { name: 'bob' });
  for (const [token, words] of [
    [undefined, /only those who have a token/],
    ['nonsense', /cannot be read/],
    [hs256({ room: 'tea', exp: inSeconds(-1) }), /expired/],
    [hs256({ room: 'tea', exp: inSeconds(600), nbf: inSeconds(300) }), /later/],
    [hs256({ room: 'coffee', exp: inSeconds(60) }), /another room/],
    [hs256({ room: 'tea', exp: inSeconds(60) }, 'a secret of somebody else'), /signature/],
    [jwt('none', { room: 'tea', exp: inSeconds(60) }, () => ''), /cannot be read/],
  ]) {
    const { event, code, message } = await alice.ask('join', { roomId: 'tea', token }, 'refused');
    assert.deepEqual([event, code], ['join', 'unauthorized']);
    assert.match(message, words);
  }
  const named = (name) => hs256({ room: 'tea', exp: inSeconds(60), name });
  await bob.join('tea', { token: named('Bob'), ...RESUME });
  const { peer, resume } = await alice.join('tea', { token: named('Alice'), ...RESUME });
  assert.equal(peer.name, 'Bob');
  assert.equal((await bob.next('otherjoined')).name, 'Alice');

  const again = await connect(s, origin, { name: 'alice again' });
  assert.equal((await again.join('tea', { resume, ...RESUME })).resumed, true, 'who has a seat needs no other token');
  assert.equal((await bob.next('peerback')).name, 'Alice');
});

scenario('a link with a token leads its user in, and one without says whom to ask', {}, async (s) => {
  const twocan = await startTwocan(s, { env: { TWOCAN_AUTH_KEY: SITE_SECRET } });
  const stranger = await openPerson(s, 'stranger', await launched.chromium());
  await stranger.join(twocan.url('/r/tea'));
  await stranger.reaches('failed');
  assert.match(await stranger.text(), /[Aa]sk/);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.join(twocan.url(`/r/tea#token=${hs256({ room: 'tea', exp: inSeconds(60) })}`));
  await alice.reaches('waiting');
});

scenario('the names that a site vouches for are shown before the call and in it', {}, async (s) => {
  const twocan = await startTwocan(s, { env: { TWOCAN_AUTH_KEY: SITE_SECRET } });
  const link = (name) => twocan.url(`/r/tea#token=${hs256({ room: 'tea', exp: inSeconds(60), name })}`);
  const asks = () => localStorage.setItem('ask', '1');
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: asks });
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(link('Alice'));
  await alice.reaches('waiting');
  await bob.join(link('Bob 茶'));
  await alice.says(/Bob 茶 is here/);
  await bob.says(/Alice is here/);
  await bob.press('Call');
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await alice.says(/Bob 茶/);
  await bob.says(/Alice/);
});

for (const [status, words] of [
  [429, /Too many connections come from your network/],
  [503, /The server is full, or being restarted/],
  [502, /The server is full, or being restarted/],
  [404, /The server does not answer/],
]) {
  scenario(`a connection that is refused with ${status} is explained, and tried again`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium(), { before: withoutWebSocket });
    let refuses = true;
    await alice.page.setRequestInterception(true);
    alice.page.on('request', (request) => {
      if (refuses && request.url().includes('/socket.io/')) request.respond({ status });
      else request.continue();
    });
    await alice.visit(twocan.url('/r/tea'));
    await alice.says(words);
    refuses = false;
    await alice.press('Join');
    await alice.reaches('waiting');
  });
}

scenario("with a site's public key in a file, only what its private key signed lets in", {}, async (s) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-e2e-'));
  s.own(folder, () => rm(folder, { recursive: true }));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const file = path.join(folder, 'site.pem');
  await writeFile(file, pem);
  const { origin } = await startTwocan(s, { flags: ['--auth-key', file] });
  const alice = await connect(s, origin, { name: 'alice' });
  const claims = { room: 'tea', exp: inSeconds(60) };
  const forged = hs256(claims, pem);
  const refused = await alice.ask('join', { roomId: 'tea', token: forged }, 'refused');
  assert.equal(refused.code, 'unauthorized');
  const token = jwt('EdDSA', claims, (text) => sign(null, Buffer.from(text), privateKey));
  assert.equal((await alice.join('tea', { token })).userNum, 1);
});

scenario('what is too long or comes too fast is refused, counted, and changes nothing', {}, async (s) => {
  const { origin } = await startTwocan(s);
  const { alice, bob } = await seated(s, origin);
  // Two bytes are the quotation marks.
  const longest = 'x'.repeat(LONGEST - 2);
  const { code } = await alice.ask('message', { roomId: 'tea', data: `${longest}x` }, 'refused');
  assert.equal(code, 'too_large');
  alice.emit('message', { roomId: 'tea', data: longest });
  assert.equal(await bob.next('message'), longest);

  for (let sent = 0; sent < 1_000; sent += 1) bob.emit('message', { roomId: 'tea', data: sent });
  assert.equal((await bob.next('refused')).code, 'too_fast');
  const passed = () => alice.events.filter(({ event }) => event === 'message').length;
  const refused = () => bob.events.filter(({ event }) => event === 'refused').length + 1;
  await until('every message to be answered', 5_000, () => passed() + refused() === 1_000);
  assert.ok(passed() >= 250, `${passed()} got through`);
  assert.deepEqual(await counted(origin), { too_large: 1, too_fast: refused() });
  bob.events.splice(0);
  alice.events.splice(0);
  await until('another one to get through', 5_000, async () => {
    return (await bob.socket.emitWithAck('message', { roomId: 'tea', data: 'slowly' })).roomId === 'tea';
  });
  assert.equal(await alice.next('message'), 'slowly');
});

scenario('one address cannot open all the sessions there are, and the log says what to do', {}, async (s) => {
  const twocan = await startTwocan(s);
  const { alice, bob } = await seated(s, twocan.origin);
  const open = () => fetch(`${twocan.origin}/socket.io/?EIO=4&transport=polling`);
  let refused;
  for (let opened = 0; !refused && opened < 10_000; opened += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, open));
    refused = answers.find(({ status }) => status !== 200);
  }
  assert.equal(refused.status, 429);
  assert.match(await refused.text(), /from your network/);
  await twocan.program.line(/WARN.*too many connections.*--trusted-proxy/);
  alice.emit('message', { roomId: 'tea', data: 'we go on' });
  assert.equal(await bob.next('message'), 'we go on');
});

scenario('without limits, nothing is too long or too fast', {}, async (s) => {
  const { origin } = await startTwocan(s, { flags: ['--limits', 'off'] });
  const { alice, bob } = await seated(s, origin);
  alice.emit('message', { roomId: 'tea', data: 'x'.repeat(2 * LONGEST) });
  assert.equal((await bob.next('message')).length, 2 * LONGEST);
  for (let sent = 0; sent < 1_000; sent += 1) bob.emit('message', { roomId: 'tea', data: sent });
  for (let sent = 0; sent < 1_000; sent += 1) assert.equal(await alice.next('message'), sent);
  for (let room = 0; room < 20; room += 1) await alice.join(`room ${room}`);
  assert.deepEqual(await counted(origin), {});
});

for (const transport of ['polling', 'websocket']) {
  scenario(`by ${transport}, a page of another origin is refused, and the log names its origin`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const origin = 'https://elsewhere.example';
    const options = { transports: [transport], reconnection: false, forceNew: true };
    const socket = s.own(io(twocan.origin, { ...options, extraHeaders: { origin } }));
    await assert.rejects(
      new Promise((resolve, reject) => {
        socket.on('connect', resolve);
        socket.on('connect_error', reject);
      }),
    );
    await twocan.program.line(/WARN.*refused a page of another origin.*--origin https:\/\/elsewhere\.example/);
    assert.ok((await metrics(twocan.origin)).includes('twocan_rejected_origins_total 1'));
  });
}

/** Alice and Bob in the room 'tea', with nothing left unheard. */
async function seated(s, origin) {
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => connect(s, origin, { name })));
  await alice.join('tea');
  await bob.join('tea');
  await alice.next('otherjoined');
  return { alice, bob };
}

/** Runs in the page: no WebSocket connects, as behind some proxies. */
function withoutWebSocket() {
  window.WebSocket = class {
    constructor() {
      setTimeout(() => this.onerror?.(new Event('error')));
    }

    close() {}
  };
}

function hs256(claims, secret = SITE_SECRET) {
  return jwt('HS256', claims, (text) => createHmac('sha256', secret).update(text).digest());
}

function jwt(alg, claims, signature) {
  const encode = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const text = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${Buffer.from(signature(text)).toString('base64url')}`;
}

function inSeconds(seconds) {
  return Math.floor(Date.now() / 1_000) + seconds;
}

/** The codes of refusals that there have been, with their numbers. */
async function counted(origin) {
  const counts = (await metrics(origin)).map((line) => line.match(/^twocan_refusals_total\{code="(.*)"\} (\d+)$/));
  return Object.fromEntries(
    counts.filter((found) => found && found[2] !== '0').map(([, code, count]) => [code, +count]),
  );
}

async function metrics(origin) {
  return (await (await fetch(`${origin}/metrics`)).text()).split('\n');
}
