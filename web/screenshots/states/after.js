/** After a call, or in place of one. */
import { refusedWith } from '../played.js';
import { call, hangUp, inState, lobby, pressJoin, waiting, wake } from '../steps.js';
import { callWithTrouble } from './trouble.js';

/** A page whose wish to join is refused. */
async function refused({ open, base }, code) {
  const page = await open('ada');
  await refusedWith(page, code);
  await lobby(page, base);
  await pressJoin(page);
  await inState(page, 'failed');
  return page;
}

async function ended(tools) {
  const { ada } = await call(tools);
  await wake(ada);
  await hangUp(ada);
  await inState(ada, 'ended');
  return ada;
}

export const AFTER = {
  ended,
  async 'ended-in-parts'(tools) {
    const ada = await ended(tools);
    await ada.locator('.parts summary').click();
    return ada;
  },
  async 'ended-after-trouble'(tools) {
    const ada = await callWithTrouble(tools);
    await hangUp(ada);
    await inState(ada, 'ended');
    return ada;
  },
  async 'ended-alone'({ open, base }) {
    const page = await open('ada');
    await waiting(page, base);
    await hangUp(page);
    await inState(page, 'ended');
    return page;
  },
  async left(tools) {
    const { ada, ben } = await call({ ...tools, base: tools.publicBase });
    await wake(ben);
    await hangUp(ben);
    await inState(ada, 'waiting');
    return ada;
  },
  async replaced(tools) {
    const { ada, room } = await call(tools);
    const kept = await ada.evaluate(() => Object.entries(sessionStorage));
    const copy = await ada.browserContext().newPage();
    await copy.evaluateOnNewDocument((entries) => {
      for (const [key, value] of entries) sessionStorage.setItem(key, value);
    }, kept);
    await lobby(copy, tools.base, room);
    await pressJoin(copy);
    await inState(ada, 'replaced');
    return ada;
  },
  async full(tools) {
    const { room } = await call(tools);
    const page = await tools.open('ada');
    await lobby(page, tools.base, room);
    await pressJoin(page);
    await inState(page, 'failed');
    return page;
  },
  unauthorized: (tools) => refused(tools, 'unauthorized'),
  'too-many-rooms': (tools) => refused(tools, 'too_many_rooms'),
  refused: (tools) => refused(tools, 'invalid'),
};
