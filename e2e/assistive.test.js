// What axe-core cannot see: where the keyboard is, what is read aloud, and what moves.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson } from './lib/person.js';
import { interrupt, played } from './lib/played.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 10_000;
const ROOM = '/r/tea';
/** What can have the keyboard, as far as it is seen. Of radio buttons one can, and of a menu its button. */
const CONTROLS = 'a[href], button, input, select, textarea, summary, [role=log]';
/** What the menu opens as a dialog. */
const DIALOGS = ['Who could listen', 'Settings', 'Language and colours', 'Keyboard shortcuts'];

scenario('a dialog keeps the keyboard while it is open, and gives it back to what opened it', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await keeps(alice, 'Language and colours', []);

  await meet(s, twocan, alice);
  for (const line of DIALOGS) {
    await keeps(alice, 'More', [line]);
  }
  const lock = 'Not sealed. Who could listen?';
  await keeps(alice, lock, []);
  // Under a key there is no button that opened it: it goes back to where it was.
  await tabTo(alice, 'Camera');
  await alice.page.keyboard.press('?');
  await within(alice, 'dialog[open]');
  await alice.page.keyboard.press('Escape');
  await focused(alice, 'Camera');
});

scenario('a dialog begins at its heading, also in a low window', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.page.setViewport({ width: 390, height: 500 });
  await meet(s, twocan, alice);
  for (const line of DIALOGS) {
    await opens(alice, 'More', [line]);
    await within(alice, 'dialog[open] h2');
    const above = await alice.page.evaluate(() => document.querySelector('dialog[open]').scrollTop);
    assert.equal(above, 0, line);
    await alice.page.keyboard.press('Escape');
    await focused(alice, 'More');
  }
});

scenario('a panel takes the keyboard, lets it go on, and gives it back', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await meet(s, twocan, alice);
  for (const [opener, ...lines] of [['Chat'], ['Statistics'], ['More', 'Statistics']]) {
    for (const close of ['Escape', 'button']) {
      await opens(alice, opener, lines);
      await within(alice, '.panel');
      if (close === 'button') {
        await tabTo(alice, 'Close');
        await alice.page.keyboard.press('Enter');
      } else await alice.page.keyboard.press('Escape');
      await focused(alice, opener);
    }
  }
  await opens(alice, 'Chat', []);
  await tabTo(alice, 'Hang up');
});

scenario('all that can be pressed is reached with the tabulator, and is seen when it is', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: played });
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await reachesAll(alice, 'start');
  await alice.visit(twocan.url(ROOM));
  await alice.reaches('lobby');
  await alice.page.waitForSelector('.pickers select:enabled');
  await reachesAll(alice, 'lobby');
  const bob = await meet(s, twocan, alice, async () => {
    await reachesAll(alice, 'waiting');
  });
  await bob.press('Share screen');
  await alice.press('Share screen');
  await alice.page.waitForSelector('[data-picture=screen]');
  await opens(alice, 'Chat', []);
  await bob.press('Chat');
  await bob.type('Message', 'See https://example.org');
  await bob.press('Send');
  await alice.page.waitForSelector('.bubble a');
  await reachesAll(alice, 'call with its chat, and both sharing');
  // The bar fades when nobody moves, and comes back with the keyboard.
  await alice.page.keyboard.press('Escape');
  await alice.page.mouse.move(300, 300);
  await tabTo(alice, 'Statistics');
  await alice.page.waitForSelector('.stage[data-idle=true]');
  await tabTo(alice, 'Microphone');
  await alice.page.waitForSelector('.stage[data-idle=false]');
  await alice.press('Hang up');
  await alice.reaches('ended');
  await reachesAll(alice, 'ended');
});

