// Calls inside pages of other sites: the examples of docs/embed.md, as they stand there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assertAccessible } from './lib/axe.js';
import { browsers } from './lib/browsers.js';
import { openPerson } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { openSite } from './lib/site.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 20_000;
const REPOSITORY = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLES = await examples();

for (const [browser, launch] of [
  ['Chromium', () => launched.chromium()],
  ['Firefox', () => launched.firefox()],
]) {
  scenario(`the element of the documentation makes a call in ${browser}`, {}, async (s) => {
    const { twocan, origin } = await siteWith(s, 'element.html');
    const ann = await openPerson(s, 'ann', await launch());
    const ben = await openPerson(s, 'ben', await launched.secondChromium());
    await ann.visit(`${origin}/element.html`);
    await ann.press('Join');
    await ann.says(/Waiting for the other one/);
    await ben.join(twocan.url('/r/tea'));
    await ann.says(/Talking/);
    await ben.hearsAndSees();

    await ann.page.evaluate(() => document.querySelector('#mute').click());
    await ben.says(/They are muted/);
    await told(ann, 'the microphone to be off', (state) => !state.microphone && state.theirMicrophone);
    await ann.page.evaluate(() => document.querySelector('#mute').click());
    await told(ann, 'the microphone to be on', (state) => state.microphone && /direct|relayed/.test(state.path));

    await ann.page.evaluate(() => document.querySelector('#leave').click());
    await ann.says(/Talked for \d+ s/);
    // Another call would not be the one that the site has chosen.
    const inside = ann.page.frames().find((frame) => frame.url().startsWith(twocan.origin));
    const text = await inside.evaluate(() => document.body.innerText);
    assert.match(text, /Call again/);
    assert.doesNotMatch(text, /New call|twocan/);
    await ben.reaches('waiting');
    assert.deepEqual(ann.errors, []);
  });
}

scenario('the element keeps nobody out, and nor does the page around it', {}, async (s) => {
  const { twocan, origin } = await siteWith(s, 'element.html');
  const ann = await openPerson(s, 'ann', await launched.chromium());
  const ben = await openPerson(s, 'ben', await launched.secondChromium());
  await ann.visit(`${origin}/element.html`);
  await told(ann, 'the lobby', (state) => state.phase === 'lobby');
  await assertAccessible(ann, 'the lobby in a frame');
  await ann.press('Join');
  await ann.says(/Waiting for the other one/);
  await assertAccessible(ann, 'waiting in a frame');
  await ben.join(twocan.url('/r/tea'));
  await ann.says(/Talking/);
  await assertAccessible(ann, 'a call in a frame');
  await ann.page.evaluate(() => document.querySelector('#leave').click());
  await ann.says(/Talked for/);
  await assertAccessible(ann, 'ended in a frame');
});

scenario('the frame of the documentation joins by itself and obeys', {}, async (s) => {
  const { twocan, origin } = await siteWith(s, 'frame.html');
  const ann = await openPerson(s, 'ann', await launched.chromium());
  const ben = await openPerson(s, 'ben', await launched.secondChromium());
  await ann.visit(`${origin}/frame.html`);
  await ann.says(/waiting/);
  await ben.join(twocan.url('/r/tea'));
  await ann.says(/connected/);
  await ben.hearsAndSees();
  await ann.press('Camera on or off');
  await ben.says(/Their camera is off/);
  await ben.press('Hang up');
  await ann.says(/waiting/);
  assert.deepEqual(ann.errors, []);
});

scenario('the library of the documentation meets the page', {}, async (s) => {
  const { twocan, origin } = await siteWith(s, 'library.html', { library: true });
  const ann = await openPerson(s, 'ann', await launched.chromium());
  const ben = await openPerson(s, 'ben', await launched.secondChromium());
  await ann.visit(`${origin}/library.html`);
  await ann.press('Join');
  await ann.says(/waiting/);
  await ben.join(twocan.url('/r/tea'));
  await ann.says(/connected/);
  ann.theirs = '#theirs';
  await Promise.all([ann.hearsAndSees(), ben.hearsAndSees()]);
  await ann.press('Hang up');
  await ben.reaches('waiting');
});

scenario('the element joins by itself, takes orders early, and has another page for another room', {}, async (s) => {
  const { twocan, origin } = await siteWith(s, 'bare.html', {
    page: '<twocan-call room="tea" autojoin></twocan-call>',
  });
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.page.evaluateOnNewDocument(() => {
    window.told = [];
    addEventListener('DOMContentLoaded', () => {
      const call = document.querySelector('twocan-call');
      for (const type of ['ready', 'joined', 'waiting', 'connected', 'failed', 'silent']) {
        call.addEventListener(type, () => window.told.push(type));
      }
      call.setCamera?.(false);
    });
  });
  await ann.visit(`${origin}/bare.html`);
  await told(ann, 'a seat', (state) => state.phase === 'waiting' && state.microphone);
  assert.deepEqual(await ann.page.evaluate(() => window.told), ['ready', 'joined', 'waiting']);

  await ann.page.evaluate(() => {
    const call = document.querySelector('twocan-call');
    call.removeAttribute('room');
    call.setAttribute('secret', '1AAECAwQFBgcICQoLDA0ODxAR');
    call.setAttribute('lang', 'zh');
  });
  await told(ann, 'a seat in the sealed call', (state) => state.phase === 'waiting');
  const inside = ann.page.frames().find((frame) => frame.url().startsWith(twocan.origin));
  assert.match(await inside.evaluate(() => document.body.innerText), /此|这个通话/);
  const ben = await openPerson(s, 'ben', await launched.secondChromium());
  await ben.join(twocan.url('/#1AAECAwQFBgcICQoLDA0ODxAR'));
  await told(ann, 'the call', (state) => state.phase === 'connected');
});

