// All that stands over a call and beside it, walked through by two people and looked at by axe-core, in both languages.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assertAccessible } from './lib/axe.js';
import { browsers } from './lib/browsers.js';
import { openPerson } from './lib/person.js';
import { interrupt, played } from './lib/played.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 20_000;
/** More than a page takes that may write to no disk (bytes). */
const TOO_LARGE = 300 * 1_048_576;

/** Names of what is pressed, in the languages of the page. */
const NAMES = {
  en: {
    start: 'Start a call',
    join: 'Join',
    hangUp: 'Hang up',
    more: 'More',
    verify: 'Who could listen',
    settings: 'Settings',
    statistics: 'Statistics',
    preferences: 'Language and colours',
    help: 'Keyboard shortcuts',
    record: 'Record',
    stopRecording: 'Stop recording',
    ownPicture: 'Show my picture',
    pictureInPicture: 'Picture in picture',
    fullScreen: 'Full screen',
    theirsLarge: 'Make their picture large',
    ownLarge: 'Make your picture large',
    share: 'Share screen',
    stopSharing: 'Stop sharing',
    chat: 'Chat',
    accept: 'Accept',
    message: 'Message',
    send: 'Send',
    microphone: 'Microphone',
  },
  zh: {
    start: '开始通话',
    join: '加入',
    hangUp: '挂断',
    more: '更多',
    verify: '谁可能听到',
    settings: '设置',
    statistics: '统计',
    preferences: '语言和颜色',
    help: '快捷键',
    record: '录制',
    stopRecording: '停止录制',
    ownPicture: '显示我的画面',
    pictureInPicture: '画中画',
    fullScreen: '全屏',
    theirsLarge: '放大对方的画面',
    ownLarge: '放大你的画面',
    share: '共享屏幕',
    stopSharing: '停止共享',
    chat: '聊天',
    accept: '接收',
    message: '消息',
    send: '发送',
    microphone: '麦克风',
  },
};

