// Every state of the page, walked through as people do, and looked at by axe-core. A new state is a line:
// whatever leads to it, and `assertAccessible(person, 'its name')`.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { assertAccessible } from './lib/axe.js';
import { browsers } from './lib/browsers.js';
import { connect } from './lib/client.js';
import { openPerson, openSecondTab } from './lib/person.js';
import { interrupt } from './lib/played.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const launched = browsers();
const ROOM = '/r/tea';
/** Names of what is pressed, in the languages of the page. */
const NAMES = {
  en: {
    preferences: 'Language and colours',
    start: 'Start a call',
    join: 'Join',
    more: 'More',
    verify: 'Who could listen',
  },
  zh: { preferences: '语言和颜色', start: '开始通话', join: '加入', more: '更多', verify: '谁可能听到' },
};

/** Runs in the page: what the browser speaks. */
const SPEAKS = {
  en: () => Object.defineProperty(navigator, 'languages', { get: () => ['en-US'] }),
  zh: () => Object.defineProperty(navigator, 'languages', { get: () => ['zh-CN'] }),
};

for (const [lang, names] of Object.entries(NAMES)) {
  scenario(`from the start until somebody is there (${lang})`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium(), { before: SPEAKS[lang] });
    await alice.page.evaluateOnNewDocument(ask);
    await alice.visit(twocan.url());
    await alice.reaches('start');
    await assertAccessible(alice, 'start');
    await alice.press(names.preferences);
    await alice.page.waitForSelector('.preferences[open]');
    await assertAccessible(alice, 'start with the choice of language and colours');
    await alice.page.keyboard.press('Escape');
    await alice.press(names.start);
    await alice.reaches('lobby');
    await alice.page.waitForSelector('[role=switch]');
    await alice.page.waitForSelector('.pickers select:enabled');
    await assertAccessible(alice, 'lobby of a sealed call');
    await alice.press(names.join);
    await alice.reaches('waiting');
    await assertAccessible(alice, 'waiting in a sealed call');
    await alice.visit(twocan.url(ROOM));
    await alice.reaches('lobby');
    await assertAccessible(alice, 'lobby of a room with a name');
    await alice.press(names.join);
    await alice.reaches('waiting');
    await assertAccessible(alice, 'waiting in a room with a name');
    const silent = await connect(s, twocan.origin, { name: 'silent' });
    await silent.join('tea', { capabilities: { media: true, asks: true } });
    await alice.reaches('ready');
    await assertAccessible(alice, 'ready');
  });

  scenario(`a sealed call, its menu and its signs (${lang})`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched.chromium(), { before: SPEAKS[lang] });
    const bob = await openPerson(s, 'bob', await launched.secondChromium());
    await alice.visit(twocan.url());
    await alice.press(names.start);
    await alice.press(names.join);
    await alice.reaches('waiting');
    await bob.join(alice.page.url());
    await alice.reaches('connected');
    await assertAccessible(alice, 'call');
    await alice.press(names.more);
    await assertAccessible(alice, 'call with its menu');
    await alice.page.locator(`::-p-aria([name="${names.verify}"][role="menuitem"])`).click();
    await alice.page.waitForSelector('.signs');
    await assertAccessible(alice, 'call with its signs');
  });
}

scenario('links that lead nowhere', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  for (const [state, link] of [
    ['a cut link', '/#1AAECAwQFBgcICQ'],
    ['a name that is too long', `/r/${'a'.repeat(129)}`],
  ]) {
    await alice.visit('about:blank');
    await alice.visit(twocan.url(link));
    await alice.reaches('start');
    await assertAccessible(alice, state);
  }
});

scenario('a call without pictures, interrupted, and ended', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: impatient });
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url(ROOM));
  await alice.reaches('waiting');
  await bob.join(twocan.url(ROOM));
  await alice.reaches('connected');
  await bob.press('Camera');
  await bob.press('Microphone');
  await alice.press('Camera');
  await alice.says(/They are muted/);
  await alice.says(/Their camera is off/);
  await assertAccessible(alice, 'call without pictures');
  await alice.page.evaluate(interrupt);
  await alice.reaches('reconnecting');
  await assertAccessible(alice, 'reconnecting');
  await alice.says(/It may help to join again/);
  await assertAccessible(alice, 'reconnecting in vain');
  await alice.press('Hang up');
  await alice.reaches('ended');
  await alice.page.locator('.parts summary').click();
  await assertAccessible(alice, 'ended');
});

