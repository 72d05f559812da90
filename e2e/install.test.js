// The installed page: never an old one, and words where there is no way to the server.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { frontOf } from './lib/front.js';
import { openPerson } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { openSite } from './lib/site.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 20_000;
const HOST = 'call.example.org';
const LINK = '/#1AAECAwQFBgcICQoLDA0ODxAR';
const TITLE = '<title>twocan</title>';

scenario('a new version of the page is shown at the next load, and nothing is kept of an old one', {}, async (s) => {
  const { front, ann } = await installed(s);
  for (const version of ['second', 'third']) {
    front.change = [TITLE, `<meta name="version" content="${version}">${TITLE}`];
    await ann.page.reload();
    const shown = await ann.page.evaluate(() => document.querySelector('meta[name=version]')?.content);
    assert.equal(shown, version);
    assert.equal(await ann.page.evaluate(() => navigator.serviceWorker.controller !== null), true);
  }
  assert.deepEqual(await ann.page.evaluate(() => caches.keys()), []);
  assert.deepEqual(ann.errors, []);
  assert.deepEqual(await ann.violations(), []);
});

scenario('without a way to the server the page says so, and its button goes where the link leads', {}, async (s) => {
  const { front, ann } = await installed(s);
  await front.close();
  await ann.page.goto(`${front.origin}${LINK}`);
  await ann.page.reload();
  await ann.says(/The server cannot be reached\. Check your network/);
  assert.equal(await ann.page.evaluate(() => getComputedStyle(document.body).display), 'grid', 'its style applies');
  await andGo(ann, ann.press('Try again'));
  await ann.says(/The server cannot be reached/);
  await front.open();
  await andGo(ann, ann.press('Try again'));
  await ann.reaches('lobby');
  assert.equal(ann.page.url(), `${front.origin}${LINK}`);
});

scenario('that page speaks the language and has the colours that were chosen', {}, async (s) => {
  const { front, ann } = await installed(s);
  await ann.page.evaluate(() => {
    localStorage.setItem('language', 'zh');
    localStorage.setItem('theme', 'dark');
  });
  const ground = () => ann.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await front.close();
  await ann.page.reload();
  await ann.says(/无法连接服务器/);
  assert.doesNotMatch(await ann.text(), /server/);
  assert.equal(await ground(), 'rgb(14, 19, 30)');
  // It comes back by itself when the network does.
  await front.open();
  const online = ann.page.evaluate(() => {
    dispatchEvent(new Event('online'));
  });
  await andGo(ann, online);
  await ann.reaches('start');
});

scenario('browsers find all that they need to install the page', {}, async (s) => {
  const { front, ann } = await installed(s);
  const cdp = await ann.page.createCDPSession();
  const { errors, data, url } = await cdp.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(url, `${front.origin}/manifest.webmanifest`);
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
  const reasons = installabilityErrors.map(({ errorId }) => errorId);
  // The tests' pages are private ones, in which nothing can be installed.
  assert.deepEqual(
    reasons.filter((reason) => reason !== 'in-incognito'),
    [],
  );
  const { icons } = JSON.parse(data);
  assert.ok(icons.some(({ purpose }) => purpose === 'maskable'));
  for (const { src, sizes, type } of icons) {
    const icon = await fetch(`http://127.0.0.1:${new URL(front.origin).port}${src}`);
    assert.equal(icon.headers.get('content-type'), type);
    const header = new DataView(await icon.arrayBuffer());
    assert.equal(`${header.getUint32(16)}x${header.getUint32(20)}`, sizes, src);
  }
});

scenario('the worker is asked for anew each time, and stays away from servers on this computer', {}, async (s) => {
  const twocan = await startTwocan(s);
  const worker = await fetch(twocan.url('/sw.js'));
  assert.match(worker.headers.get('content-type'), /^text\/javascript/);
  assert.equal(worker.headers.get('cache-control'), 'no-cache');
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.visit(twocan.url());
  await ann.page.waitForSelector('.preferences-button');
  await ann.page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  const registrations = () => ann.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  assert.equal(await registrations(), 0);
});

scenario('a frame of another site installs nothing', {}, async (s) => {
  let front;
  const site = await openSite(s, async (path) => {
    return path === '/frame.html' ? `<!doctype html><iframe allow="camera" src="${front.origin}/"></iframe>` : '';
  });
  const twocan = await startTwocan(s, { flags: ['--frame-ancestor', site] });
  front = await frontOf(s, twocan.httpPort, HOST);
  const browser = await launched.chromiumWith({ secureOrigin: front.origin, host: HOST });
  const ann = await openPerson(s, 'ann', browser);
  await ann.visit(`${site}/frame.html`);
  const inside = await until('the frame', DEADLINE, () => {
    return ann.page.frames().find((frame) => frame.url().startsWith(front.origin));
  });
  await until('the page in it', DEADLINE, () => inside.evaluate(() => !!document.querySelector('.preferences-button')));
  await inside.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1_000 })));
  const registrations = () => inside.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  assert.equal(await registrations(), 0);
  assert.deepEqual(ann.errors, []);
});

/** Ann, whose browser has the service worker of a server with a name. */
async function installed(s) {
  const twocan = await startTwocan(s);
  const front = await frontOf(s, twocan.httpPort, HOST);
  const browser = await launched.chromiumWith({ secureOrigin: front.origin, host: HOST });
  const ann = await openPerson(s, 'ann', browser);
  await ann.visit(front.origin);
  await ann.reaches('start');
  await until('the worker to stand', DEADLINE, () =>
    ann.page.evaluate(() => navigator.serviceWorker.controller !== null),
  );
  return { front, ann };
}

/** Waits for the page to be loaded by what is done. */
async function andGo(person, act) {
  await Promise.all([person.page.waitForNavigation(), act]);
}