for (const [lang, names] of Object.entries(NAMES)) {
  const look = (person, state) => assertAccessible(person, state, { again: lang !== 'en' });

  scenario(`what a call has in its menu, trouble, and how it was (${lang})`, { timeout: 120_000 }, async (s) => {
    const { alice, bob } = await inCall(s, lang);
    await alice.press(names.more);
    const { verify, record, ownPicture, pictureInPicture, fullScreen, settings, statistics, preferences, help } = names;
    for (const line of [record, ownPicture, pictureInPicture, fullScreen]) await lineOf(alice, line, true);
    for (const line of [verify, settings, statistics, preferences, help]) await lineOf(alice, line);
    await look(alice, 'menu with all its lines');
    await alice.page.keyboard.press('Escape');

    for (const [tool, there] of [
      ['settings', '.settings select'],
      ['preferences', '.preferences[open]'],
      ['help', '.help[open]'],
    ]) {
      await choose(alice, names, tool);
      await alice.page.waitForSelector(there);
      await look(alice, tool);
      await alice.page.keyboard.press('Escape');
      await goes(alice, there);
    }

    for (const { page } of [alice, bob]) {
      await page.evaluate(() => {
        window.play.losses = true;
      });
    }
    await alice.page.waitForSelector('.pill[data-line=weak]', { timeout: DEADLINE });
    await look(alice, 'call on a slow network');
    await choose(alice, names, 'statistics');
    await alice.page.waitForSelector('.verdict[data-line=weak]');
    await until('lines in the plots', DEADLINE, () => {
      return alice.page.$$eval('.plot', (all) => all.length === 4 && all.every((plot) => plot.querySelector('path')));
    });
    await look(alice, 'statistics with their plots');
    await alice.page.keyboard.press('Escape');
    await goes(alice, '.statistics');

    await alice.press(names.hangUp);
    await alice.reaches('ended');
    await alice.page.waitForSelector('.review');
    await alice.page.locator('.parts summary').click();
    await look(alice, 'ended, with a review');
  });

  scenario(`a conversation with files (${lang})`, { timeout: 120_000 }, async (s) => {
    const { alice, bob } = await inCall(s, lang);
    const large = await sparse(s, 'holidays.zip', TOO_LARGE);
    const small = await sparse(s, 'recipe.txt', 20_000);
    await alice.press(names.chat);
    await alice.page.waitForSelector('.chat-empty');
    await look(alice, 'chat in which nothing stands');
    await bob.press('Chat');
    await writes(alice, names, 'Have you seen https://example.org/plan?');
    await writes(bob, NAMES.en, 'Not yet.');
    await alice.page.waitForSelector('li.theirs .bubble');

    await sends(alice, small);
    await bob.press('Decline recipe.txt');
    await fileIs(alice, 'declined');
    await sends(alice, small);
    await fileIs(alice, 'offered');
    await alice.page.evaluate(() => {
      navigator.storage.getDirectory = async () => {
        throw new DOMException('', 'SecurityError');
      };
    });
    await sends(bob, large);
    await alice.page.waitForSelector('.theirs .file[data-state=offered]');
    await alice.press(`${names.accept} holidays.zip`);
    await alice.page.waitForSelector('.file-trouble');
    await bob.page.evaluate(() => {
      window.play.reading = false;
    });
    for (const state of ['running', 'queued']) {
      await sends(bob, small);
      await alice.press(`${names.accept} recipe.txt`);
      await fileIs(alice, state);
    }
    await alice.type(names.message, '茶'.repeat(3_000));
    await alice.press(names.send);
    await alice.page.waitForSelector('.compose-problem');
    await look(alice, 'chat with lines, files in their states, and a text that is too long');
    await alice.page.keyboard.press('Escape');
    await goes(alice, '.chat-log');

    await writes(bob, NAMES.en, 'Look, a toucan on the balcony');
    await alice.page.waitForSelector('.news button');
    // It goes by itself after a while: an offer of a file stays.
    await sends(bob, small);
    await look(alice, 'call with news of the chat');
    await alice.page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['dropped'], 'dropped.txt'));
      const over = new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector('.stage').dispatchEvent(over);
    });
    await alice.page.waitForSelector('.drop-here');
    await look(alice, 'files over the picture');
  });

  scenario(`pictures, screens and recordings (${lang})`, { timeout: 120_000 }, async (s) => {
    const { alice, bob } = await inCall(s, lang);
    await alice.press(names.ownLarge);
    await alice.page.waitForSelector('.large[data-picture=own]');
    await look(alice, 'swapped');
    await alice.press(names.theirsLarge);
    await choose(alice, names, 'ownPicture', true);
    await goes(alice, '[data-picture=own]');
    await look(alice, 'without the own picture');
    await choose(alice, names, 'ownPicture', true);

    await alice.press(names.share);
    await bob.says(/They are sharing their screen/);
    await look(alice, 'sharing a screen');
    await bob.press('Share screen');
    await alice.page.waitForSelector('[data-picture=screen]');
    await look(alice, 'both sharing');
    await alice.press(names.stopSharing);
    await alice.press(names.theirsLarge);
    await look(alice, 'their screen, swapped');
    await bob.press('Stop sharing');
    await goes(alice, '[data-picture=screen]');

    await choose(alice, names, 'record', true);
    await bob.says(/They are recording this call/);
    await look(bob, 'being recorded');
    await choose(bob, NAMES.en, 'record', true);
    await until('both recordings to be told', DEADLINE, () =>
      alice.page.$$eval('.red-dot', (dots) => dots.length === 2),
    );
    await look(alice, 'both recording');
    await bob.press('Stop recording');
    await alice.press(names.stopRecording);
    await goes(alice, '.red-dot');
    await alice.page.waitForSelector('.telling');
    await look(alice, 'recorded');

    await alice.page.evaluate(() => {
      navigator.mediaDevices.getDisplayMedia = async () => {
        throw new DOMException('', 'NotReadableError');
      };
    });
    await alice.press(names.share);
    await alice.page.waitForSelector('.notice[role=alert]');
    await look(alice, 'a screen that cannot be shared');
  });

  scenario(`what goes wrong in a call (${lang})`, { timeout: 120_000 }, async (s) => {
    const { alice, bob } = await inCall(s, lang);
    await alice.page.evaluate(() => window.play.pullOut());
    await alice.page.waitForSelector('.notice');
    await look(alice, 'another camera in the place of the first');
    await dismiss(alice);
    await alice.page.evaluate(() => window.play.silence('mute'));
    await alice.page.waitForSelector('.notice');
    await look(alice, 'a camera that is taken away');
    await alice.page.evaluate(() => window.play.silence('unmute'));
    await goes(alice, '.notice');
    await alice.page.evaluate(() => window.play.meddle());
    await alice.page.waitForSelector('.notice');
    await look(alice, 'a message in the open in a sealed call');
    await dismiss(alice);

    await alice.press(names.microphone);
    await alice.page.keyboard.down(' ');
    await alice.page.waitForSelector('.comfort[data-shown=true]');
    await look(alice, 'talking with the space bar');
    await alice.page.keyboard.up(' ');

    await bob.page.evaluate(() => window.play.loseServer());
    await alice.page.waitForSelector('.pill[data-line=offline]', { timeout: DEADLINE });
    await look(alice, 'call while they have no server');
    await alice.page.evaluate(interrupt);
    await alice.reaches('reconnecting');
    await look(alice, 'reconnecting');
  });
}

