// The page as it travels, and the server that it comes from.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const launched = browsers();

const POLICY = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'media-src': "'self' blob:",
  'connect-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

scenario('a call breaks no rule of the Content-Security-Policy and logs no error', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  const firefoxUser = await openPerson(s, 'carol', await launched.firefox());
  await alice.visit(twocan.url());
  await alice.press('Start a call');
  await alice.reaches('lobby');
  await alice.press('Join');
  await alice.reaches('waiting');
  const link = await alice.field('Link to this call');
  await bob.join(link);
  await talk(alice, bob);
  await bob.press('Hang up');
  await bob.reaches('ended');
  await alice.reaches('waiting');
  await firefoxUser.join(link);
  await talk(alice, firefoxUser);
  for (const person of [alice, bob, firefoxUser]) {
    assert.deepEqual(await person.violations(), [], person.name);
    assert.deepEqual(person.errors, [], person.name);
  }
});

scenario('the page carries a strict policy, is checked for news each time, and comes for every room', {}, async (s) => {
  const twocan = await startTwocan(s);
  const pages = await Promise.all(['/', '/r/tea', '/r/%E8%8C%B6'].map((path) => request(twocan, path)));
  for (const page of pages) {
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    const { 'script-src': scripts, ...others } = policyOf(page);
    assert.match(scripts, /^'self' 'sha256-[\w+/]{43}='$/);
    assert.deepEqual(others, POLICY);
    assert.equal(`${page.body}`, `${pages[0].body}`);
    const again = await request(twocan, '/', { 'if-none-match': page.headers.etag });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    assert.equal(again.headers.etag, page.headers.etag);
  }
  assert.equal((await request(twocan, '/elsewhere')).status, 404);
  assert.equal((await request(twocan, '/assets/none.js')).status, 404);
});

scenario('scripts and styles come compressed, and stay for ever under their hashed names', {}, async (s) => {
  const twocan = await startTwocan(s);
  const assets = await assetsOf(twocan);
  assert.ok(assets.length >= 2, `the page names ${assets}`);
  for (const path of assets) {
    const plain = await request(twocan, path);
    assert.equal(plain.status, 200, path);
    assert.match(plain.headers['cache-control'], /immutable/);
    assert.match(plain.headers['cache-control'], /max-age=31536000/);
    if (!/\.(js|css)$/.test(path)) continue;
    assert.equal(plain.headers['content-encoding'], undefined);
    const brotli = await request(twocan, path, { 'accept-encoding': 'gzip, deflate, br' });
    assert.equal(brotli.headers['content-encoding'], 'br', path);
    assert.ok(brotliDecompressSync(brotli.body).equals(plain.body), path);
    const gzip = await request(twocan, path, { 'accept-encoding': 'gzip' });
    assert.equal(gzip.headers['content-encoding'], 'gzip', path);
    assert.ok(gunzipSync(gzip.body).equals(plain.body), path);
    assert.ok(brotli.body.length < plain.body.length && gzip.body.length < plain.body.length, path);
    for (const answer of [plain, brotli, gzip]) assert.match(answer.headers.vary ?? '', /accept-encoding/i);
    const etags = new Set([plain, brotli, gzip].map((answer) => answer.headers.etag));
    assert.equal(etags.size, 3, 'each encoding is another representation');
  }
});

scenario('a HEAD request is answered without a body, another method is refused', {}, async (s) => {
  const twocan = await startTwocan(s);
  const [page, head] = [await request(twocan, '/'), await request(twocan, '/', {}, 'HEAD')];
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.equal(head.headers.etag, page.headers.etag);
  assert.equal((await request(twocan, '/', {}, 'DELETE')).status, 405);
});

scenario('the server says that it is alive', {}, async (s) => {
  const twocan = await startTwocan(s);
  const health = await request(twocan, '/healthz');
  assert.equal(health.status, 200);
  assert.equal(`${health.body}`.trim(), 'ok');
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  scenario(`${signal} ends the server in good order, also during a call`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium(), { relayOnly: true });
    const bob = await openPerson(s, 'bob', await launched.secondChromium(), { relayOnly: true });
    await alice.join(twocan.url('/r/tea'));
    await alice.reaches('waiting');
    await bob.join(twocan.url('/r/tea'));
    await talk(alice, bob);
    assert.deepEqual(await twocan.program.stop({ signal, grace: 5_000 }), { code: 0, signal: null });
  });
}

async function request(twocan, path, headers = {}, method = 'GET') {
  const [response] = await once(get(twocan.url(path), { headers, method, agent: false }), 'response');
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function assetsOf(twocan) {
  const page = `${(await request(twocan, '/')).body}`;
  return [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
}

function policyOf({ headers }) {
  const directives = headers['content-security-policy'].split(';').map((directive) => directive.trim());
  return Object.fromEntries(
    directives.filter(Boolean).map((directive) => {
      const [name, ...sources] = directive.split(/\s+/);
      return [name, sources.join(' ')];
    }),
  );
}