scenario('what happens is read aloud', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: played });
  await alice.page.evaluateOnNewDocument(listen);
  const bob = await meet(s, twocan, alice);
  await hears(alice, /In a call \S/, 'that the call has begun');

  await bob.press('Chat');
  await bob.type('Message', 'first line');
  await bob.press('Send');
  await hears(alice, /first line/, 'a message while the chat is closed');
  await alice.press('Chat, 1 new');
  await bob.type('Message', 'second line');
  await bob.press('Send');
  await hears(alice, /second line/, 'a message while the chat is open');
  for (const { page } of [alice, bob]) await page.keyboard.press('Escape');

  await opens(bob, 'More', ['Record']);
  await hears(alice, /They are recording this call/, 'that they record');
  await bob.press('Stop recording');
  await hears(alice, /They have stopped recording/, 'that they record no more');
  await bob.press('Share screen');
  await hears(alice, /They are sharing their screen/, 'that they share');

  await alice.page.evaluate(() => window.play.pullOut());
  await hears(alice, /The camera went away\. In its place: \S/, 'that another camera is used');
  await alice.page.evaluate(() => window.play.silence('mute'));
  await hears(alice, /No camera/, 'that the camera is taken');

  await alice.page.evaluate(interrupt);
  await hears(alice, /The connection broke/, 'that the connection broke');
  await alice.page.evaluate(() => {
    for (const pc of window.e2e.connections) {
      delete pc.connectionState;
      pc.dispatchEvent(new Event('connectionstatechange'));
    }
  });
  await alice.reaches('connected');
  await hears(alice, /Connected/, 'that it is there again');

  await bob.press('Hang up');
  await alice.reaches('waiting');
  await hears(alice, /They left/, 'that they have left');
});

scenario('nothing moves for those who do not want it', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: played });
  const moves = { name: 'prefers-reduced-motion', value: 'no-preference' };
  const stands = { name: 'prefers-reduced-motion', value: 'reduce' };
  const during = async (state, act) => {
    await alice.page.emulateMediaFeatures([stands]);
    await alice.page.evaluate(noteMotion);
    await act();
    assert.deepEqual(await alice.page.evaluate(() => window.motion), [], state);
  };
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await during('from the start to a call', async () => {
    await alice.press('Start a call');
    await alice.press('Join');
    await alice.reaches('waiting');
    const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: played });
    await bob.join(alice.page.url());
    await alice.reaches('connected');
    for (const line of ['Settings', 'Statistics']) {
      await opens(alice, 'More', [line]);
      await within(alice, '.settings, .panel');
      await alice.page.keyboard.press('Escape');
      await focused(alice, 'More');
    }
    await opens(bob, 'More', ['Record']);
    await alice.says(/They are recording this call/);
  });
  // Others see something move there.
  await alice.page.emulateMediaFeatures([moves]);
  await until('something to move', DEADLINE, () => alice.page.evaluate(() => window.motion.length > 0));
});

/** Alice and Bob come into a call; `meanwhile`: what is done while she waits. */
async function meet(s, twocan, alice, meanwhile = async () => {}) {
  await alice.join(twocan.url(ROOM));
  await alice.reaches('waiting');
  await meanwhile();
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: played });
  await bob.join(twocan.url(ROOM));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  return bob;
}

/** Opens something by the keyboard: with a button, and a line of the menu that it opens. */
async function opens(person, opener, lines) {
  const { page } = person;
  await tabTo(person, opener);
  await page.keyboard.press('Enter');
  for (const line of lines) {
    for (let steps = 0; (await nameOfFocused(person)) !== line; steps += 1) {
      assert.ok(steps < 20, `there is no line '${line}'`);
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
  }
}

/** Opens a dialog, goes round in it with the tabulator, both ways, and closes it. */
async function keeps(person, opener, lines) {
  const { keyboard } = person.page;
  await opens(person, opener, lines);
  await within(person, 'dialog[open]');
  const dialog = [opener, ...lines].join(', ');
  const seen = new Set();
  for (let presses = 0; presses < 30; presses += 1) {
    if (presses === 15) await keyboard.down('Shift');
    await keyboard.press('Tab');
    // Between the last and the first it is at the browser itself, where the page has no part in it.
    const where = await person.page.evaluate(() => {
      const { activeElement: at, body } = document;
      return at === body ? 'browser' : at.closest('dialog[open]') ? 'dialog' : `behind: ${at.outerHTML}`;
    });
    seen.add(where);
  }
  await keyboard.up('Shift');
  seen.delete('browser');
  assert.deepEqual([...seen], ['dialog'], dialog);
  await keyboard.press('Escape');
  await focused(person, opener, `after '${dialog}'`);
}

/** Waits until the keyboard is inside of something. */
async function within(person, selector) {
  await until(`the keyboard to be in ${selector}`, DEADLINE, () => {
    return person.page.evaluate((around) => document.activeElement?.closest(around) !== null, selector);
  });
}

async function tabTo(person, name) {
  for (let steps = 0; steps < 40; steps += 1) {
    if ((await nameOfFocused(person)) === name) return;
    await person.page.keyboard.press('Tab');
  }
  throw new Error(`'${name}' is not reached with the tabulator`);
}

async function focused(person, name, when = '') {
  let at;
  try {
    await until(`'${name}' to have the keyboard ${when}`, DEADLINE, async () => {
      at = await nameOfFocused(person);
      return at === name;
    });
  } catch (error) {
    throw new Error(`${error.message}, but '${at}' has it`, { cause: error });
  }
}

function nameOfFocused(person) {
  return person.page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim();
  });
}