scenario('a site that is not named is told what to do, in the frame and by the element', {}, async (s) => {
  const page = '<twocan-call room="tea"></twocan-call>';
  const { origin, twocan } = await siteWith(s, 'bare.html', { page, flags: [] });
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.page.evaluateOnNewDocument(() => {
    addEventListener('silent', () => {}, true);
    window.told = [];
    addEventListener('DOMContentLoaded', () => {
      const call = document.querySelector('twocan-call');
      for (const type of ['ready', 'silent']) call.addEventListener(type, () => window.told.push(type));
    });
  });
  await ann.visit(`${origin}/bare.html`);
  const text = await until('the frame to say something', DEADLINE, async () => {
    const inside = ann.page.frames().find((frame) => frame.url().startsWith(twocan.origin));
    return inside?.evaluate(() => document.body.innerText);
  });
  assert.ok(text.includes(`--frame-ancestor ${origin}`), text);
  await until('the element to give up', DEADLINE, () => ann.page.evaluate(() => window.told.length > 0));
  assert.deepEqual(await ann.page.evaluate(() => window.told), ['silent']);

  // Without that help the browser itself shows nothing of the page.
  await ann.page.evaluate((url) => {
    document.body.innerHTML = `<iframe referrerpolicy="no-referrer" src="${url}"></iframe>`;
  }, twocan.url('/r/tea'));
  await until('the browser to refuse', DEADLINE, () => ann.errors.some((line) => line.includes('frame-ancestors')));
});

scenario('a page listens to the window around it alone', {}, async (s) => {
  const page = '<twocan-call room="tea"></twocan-call><iframe id="other" srcdoc="<p>other</p>"></iframe>';
  const { origin } = await siteWith(s, 'bare.html', { page });
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.visit(`${origin}/bare.html`);
  await told(ann, 'the lobby', (state) => state.phase === 'lobby');
  // A frame beside it, and a page that it knows nothing of.
  await ann.page.evaluate(() => {
    const { contentWindow } = document.querySelector('twocan-call').shadowRoot.querySelector('iframe');
    const other = document.querySelector('#other').contentWindow;
    other.eval('window.speak = (to) => to.postMessage({ twocan: 1, command: "join" }, "*")');
    other.speak(contentWindow);
    contentWindow.postMessage({ twocan: 1, command: 'camera' }, '*');
  });
  await until('the page to refuse half a command', DEADLINE, () =>
    ann.console.some((line) => line.includes("The command 'camera' needs 'on'")),
  );
  assert.equal(await ann.page.evaluate(() => document.querySelector('twocan-call').state.phase), 'lobby');
});

/** The HTML of docs/embed.md, by the names in their first lines. */
async function examples() {
  const text = await readFile(join(REPOSITORY, 'docs/embed.md'), 'utf8');
  const blocks = text.matchAll(/```html\n<!-- (\S+) -->\n(.*?)```/gs);
  const found = new Map([...blocks].map(([, name, html]) => [name, html]));
  assert.deepEqual([...found.keys()], ['element.html', 'frame.html', 'library.html']);
  return found;
}

/** A server, and a site with an example or a `page` of its own; the server allows what the documentation says. */
async function siteWith(s, name, { page, library = false, flags } = {}) {
  let twocan;
  const modules = library ? await builtLibrary(s) : null;
  const origin = await openSite(s, async (path) => {
    const example = page ? `<!doctype html>${EMBED}${page}` : EXAMPLES.get(name);
    if (path === `/${name}`) return example.replaceAll('https://call.example', twocan.origin);
    if (path === '/socket.io.esm.min.js') {
      return readFile(join(REPOSITORY, 'e2e/node_modules/socket.io-client/dist/socket.io.esm.min.js'));
    }
    if (modules && path.startsWith('/call/')) return readFile(join(modules, normalize(path.slice('/call'.length))));
    return path === '/favicon.ico' ? '' : undefined;
  });
  const allow = library ? '--origin' : '--frame-ancestor';
  twocan = await startTwocan(s, { flags: flags ?? [allow, origin] });
  return { twocan, origin };
}

const EMBED = '<script type="module" src="https://call.example/embed.js"></script>';

/** Builds the library as it is published; returns its folder. */
async function builtLibrary(s) {
  const folder = await mkdtemp(join(tmpdir(), 'twocan-call-'));
  s.own(folder, () => rm(folder, { recursive: true }));
  await promisify(execFile)(process.execPath, [join(REPOSITORY, 'web/build/call.js'), folder]);
  return folder;
}

/** Waits until the state that the site's element was told is as it should be. */
async function told(person, what, holds) {
  let state;
  await until(`${person.name}'s site to be told of ${what}`, DEADLINE, async () => {
    state = await person.page.evaluate(() => document.querySelector('twocan-call').state);
    return state && holds(state);
  });
}
