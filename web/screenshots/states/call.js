/** The call itself: its pictures, its bar, its menu and its dialogs. */
import { lasting, loud, says, still, suffers, withoutScreen, withScreen } from '../played.js';
import {
  call,
  choose,
  openMenu,
  openSettings,
  prepared,
  pressCamera,
  pressMicrophone,
  record,
  sealedCall,
  settle,
  share,
  wake,
} from '../steps.js';

/** A call in which both may share a screen, and record. */
const presentation = (tools, more = () => {}) =>
  call(
    prepared(tools, async (page, who) => {
      await withScreen(page);
      await more(page, who);
    }),
  );

const screenSeen = (page) =>
  page.waitForFunction(() => document.querySelector('.their-screen')?.videoWidth > 0);

async function theirScreen(tools, more) {
  const { ada, ben } = await presentation(tools, more);
  await share(ben);
  await screenSeen(ada);
  await settle(3000);
  return { ada, ben };
}

/** A call in which Ben says his name. */
async function callWithName(tools, name) {
  const { ada, ben } = await sealedCall(tools);
  await openSettings(ben);
  await ben.locator('dialog .name-field').fill(name);
  await ben.locator('dialog input[type=checkbox]').click();
  await ben.locator('dialog .primary').click();
  await ada.waitForSelector('.their-low-data');
  await settle(1000);
  return ada;
}

/** A sealed call whose signs are looked at. `more` meddles with a page. */
async function verified(tools, more = () => {}) {
  const { ada } = await sealedCall(prepared(tools, more));
  await ada.locator('.seal').click();
  return ada;
}

/** A call in which the way out of one of them has room for a voice alone. */
async function callWithoutRoom(tools, whose) {
  const narrow = (page, who) =>
    who === whose ? suffers(page, { out: true, narrow: true }) : undefined;
  return (await call(prepared(tools, narrow))).ada;
}

const byBen = (meddle) => (page, who) => (who === 'ben' ? meddle(page) : undefined);
const overChannel = (pattern, instead) =>
  byBen((page) => says(page, pattern, instead, 'RTCDataChannel'));

