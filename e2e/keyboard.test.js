// Calls by the keyboard: a whole one without a mouse, push-to-talk, shortcuts and when they are none.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 10_000;

scenario('a whole call is made with the keyboard alone', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await reach(alice, 'Start a call');
  await alice.page.keyboard.press('Enter');
  await alice.reaches('lobby');
  await reach(alice, 'Join');
  await alice.page.keyboard.press('Enter');
  await alice.reaches('waiting');
  const link = await alice.field('Link to this call');

  await bob.visit(link);
  await bob.reaches('lobby');
  await reach(bob, 'Join');
  await bob.page.keyboard.press(' ');
  await talk(alice, bob);

  await alice.page.keyboard.press('m');
  await shown(bob, 'They are muted');
  await alice.page.keyboard.press('m');
  await alice.page.keyboard.press('v');
  await shown(bob, 'Their camera is off');
  await alice.page.keyboard.press('v');
  await talk(alice, bob);

  await reach(alice, 'More');
  await alice.page.keyboard.press('Enter');
  await focused(alice, 'Who could listen');
  await alice.page.keyboard.press('ArrowUp');
  await focused(alice, 'Keyboard shortcuts');
  await alice.page.keyboard.press('Enter');
  await shown(alice, 'Close what is open');
  await alice.page.keyboard.press('Escape');
  await focused(alice, 'More');

  await reach(alice, 'Hang up');
  await alice.page.keyboard.press('Enter');
  await alice.reaches('ended');
  await bob.reaches('waiting');
  await reach(alice, 'Call again');
  await alice.page.keyboard.press('Enter');
  await talk(alice, bob);
});

for (const [browser, launch] of [
  ['Chromium', () => launched.chromium()],
  ['Firefox', () => launched.firefox()],
]) {
  scenario(`a muted person is heard in ${browser} as long as the space bar is held`, {}, async (s) => {
    const { alice, bob } = await inCall(s, await launch());
    // With the mouse, after which the button must not take the space bar for itself.
    await alice.press('Microphone');
    await shown(bob, 'They are muted');
    await hinted(alice, 'Hold the space bar to talk.');

    await alice.page.keyboard.down(' ');
    await hinted(alice, 'You are heard as long as you hold the space bar.');
    await gone(bob, 'They are muted');
    assert.equal(await alice.pressed('Microphone'), true);
    await bob.hearsAndSees({ video: false });
    await alice.page.keyboard.up(' ');
    await shown(bob, 'They are muted');
    assert.equal(await alice.pressed('Microphone'), false);

    // Held while another window takes the keyboard.
    await alice.page.keyboard.down(' ');
    await gone(bob, 'They are muted');
    await alice.page.evaluate(() => dispatchEvent(new Event('blur')));
    await shown(bob, 'They are muted');
    await alice.page.keyboard.up(' ');

    // Who is not muted is not touched by it.
    await alice.page.keyboard.press('m');
    await gone(bob, 'They are muted');
    await alice.page.keyboard.press(' ');
    assert.equal(await alice.pressed('Microphone'), true);
    assert.deepEqual(alice.errors, []);
  });
}

scenario('keys with a modifier, in a dialog or on a button are no shortcuts', {}, async (s) => {
  const { alice } = await inCall(s, await launched.chromium());
  const { keyboard } = alice.page;
  for (const modifier of ['Control', 'Alt', 'Shift']) {
    await keyboard.down(modifier);
    await keyboard.press('m');
    await keyboard.up(modifier);
  }
  assert.equal(await alice.pressed('Microphone'), true);

  await keyboard.press('?');
  await shown(alice, 'Hold to talk while you are muted');
  const text = await alice.text();
  // There is no button for these on the screen unless the page has such a feature.
  for (const key of ['Share your screen', 'Chat']) {
    const here = await alice.page.$(`[aria-keyshortcuts="${key === 'Chat' ? 'C' : 'S'}"]`);
    assert.equal(text.includes(key), here !== null, key);
  }
  await keyboard.press('m');
  await keyboard.press('Escape');
  await gone(alice, 'Hold to talk while you are muted');
  assert.equal(await alice.pressed('Microphone'), true);

  // On a button the space bar presses it.
  await reach(alice, 'Microphone');
  await keyboard.press(' ');
  assert.equal(await alice.pressed('Microphone'), false);
  await reach(alice, 'Camera');
  await keyboard.down(' ');
  assert.equal(await alice.pressed('Microphone'), false);
  await keyboard.up(' ');
  assert.equal(await alice.pressed('Camera'), false);
});

