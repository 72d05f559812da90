/** When something is wrong with the devices, the line or the server; and the statistics, which tell what. */
import {
  breakable,
  hasty,
  interrupt,
  meddledWith,
  playedDevices,
  pullOut,
  relayedOnly,
  severable,
  suffers,
} from '../played.js';
import { call, inState, openStatistics, prepared, sealedCall, settle, wake } from '../steps.js';

/** A call that suffers, as Ada's browser has it. `said`: in the end. */
export async function callWithTrouble(tools, what, said = /./) {
  const suffering = (page, who) => (who === 'ada' ? suffers(page, what) : undefined);
  const { ada } = await call(prepared(tools, suffering));
  await ada.waitForFunction(
    (said) => {
      const line = document.querySelector('.pill[data-line=weak] > [aria-hidden]');
      return line && new RegExp(said).test(line.textContent);
    },
    {},
    said.source,
  );
  await wake(ada);
  return ada;
}

async function statistics(tools) {
  const { ada } = await call(tools);
  await settle(12_000);
  await openStatistics(ada);
  return ada;
}

async function furtherDown(page) {
  await page.$eval('.statistics', (all) => all.scrollTo(0, all.scrollHeight));
  return page;
}

/** A call in which Ada loses a device. */
async function callWithout(tools, kind, error) {
  const { ada } = await call(prepared(tools, playedDevices));
  await pullOut(ada, kind, error);
  await ada.waitForSelector('.notice');
  await wake(ada);
  return ada;
}

async function callWithoutServer(tools, lost) {
  const people = await call(prepared(tools, severable));
  await people[lost].evaluate(() => globalThis.loseServer());
  await people.ada.waitForSelector('[data-line=offline]');
  await wake(people.ada);
  return people.ada;
}

export const TROUBLE = {
  statistics,
  'statistics-further-down': async (tools) => furtherDown(await statistics(tools)),
  async 'statistics-with-trouble'(tools) {
    const ada = await callWithTrouble(tools);
    await openStatistics(ada);
    await ada.waitForSelector('.verdict[data-line=weak]');
    return ada;
  },
  async 'statistics-of-a-broken-line'(tools) {
    const { ada } = await call(prepared(tools, breakable));
    await openStatistics(ada);
    await interrupt(ada);
    await inState(ada, 'reconnecting');
    return ada;
  },
  async 'statistics-relayed'(tools) {
    const { ada } = await call(prepared(tools, relayedOnly));
    await openStatistics(ada);
    return furtherDown(ada);
  },
  async 'call-relayed'(tools) {
    const { ada } = await call(prepared(tools, relayedOnly));
    await wake(ada);
    return ada;
  },
  'call-with-trouble': (tools) => callWithTrouble(tools),
  'call-own-network': (tools) => callWithTrouble(tools, { out: true }, /^Your|^你的/),
  'call-their-network': (tools) => callWithTrouble(tools, { in: true }, /^Their|^对方/),
  'call-own-computer': (tools) => callWithTrouble(tools, { busy: true }),
  'call-camera-lost': (tools) => callWithout(tools, 'video', 'NotFoundError'),
  'call-microphone-taken': (tools) => callWithout(tools, 'audio', 'NotReadableError'),
  'call-other-camera': (tools) => callWithout(tools, 'video'),
  async 'call-meddled-with'(tools) {
    const { ada } = await sealedCall(prepared(tools, meddledWith));
    await ada.waitForSelector('.notice');
    await wake(ada);
    return ada;
  },
  'call-they-are-away': (tools) => callWithoutServer(tools, 'ben'),
  'call-without-server': (tools) => callWithoutServer(tools, 'ada'),
  async reconnecting(tools) {
    const { ada } = await call(prepared(tools, breakable));
    await interrupt(ada);
    await inState(ada, 'reconnecting');
    return ada;
  },
  async 'reconnecting-stuck'(tools) {
    const { ada } = await call(
      prepared(tools, async (page) => {
        await breakable(page);
        await hasty(page);
      }),
    );
    await interrupt(ada);
    await ada.waitForSelector('.veil .primary');
    return ada;
  },
  async 'reconnecting-they-are-away'(tools) {
    const { ada, ben } = await call(prepared(tools, severable));
    // A page that goes without a server cannot say so: nobody knows whether it comes back.
    await ben.evaluate(() => globalThis.loseServer());
    await ben.goto('about:blank');
    await inState(ada, 'reconnecting');
    return ada;
  },
  async 'no-connection'({ open, front }) {
    const page = await open('ada');
    await front.open();
    await page.goto(front.base);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await front.close();
    await page.reload();
    await page.waitForSelector('h1 .en');
    return page;
  },
};