/** Alice, whose page speaks a language, and Bob in a sealed call. */
async function inCall(s, lang) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: played });
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: played });
  await alice.page.evaluateOnNewDocument((tag) => {
    Object.defineProperty(navigator, 'languages', { get: () => [tag] });
  }, lang);
  for (const person of [alice, bob]) await keepNothing(person);
  await alice.visit(twocan.url());
  await alice.press(NAMES[lang].start);
  await alice.press(NAMES[lang].join);
  await alice.reaches('waiting');
  await bob.join(alice.page.url());
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  return { alice, bob };
}

/** Lets nothing that a page saves reach the disk. */
async function keepNothing({ page }) {
  const devtools = await page.createCDPSession();
  const browserContextId = page.browserContext().id;
  await devtools.send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId });
}

/** The line of the open menu with this name. */
function lineOf(person, name, checkable = false) {
  const role = checkable ? 'menuitemcheckbox' : 'menuitem';
  return person.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`);
}

/** Presses a line of the menu. */
async function choose(person, names, line, checkable = false) {
  await wake(person);
  await person.press(names.more);
  await (await lineOf(person, names[line], checkable)).click();
}

/** Waits until nothing on the page is like this. */
async function goes(person, selector) {
  await until(`${selector} to go`, DEADLINE, async () => (await person.page.$(selector)) === null);
}

/** Moves the pointer, so that what fades for lack of a hand can be pressed. */
async function wake({ page }) {
  await page.mouse.move(100 + Math.random() * 100, 300);
}

/** Closes the notice. */
async function dismiss(person) {
  await wake(person);
  await person.page.locator('.notice .quiet').click();
  await goes(person, '.notice');
}

/** Writes a line in the chat, which is open. */
async function writes(person, names, text) {
  await person.type(names.message, text);
  await person.press(names.send);
}

/** A file of this size with nothing in it. */
async function sparse(s, name, size) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-files-'));
  s.own(folder, () => rm(folder, { recursive: true }));
  const file = await open(path.join(folder, name), 'w');
  await file.truncate(size);
  await file.close();
  return path.join(folder, name);
}

/** Offers files in the chat, which is open. */
async function sends(person, ...files) {
  const input = await person.page.waitForSelector('input[type=file]');
  await input.uploadFile(...files);
}

/** Waits until a file in the chat is in this state. */
async function fileIs(person, state) {
  await person.page.waitForSelector(`.file[data-state=${state}]`);
}