scenario('the f key fills the screen and gives it back', {}, async (s) => {
  const { alice } = await inCall(s, await launched.chromium());
  const full = () => alice.page.evaluate(() => document.fullscreenElement !== null);
  await alice.page.keyboard.press('f');
  await until('the screen to be filled', DEADLINE, full);
  await alice.page.keyboard.press('f');
  await until('the screen to be given back', DEADLINE, async () => !(await full()));
});

scenario('who speaks while muted is told so, once', {}, async (s) => {
  // Made-up microphones only beep, too short for a voice: this one hums.
  const hum = () => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await real(constraints);
      const [beeps] = stream.getAudioTracks();
      if (!beeps) return stream;
      const context = new AudioContext();
      const oscillator = context.createOscillator();
      const volume = context.createGain();
      const out = context.createMediaStreamDestination();
      volume.gain.value = 0.3;
      oscillator.connect(volume).connect(out);
      oscillator.start();
      stream.removeTrack(beeps);
      stream.addTrack(out.stream.getAudioTracks()[0]);
      return stream;
    };
  };
  const { alice } = await inCall(s, await launched.chromium(), { before: hum });
  await alice.page.keyboard.press('m');
  await hinted(alice, 'You are muted. Hold the space bar to talk.');
  await gone(alice, 'You are muted.');
});

scenario('the screen stays on during a call, also after the page was out of sight', {}, async (s) => {
  const before = () => {
    window.locks = [];
    const request = async () => {
      const lock = { released: false };
      lock.release = async () => {
        lock.released = true;
      };
      window.locks.push(lock);
      return lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
  };
  const { alice } = await inCall(s, await launched.chromium(), { before });
  const held = () => alice.page.evaluate(() => window.locks.filter(({ released }) => !released).length);
  await until('the lock to be held', DEADLINE, async () => (await held()) === 1);
  const comeBack = () => document.dispatchEvent(new Event('visibilitychange'));
  await alice.page.evaluate(comeBack);
  assert.equal(await held(), 1);
  // The browser lets go of it when the page is out of sight.
  await alice.page.evaluate(() => window.locks.forEach((lock) => void lock.release()));
  assert.equal(await held(), 0);
  await alice.page.evaluate(comeBack);
  await until('the lock to be held again', DEADLINE, async () => (await held()) === 1);
  await alice.press('Hang up');
  await alice.reaches('ended');
  await until('the lock to be let go', DEADLINE, async () => (await held()) === 0);
});

/** Alice, in `browser`, and Bob in a call. */
async function inCall(s, browser, options = {}) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', browser, options);
  await alice.page.evaluateOnNewDocument(noteHints);
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  return { alice, bob };
}

/** Goes on with the tabulator until the control of this name has the keyboard. */
async function reach(person, name) {
  for (let steps = 0; steps < 30; steps += 1) {
    if ((await nameOfFocused(person)) === name) return;
    await person.page.keyboard.press('Tab');
  }
  throw new Error(`${person.name} does not reach '${name}' with the tabulator`);
}

async function focused(person, name) {
  await until(`'${name}' to have the keyboard`, DEADLINE, async () => (await nameOfFocused(person)) === name);
}

function nameOfFocused(person) {
  return person.page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim();
  });
}

/** Runs in the page: hints stay for a few seconds, which a test on a busy machine may miss. */
function noteHints() {
  window.hints = [];
  new MutationObserver(() => {
    const hint = document.querySelector('.comfort')?.textContent;
    if (hint && window.hints.at(-1) !== hint) window.hints.push(hint);
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

async function hinted(person, words) {
  const hints = () => person.page.evaluate(() => window.hints);
  await until(`${person.name} to be told '${words}'`, DEADLINE, async () => (await hints()).includes(words));
}

async function shown(person, words) {
  await until(`${person.name} to read '${words}'`, DEADLINE, async () => (await person.text()).includes(words));
}

async function gone(person, words) {
  await until(`'${words}' to go at ${person.name}`, DEADLINE, async () => !(await person.text()).includes(words));
}
