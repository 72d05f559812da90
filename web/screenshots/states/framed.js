/** The call in a small frame of another site. */
import {
  hangUp,
  inState,
  lobby,
  moving,
  openChat,
  openMenu,
  pressJoin,
  roomName,
  settle,
  wake,
  write,
} from '../steps.js';

/** A page of a site with a call in it; the answer is the frame as well. */
async function framed({ open, site }, room = roomName()) {
  const page = await open('ada');
  await page.goto(`${site}/${room}`);
  const element = await page.waitForSelector('iframe');
  const frame = await element.contentFrame();
  return { page, frame, room };
}

/** Two talk, one of them in the frame. */
async function framedCall(tools) {
  const { page, frame, room } = await framed(tools);
  await inState(frame, 'lobby');
  await pressJoin(frame);
  await inState(frame, 'waiting');
  const ben = await tools.open('ben');
  await lobby(ben, tools.base, room);
  await pressJoin(ben);
  await inState(frame, 'connected');
  await moving(frame);
  await settle(2000);
  return { page, frame, ben };
}

export const FRAMED = {
  async 'framed-lobby'(tools) {
    const { page, frame } = await framed(tools);
    await inState(frame, 'lobby');
    await moving(frame, 'own');
    return page;
  },
  async 'framed-waiting'(tools) {
    const { page, frame } = await framed(tools);
    await inState(frame, 'lobby');
    await pressJoin(frame);
    await inState(frame, 'waiting');
    await moving(frame, 'own');
    return page;
  },
  async 'framed-call'(tools) {
    return (await framedCall(tools)).page;
  },
  async 'framed-menu'(tools) {
    const { page, frame } = await framedCall(tools);
    await wake(page);
    await openMenu(frame);
    return page;
  },
  async 'framed-chat'(tools) {
    const { page, frame, ben } = await framedCall(tools);
    await openChat(ben);
    await write(ben, 'Look, a toucan on the balcony');
    await wake(page);
    await frame.locator('.chat-button').click();
    await frame.waitForSelector('.compose');
    return page;
  },
  async 'framed-verify'(tools) {
    const { page, frame } = await framedCall(tools);
    await frame.locator('.seal').click();
    await frame.waitForSelector('.signs');
    return page;
  },
  async 'framed-ended'(tools) {
    const { page, frame } = await framedCall(tools);
    await wake(page);
    await hangUp(frame);
    await inState(frame, 'ended');
    return page;
  },
  async 'framed-not-allowed'({ open, site }) {
    const page = await open('ada');
    await page.goto(`${site.replace('localhost', '127.0.0.1')}/tea`);
    await settle(1000);
    return page;
  },
};