scenario('one of two is left, another tab takes over, and a third is turned away', {}, async (s) => {
  const twocan = await startTwocan(s);
  const [alice, bob, carol] = await Promise.all([
    openPerson(s, 'alice', await launched.chromium()),
    openPerson(s, 'bob', await launched.secondChromium()),
    openPerson(s, 'carol', await launched.secondChromium()),
  ]);
  await alice.join(twocan.url(ROOM));
  await alice.reaches('waiting');
  await bob.join(twocan.url(ROOM));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await carol.join(twocan.url(ROOM));
  await carol.reaches('failed');
  await assertAccessible(carol, 'failed: full');
  const copy = await openSecondTab(s, bob, { copy: true });
  await copy.join(twocan.url(ROOM));
  await bob.reaches('replaced');
  await assertAccessible(bob, 'replaced');
  await copy.page.bringToFront();
  await copy.reaches('connected');
  await copy.press('Hang up');
  await alice.reaches('waiting');
  await assertAccessible(alice, 'waiting for them to come back');
});

scenario('without devices, and with somebody who does not answer', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromiumWith({ devices: 'none' }));
  await alice.visit(twocan.url(ROOM));
  await alice.reaches('lobby');
  await alice.press('Check your camera first');
  await alice.says(/No camera .*microphone found/);
  await assertAccessible(alice, 'lobby without devices');
  await alice.press('Join');
  await alice.reaches('waiting');
  await assertAccessible(alice, 'waiting without devices');
  const silent = await connect(s, twocan.origin, { name: 'silent' });
  await silent.join('tea', { capabilities: { media: true } });
  await alice.reaches('connecting');
  await assertAccessible(alice, 'connecting, without devices');
});

scenario('without a server, and without a token', {}, async (s) => {
  const secret = 'a secret of the site that embeds calls';
  const twocan = await startTwocan(s, { env: { TWOCAN_AUTH_KEY: secret } });
  const stranger = await openPerson(s, 'stranger', await launched.chromium());
  await stranger.join(twocan.url(ROOM));
  await stranger.reaches('failed');
  await stranger.says(/lets in only people who come by a personal link/);
  assert.equal(await stranger.names('New call'), false);
  await assertAccessible(stranger, 'failed: not let in');
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  for (const [person, name] of [
    [alice, 'Alice'],
    [bob, 'Bob'],
  ]) {
    await person.join(twocan.url(`${ROOM}#token=${tokenFor(name, secret)}`));
    await person.reaches('waiting', 'connecting', 'connected');
    if (person === bob) break;
    await alice.says(/needs a link of their own/);
    assert.equal(await alice.names('Link to this call'), false);
    await assertAccessible(alice, 'waiting with a link of her own');
  }
  await alice.reaches('connected');
  await alice.says(/Bob/);
  await assertAccessible(alice, 'call with a name');
  await twocan.kill();
  await alice.says(/The server does not answer\. Your call goes on/);
  await assertAccessible(alice, 'call without a server');
  await alice.press('Hang up');
  await alice.reaches('ended');
  await alice.press('Call again');
  await alice.says(/The server does not answer\. Check your network/);
  await assertAccessible(alice, 'joining without a server');
});

scenario('what keeps people out is found', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await alice.page.evaluate(() => {
    document.querySelector('input').removeAttribute('aria-label');
    document.querySelector('input').removeAttribute('placeholder');
    document.querySelector('.note').style.color = 'color-mix(in srgb, currentColor 40%, transparent)';
  });
  await assert.rejects(assertAccessible(alice, 'a page with flaws'), ({ actual }) => {
    for (const flaw of [/^label: input.*1280 px, light/, /^color-contrast: \.note.*390 px, dark/]) {
      assert.ok(
        actual.some((line) => flaw.test(line)),
        `${flaw} in ${actual.join('; ')}`,
      );
    }
    return true;
  });
});

/** Runs in the page: whoever comes is to be called. */
function ask() {
  localStorage.setItem('ask', '1');
}

/** Runs in the page: once it is hopeless, it says after three seconds instead of half a minute that nothing helps. */
function impatient() {
  const real = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => real(act, window.hopeless && ms === 30_000 ? 3_000 : ms, ...rest);
}

/** A token of the site for somebody. */
function tokenFor(name, secret) {
  const encode = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ room: 'tea', exp, name })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
