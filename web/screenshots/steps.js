/** What people do on the page, as steps towards a state. A `page` may be a frame in another page as well. */

export const settle = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const inState = (page, state) => page.waitForSelector(`main[data-state=${state}]`);
export const pressJoin = (page) => page.locator('.primary').click();
export const hangUp = (page) => page.locator('.hang-up').click();
/** Brings the bar of a call back. */
export const wake = (page) => page.mouse.move(300, 300);

export const moving = (page, label) =>
  page.waitForFunction(
    (own) => {
      const video = document.querySelector(own ? '.own-video' : '.their-video');
      return video?.videoWidth > 0 && video.currentTime > 0.5;
    },
    {},
    label === 'own',
  );

let rooms = 0;
export const roomName = () => `demo-${process.pid}-${++rooms}`;

/** The tools of a state, with pages that are prepared before they load anything. */
export function prepared(tools, prepare) {
  const open = async (who) => {
    const page = await tools.open(who);
    await prepare(page, who);
    return page;
  };
  return { ...tools, open };
}

export async function lobby(page, base, room = roomName()) {
  await page.goto(`${base}/r/${room}`);
  await inState(page, 'lobby');
}

/** The lobby of a new sealed call. */
export async function sealedLobby(page, base) {
  await page.goto(base);
  await inState(page, 'start');
  await page.locator('.primary').click();
  await inState(page, 'lobby');
}

/** Alone in a room with a name. */
export async function waiting(page, base, room = roomName()) {
  await lobby(page, base, room);
  await pressJoin(page);
  await inState(page, 'waiting');
}

/** A call of Ada and Ben in a room with a name. */
export async function call({ open, base }) {
  const room = roomName();
  const [ada, ben] = [await open('ada'), await open('ben')];
  await waiting(ada, base, room);
  await lobby(ben, base, room);
  await pressJoin(ben);
  await talking(ada, ben);
  return { ada, ben, room };
}

/** The same behind a link with a secret. */
export async function sealedCall({ open, base }) {
  const [ada, ben] = [await open('ada'), await open('ben')];
  await sealedLobby(ada, base);
  await pressJoin(ada);
  await inState(ada, 'waiting');
  await ben.goto(ada.url());
  await inState(ben, 'lobby');
  await pressJoin(ben);
  await talking(ada, ben);
  return { ada, ben };
}

async function talking(...pages) {
  await Promise.all(pages.map((page) => inState(page, 'connected')));
  await Promise.all(pages.map((page) => moving(page)));
  // The first seconds of a picture are coarse.
  await settle(2000);
}

const device = (number) => (page) => page.locator(`.round:nth-child(${number})`).click();
export const pressMicrophone = device(1);
export const pressCamera = device(2);

export async function openMenu(page) {
  await page.locator('[aria-haspopup=menu]').click();
  await page.waitForSelector('.menu-item');
}

/** Presses a line of the menu, by its name in either language. */
export async function choose(page, ...names) {
  await wake(page);
  await openMenu(page);
  await page.$$eval(
    '.menu-item',
    (lines, names) => lines.find((line) => names.includes(line.textContent)).click(),
    names,
  );
}

/** Opens the settings of a call. */
export async function openSettings(page) {
  await choose(page, 'Settings', '设置');
  await page.waitForSelector('dialog[open] select');
}

/** Opens the statistics of a call. */
export async function openStatistics(page) {
  await wake(page);
  await page.locator('.pill-open').click();
  await page.waitForSelector('.plot');
}

export async function openChat(...pages) {
  for (const page of pages) {
    await wake(page);
    await page.locator('.chat-button').click();
    await page.waitForSelector('.compose');
  }
}

export async function write(page, text) {
  await page.locator('.compose textarea').fill(text);
  await page.locator('.compose .send').click();
}

/** Offers files by pasting them. `files`: names and sizes in bytes. */
export const offer = (page, ...files) =>
  page.evaluate((files) => {
    const data = new DataTransfer();
    for (const [name, size] of files) data.items.add(new File([new Uint8Array(size)], name));
    dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }));
  }, files);

/** Presses a button of a file that is not over yet: the first is the one to accept it, or to cancel it. */
export async function answer(page, name, button = 0) {
  const found = await page.waitForFunction(
    (name, button) =>
      [...document.querySelectorAll('.file:is([data-state=offered], [data-state=running])')]
        .find((row) => row.querySelector('.file-name').textContent === name)
        ?.querySelectorAll('.file-action')[button],
    {},
    name,
    button,
  );
  await found.evaluate((element) => element.click());
}

export const fileIs = (page, state) => page.waitForSelector(`.file[data-state=${state}]`);

export const share = (page) => page.locator('.share').click();

export async function record(page) {
  await openMenu(page);
  await page.locator('.menu-item[role=menuitemcheckbox]').click();
  await page.waitForSelector('.red-dot');
}
