// Browsers whose person lets no page keep anything: calls go as elsewhere, and what is chosen holds for the tab.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { openSite } from './lib/site.js';
import { until } from './lib/wait.js';

const launched = browsers();
const forgetful = () => launched.chromiumWith({ storage: 'none' });
const DEADLINE = 20_000;

scenario('a call, its settings, a reload and another language need no storage', { timeout: 90_000 }, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await forgetful());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.visit(twocan.url());
  assert.deepEqual(await alice.page.evaluate(whatIsOpen), []);
  await alice.press('Language and colours');
  await alice.page.locator('::-p-aria([name="Dark"][role="radio"])').click();
  await alice.press('Close');
  await alice.press('Start a call');
  await alice.reaches('lobby');
  await alice.page.locator('.ask-first input').click();
  await alice.page.locator('.ask-first input').click();
  await alice.type('Your name', 'Alice');
  await alice.press('Join');
  await alice.reaches('waiting');
  await bob.join(alice.page.url());
  await talk(alice, bob);
  await bob.says(/Alice/);

  await alice.choose('Settings');
  await (await resolution(alice)).select('360');
  await alice.says(/Your camera gives 640 × 360/);
  await alice.page.keyboard.press('Escape');

  await alice.page.reload();
  await alice.reaches('connected');
  await talk(alice, bob);
  assert.equal(await alice.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await alice.choose('Settings');
  assert.equal(await alice.field('Your name'), 'Alice');
  assert.equal(await (await resolution(alice)).evaluate((list) => list.value), '360');
  await alice.page.keyboard.press('Escape');
  await alice.choose('Language and colours');
  await alice.page.locator('::-p-aria([name="中文"][role="radio"])').click();
  await until('the Chinese call', DEADLINE, () => alice.names('麦克风').catch(() => false));
  await alice.reaches('connected');
  alice.theirs = 'video[aria-label="对方的画面"]';
  await talk(alice, bob);
  assert.deepEqual(alice.errors, []);
});

scenario('a lost connection to the server costs no seat', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await forgetful(), { before: keepSockets });
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.page.evaluate(() => window.sockets.at(-1).close());
  await until('another connection', DEADLINE, () => alice.page.evaluate(() => window.sockets.length > 1));
  await alice.reaches('waiting');
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
});

scenario('a frame of another site may keep nothing, and makes a call', {}, async (s) => {
  let twocan;
  const site = await openSite(s, async (path) => {
    const tag = '<twocan-call room="tea" autojoin></twocan-call>';
    return path === '/frame.html'
      ? `<!doctype html><script type="module" src="${twocan.origin}/embed.js"></script>${tag}`
      : '';
  });
  twocan = await startTwocan(s, { flags: ['--frame-ancestor', site] });
  const alice = await openPerson(s, 'alice', await forgetful());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.visit(`${site}/frame.html`);
  const state = () => alice.page.evaluate(() => document.querySelector('twocan-call').state?.phase);
  await until('a seat', DEADLINE, async () => (await state()) === 'waiting');
  await bob.join(twocan.url('/r/tea'));
  await bob.hearsAndSees();
  assert.equal(await state(), 'connected');
  assert.deepEqual(alice.errors, []);
});

/** Runs in the page: where it could keep something. */
function whatIsOpen() {
  return ['localStorage', 'sessionStorage'].filter((storage) => {
    try {
      return window[storage];
    } catch {
      return false;
    }
  });
}

/** Runs in the page: its connections to the server are remembered. */
function keepSockets() {
  window.sockets = [];
  const Native = WebSocket;
  window.WebSocket = class WebSocket extends Native {
    constructor(...given) {
      super(...given);
      window.sockets.push(this);
    }
  };
}

/** The list of the camera's resolutions, in the settings. */
function resolution(person) {
  return person.page.waitForSelector('::-p-aria([name="Resolution"][role="combobox"])');
}