/** Goes through all of the page with the tabulator; everything that can be pressed comes, and is seen when it does. */
async function reachesAll(person, state) {
  const { page } = person;
  const missed = await page.evaluateHandle((controls) => {
    return new Set([...document.querySelectorAll(controls)].filter((one) => one.checkVisibility() && !one.disabled));
  }, CONTROLS);
  const unseen = new Set();
  const count = await missed.evaluate((all) => all.size);
  assert.ok(count > 2, `${count} controls`);
  for (let presses = 0; presses < count + 5; presses += 1) {
    await page.keyboard.press('Tab');
    const hidden = await missed.evaluate(async (all) => {
      const at = document.activeElement;
      all.delete(at);
      // What fades in is there a moment later.
      const fades = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
      await Promise.all(fades.map((fade) => fade.finished.catch(() => {})));
      const { width, height } = at.getBoundingClientRect();
      const faded = !at.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      return at !== document.body && (faded || width * height === 0) && at.outerHTML;
    });
    if (hidden) unseen.add(hidden);
  }
  const left = await missed.evaluate((all) => [...all].map((one) => one.outerHTML));
  assert.deepEqual(left, [], `not reached: ${state}`);
  assert.deepEqual([...unseen], [], `reached and not seen: ${state}`);
}

/**
 * Runs in the page before its scripts: `window.heard` has what a screen reader tells by itself. That is the new text of
 * live regions that were there before, alerts that come, and what gets the keyboard with its description.
 */
function listen() {
  const LIVE = '[role=status], [role=log], [role=alert], [aria-live]';
  const known = new WeakSet();
  window.heard = [];
  const isRead = (region) => region.checkVisibility() && !region.closest('[aria-hidden=true]');
  new MutationObserver((records) => {
    const told = new Set();
    for (const { target, addedNodes } of records) {
      const region = (target instanceof Element ? target : target.parentElement)?.closest(LIVE);
      if (region && known.has(region)) told.add(region);
      for (const node of addedNodes) if (node instanceof Element) told.add(node.closest('[role=alert]'));
    }
    told.delete(null);
    for (const region of told) if (region.textContent && isRead(region)) window.heard.push(region.textContent);
    for (const region of document.querySelectorAll(LIVE)) known.add(region);
  }).observe(document, { subtree: true, childList: true, characterData: true });
  addEventListener('focusin', ({ target }) => {
    const name = target.getAttribute('aria-label') ?? target.textContent;
    const more = document.getElementById(target.getAttribute('aria-describedby'))?.textContent ?? '';
    window.heard.push(`${name} ${more}`);
  });
}

/** Waits until a screen reader has told this; what was told before is forgotten. */
async function hears(person, words, what) {
  let heard;
  try {
    await until(`${person.name} to hear ${what}`, DEADLINE, async () => {
      heard = await person.page.evaluate(() => window.heard);
      return heard.some((text) => words.test(text));
    });
  } catch (error) {
    throw new Error(`${error.message}: ${JSON.stringify(heard)}`, { cause: error });
  }
  await person.page.evaluate(() => window.heard.splice(0));
}

/** Runs in the page: `window.motion` has whatever moves from now on. */
function noteMotion() {
  window.motion = [];
  const look = () => {
    for (const { effect, animationName, transitionProperty } of document.getAnimations()) {
      const { activeDuration } = effect.getComputedTiming();
      const name = animationName ?? transitionProperty;
      if (activeDuration > 0 && !window.motion.includes(name)) window.motion.push(name);
    }
    requestAnimationFrame(look);
  };
  look();
}
