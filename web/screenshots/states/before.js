/** Before a call: start, lobby, waiting, and on the way into it. */
import {
  hasty,
  hears,
  lasting,
  playedDevices,
  pullOut,
  refusedWith,
  says,
  unasked,
  withoutServer,
} from '../played.js';
import {
  inState,
  lobby,
  moving,
  prepared,
  pressCamera,
  pressJoin,
  pressMicrophone,
  roomName,
  sealedLobby,
  waiting,
} from '../steps.js';

export const BEFORE = {
  async start({ open, base }) {
    const page = await open('ada');
    await page.goto(base);
    await inState(page, 'start');
    return page;
  },
  async 'start-with-a-cut-link'({ open, base }) {
    const page = await open('ada');
    await page.goto(`${base}/#1AAECAwQFBgcICQ`);
    await inState(page, 'start');
    return page;
  },
  async 'start-insecure'({ open, insecureBase }) {
    const page = await open('ada');
    await page.goto(`${insecureBase}/#1AAECAwQFBgcICQoLDA0ODxAR`);
    await inState(page, 'start');
    return page;
  },
  async 'start-without-javascript'({ open, base }) {
    const page = await open('ada');
    await page.setJavaScriptEnabled(false);
    await page.goto(base);
    return page;
  },
  async preferences({ open, base }) {
    const page = await open('ada');
    await page.goto(base);
    await page.locator('.preferences-button').click();
    await page.waitForSelector('.preferences[open]');
    return page;
  },
  async lobby({ open, base }) {
    const page = await open('ada');
    await lobby(page, base);
    await moving(page, 'own');
    return page;
  },
  async 'lobby-sealed'({ open, base }) {
    const page = await open('ada');
    await sealedLobby(page, base);
    await moving(page, 'own');
    return page;
  },
  async 'lobby-by-link'({ open, base }) {
    const page = await open('ada');
    await unasked(page);
    await lobby(page, base, 'friday-with-grandma');
    return page;
  },
  async 'lobby-asking'({ open, base }) {
    const page = await open('ada');
    await unasked(page);
    await playedDevices(page, { deviceError: 'asking' });
    await lobby(page, base);
    await page.locator('.preview-ask').click();
    await page.waitForSelector('.preview-bar');
    return page;
  },
  async 'lobby-camera-off'({ open, base }) {
    const page = await open('ada');
    await lobby(page, base);
    await moving(page, 'own');
    await pressCamera(page);
    return page;
  },
  async 'lobby-all-off'({ open, base }) {
    const page = await open('ada');
    await sealedLobby(page, base);
    await moving(page, 'own');
    await pressMicrophone(page);
    await pressCamera(page);
    await page.locator('.ask-first').click();
    return page;
  },
  async 'lobby-on-a-phone'({ open, base }) {
    const page = await open('ada');
    await playedDevices(page, { cameras: 2, touch: true });
    await lobby(page, base);
    await page.waitForSelector('.pick-button .icon');
    await moving(page, 'own');
    return page;
  },
  async 'lobby-refused'({ open, base }) {
    const page = await open('refusing');
    await lobby(page, base);
    await page.locator('.preview-ask').click();
    await page.waitForSelector('.notice');
    return page;
  },
  async 'lobby-no-devices'({ open, base }) {
    const page = await open('bare');
    await lobby(page, base);
    await page.waitForSelector('.notice');
    return page;
  },
  async 'lobby-camera-taken'({ open, base }) {
    const page = await open('ada');
    await playedDevices(page);
    await sealedLobby(page, base);
    await moving(page, 'own');
    await pullOut(page, 'video', 'NotReadableError');
    await page.waitForSelector('.notice');
    return page;
  },
  async 'lobby-other-device'({ open, base }) {
    const page = await open('ada');
    await playedDevices(page);
    await sealedLobby(page, base);
    await moving(page, 'own');
    await pullOut(page, 'video');
    await page.waitForSelector('.notice');
    return page;
  },
  async 'lobby-device-does-not-start'({ open, base }) {
    const page = await open('ada');
    await playedDevices(page);
    await lobby(page, base);
    await moving(page, 'own');
    await page.evaluate(() => {
      globalThis.deviceError = 'NotReadableError';
    });
    const pickers = await page.$$('.pick select');
    const other = await pickers[1].$eval('option:last-child', ({ value }) => value);
    await pickers[1].select(other);
    await page.waitForSelector('.refused');
    return page;
  },
  async 'lobby-lost-server'({ open, base }) {
    const page = await open('ada');
    await withoutServer(page);
    await lobby(page, base);
    await page.waitForSelector('[data-tone=warning]');
    await moving(page, 'own');
    return page;
  },
  async 'lobby-joining'({ open, base }) {
    const page = await open('ada');
    await hears(page, 'joined');
    await lobby(page, base);
    await moving(page, 'own');
    await pressJoin(page);
    await inState(page, 'joining');
    return page;
  },
  async crowded({ open, base }) {
    const page = await open('ada');
    await refusedWith(page, 'too_many_joins');
    await lobby(page, base);
    await pressJoin(page);
    await page.waitForSelector('[data-tone=warning]');
    await moving(page, 'own');
    return page;
  },
  async waiting({ open, publicBase }) {
    const page = await open('ada');
    await sealedLobby(page, publicBase);
    await pressJoin(page);
    await inState(page, 'waiting');
    await moving(page, 'own');
    return page;
  },
  async 'waiting-copied'({ open, publicBase }) {
    const page = await open('ada');
    await lasting(page, 2000);
    await sealedLobby(page, publicBase);
    await pressJoin(page);
    await inState(page, 'waiting');
    await page.locator('.link-actions .primary').click();
    await moving(page, 'own');
    return page;
  },
  async 'waiting-named'({ open, publicBase }) {
    const page = await open('ada');
    await waiting(page, publicBase);
    await moving(page, 'own');
    return page;
  },
  async 'waiting-with-a-link-of-ones-own'({ open, publicBase }) {
    const page = await open('ada');
    await waiting(page, publicBase, `${roomName()}#token=one-of-their-own`);
    await moving(page, 'own');
    return page;
  },
  async 'waiting-on-this-computer'({ open, base }) {
    const page = await open('ada');
    await waiting(page, base);
    await moving(page, 'own');
    return page;
  },
  async 'waiting-asking-first'({ open, publicBase }) {
    const page = await open('ada');
    await page.evaluateOnNewDocument(() => localStorage.setItem('ask', '1'));
    await waiting(page, publicBase);
    await moving(page, 'own');
    return page;
  },
  async 'waiting-no-devices'({ open, base }) {
    const page = await open('bare');
    await waiting(page, base);
    await page.waitForSelector('.notice');
    return page;
  },
  async 'waiting-keyless'(tools) {
    const { open, publicBase } = prepared(tools, (page, who) =>
      who === 'ben' ? says(page, /"seal":"[^"]*"/, '"unsealed":true') : undefined,
    );
    const [ada, ben] = [await open('ada'), await open('ben')];
    await sealedLobby(ada, publicBase);
    await pressJoin(ada);
    await inState(ada, 'waiting');
    await ben.goto(ada.url());
    await inState(ben, 'lobby');
    await pressJoin(ben);
    await ada.waitForSelector('.notice');
    return ada;
  },
  async ready({ open, base }) {
    const room = roomName();
    const [ada, ben] = [await open('ada'), await open('ben')];
    await ada.evaluateOnNewDocument(() => localStorage.setItem('ask', '1'));
    await waiting(ada, base, room);
    await lobby(ben, base, room);
    await pressJoin(ben);
    await Promise.all([ada, ben].map((page) => inState(page, 'ready')));
    await moving(ada, 'own');
    return ada;
  },
  async connecting(tools) {
    return connecting(tools);
  },
  async unreachable(tools) {
    const ada = await connecting(prepared(tools, hasty), true);
    await inState(ada, 'failed');
    return ada;
  },
};

/** Nothing of what Ben says arrives. */
async function connecting(tools, impatient = false) {
  const { open, base } = prepared(tools, async (page, who) => {
    if (who === 'ben') await says(page, /^42\["message"/);
    else await page.evaluateOnNewDocument((hurry) => (globalThis.impatient = hurry), impatient);
  });
  const room = roomName();
  const [ada, ben] = [await open('ada'), await open('ben')];
  await waiting(ada, base, room);
  await lobby(ben, base, room);
  await pressJoin(ben);
  if (!impatient) await inState(ada, 'connecting');
  return ada;
}