export const CALL = {
  async call(tools) {
    const { ada } = await call(tools);
    await settle(3000);
    return ada;
  },
  async 'call-at-rest'(tools) {
    const { ada } = await call(prepared(tools, still));
    await ada.waitForSelector('.stage[data-idle=true]');
    return ada;
  },
  'call-with-a-name': (tools) => callWithName(tools, 'Grandma Bea'),
  'call-with-a-long-name': (tools) =>
    callWithName(tools, 'Bartholomäus von und zu Wolkenstein-Hohe'),
  async 'call-muted'(tools) {
    const { ada } = await call(prepared(tools, (page) => lasting(page, 5000)));
    await pressMicrophone(ada);
    await pressCamera(ada);
    await wake(ada);
    return ada;
  },
  async 'call-speaking-while-muted'(tools) {
    const { ada } = await call(
      prepared(tools, async (page) => {
        await lasting(page, 5000);
        await loud(page);
      }),
    );
    await pressMicrophone(ada);
    await ada.waitForFunction(() =>
      /muted|静音/.test(document.querySelector('.comfort').textContent),
    );
    await wake(ada);
    return ada;
  },
  async 'call-talk-key'(tools) {
    const { ada } = await call(tools);
    await pressMicrophone(ada);
    await ada.keyboard.down(' ');
    await ada.waitForSelector('.comfort[data-shown=true]');
    return ada;
  },
  async 'call-their-camera-off'(tools) {
    const { ada, ben } = await call(tools);
    await pressMicrophone(ben);
    await pressCamera(ben);
    await ada.waitForSelector('.absent p');
    return ada;
  },
  async 'call-own-picture-paused'(tools) {
    const ada = await callWithoutRoom(tools, 'ada');
    await ada.waitForSelector('.telling');
    await wake(ada);
    return ada;
  },
  async 'call-their-picture-paused'(tools) {
    const ada = await callWithoutRoom(tools, 'ben');
    await ada.waitForSelector('.absent p');
    await wake(ada);
    return ada;
  },
  async 'call-swapped'(tools) {
    const { ada } = await call(tools);
    await ada.locator('.picture-press').click();
    return ada;
  },
  async 'call-own-picture-hidden'(tools) {
    const { ada } = await call(tools);
    await choose(ada, 'Show my picture', '显示我的画面');
    await ada.waitForSelector('.picture.small', { hidden: true });
    return ada;
  },
  async 'call-menu'(tools) {
    const { ada } = await presentation(tools);
    await wake(ada);
    await openMenu(ada);
    return ada;
  },
  async 'call-sharing'(tools) {
    const { ada } = await presentation(tools);
    await share(ada);
    await ada.waitForSelector('.telling');
    return ada;
  },
  async 'call-share-failed'(tools) {
    const { ada } = await call(prepared(tools, withoutScreen));
    await share(ada);
    await ada.waitForSelector('.notice');
    return ada;
  },
  async 'call-their-screen'(tools) {
    return (await theirScreen(tools)).ada;
  },
  async 'call-their-screen-swapped'(tools) {
    const { ada } = await theirScreen(tools);
    await ada.locator('[data-picture=theirs] .picture-press').click();
    return ada;
  },
  async 'call-their-screen-paused'(tools) {
    const pause = byBen((page) =>
      says(page, /"camera":true(.*)"paused":false/, '"camera":false$1"paused":true'),
    );
    return (await theirScreen(tools, pause)).ada;
  },
  async 'call-two-screens'(tools) {
    const { ada } = await theirScreen(tools);
    await share(ada);
    await ada.waitForSelector('.telling-action');
    return ada;
  },
  async 'call-recording'(tools) {
    const { ada } = await presentation(tools);
    await record(ada);
    return ada;
  },
  async 'call-recording-saved'(tools) {
    const { ada } = await presentation(tools, (page) => lasting(page, 6000));
    await record(ada);
    await settle(1000);
    await ada.locator('.telling-action').click();
    await ada.waitForFunction(() => /saved|已保存/.test(document.body.innerText));
    return ada;
  },
  async 'call-recording-failed'(tools) {
    const { ada } = await presentation(tools, (page) =>
      page.evaluateOnNewDocument(() => {
        globalThis.MediaRecorder.prototype.start = () => {
          throw new DOMException('', 'NotSupportedError');
        };
      }),
    );
    await wake(ada);
    await openMenu(ada);
    await ada.locator('.menu-item[role=menuitemcheckbox]').click();
    await ada.waitForSelector('.notice');
    return ada;
  },
  async 'call-recorded'(tools) {
    const { ada, ben } = await presentation(tools);
    await record(ben);
    await ada.waitForSelector('.red-dot');
    return ada;
  },
  async 'call-no-more-recorded'(tools) {
    const { ada, ben } = await presentation(tools, (page) => lasting(page, 6000));
    await record(ben);
    await ada.waitForSelector('.red-dot');
    await ben.locator('.telling-action').click();
    await ada.waitForSelector('.red-dot', { hidden: true });
    return ada;
  },
  async 'call-sharing-and-recording-untold'(tools) {
    const { ada } = await presentation(
      tools,
      byBen((page) => says(page, /,"recording":true/, '')),
    );
    await share(ada);
    await record(ada);
    return ada;
  },
  async 'call-with-much-to-say'(tools) {
    const { ada, ben } = await presentation(tools, (page) => lasting(page, 6000));
    await share(ben);
    await record(ben);
    await screenSeen(ada);
    await share(ada);
    await wake(ada);
    await openMenu(ada);
    await ada.locator('.menu-item[role=menuitemcheckbox]').click();
    await ben.locator('.chat-button').click();
    await ben
      .locator('.compose textarea')
      .fill('The beans can go into the ground in the second week of May.');
    await ben.locator('.compose .send').click();
    await ada.waitForSelector('.news button');
    return ada;
  },
  async settings(tools) {
    const { ada } = await sealedCall(tools);
    await openSettings(ada);
    return ada;
  },
  async 'settings-further-down'(tools) {
    const { ada, ben } = await sealedCall(tools);
    await openSettings(ben);
    await ben.locator('dialog input[type=checkbox]').click();
    await pressCamera(ada);
    await openSettings(ada);
    await ada.waitForFunction(() => document.querySelectorAll('.settings .small').length > 1);
    await ada.$eval('.settings', (dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    return ada;
  },
  async 'preferences-in-a-call'(tools) {
    const { ada } = await call(tools);
    await choose(ada, 'Language and colours', '语言和颜色');
    await ada.waitForSelector('.preferences[open]');
    return ada;
  },
  async help(tools) {
    const { ada } = await call(tools);
    await ada.keyboard.press('?');
    await ada.waitForSelector('.help[open]');
    return ada;
  },
  async verify(tools) {
    const { ada } = await call(tools);
    await ada.locator('.seal').click();
    await ada.waitForSelector('.signs');
    return ada;
  },
  async 'verify-sealed'(tools) {
    const ada = await verified(tools);
    await ada.waitForSelector('.signs');
    return ada;
  },
  'verify-without-signs': (tools) =>
    verified(tools, overChannel(/^\{"type":"(commit|reveal)"/, null)),
  async 'verify-broken'(tools) {
    const ada = await verified(tools, overChannel(/"type":"reveal"/, '"type":"other"'));
    await ada.waitForFunction(() =>
      /hang up|挂断/i.test(document.querySelector('dialog').innerText),
    );
    return ada;
  },
};
