// The choice of colours and language: it is remembered, and there before anything is seen.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const LIGHT = 'light';
const DARK = 'dark';

for (const [browser, launch] of [
  ['Chromium', () => launched.chromium()],
  ['Firefox', () => launched.firefox()],
]) {
  scenario(`light and dark are chosen and remembered in ${browser}`, {}, async (s) => {
    const twocan = await startTwocan(s);
    const ann = await openPerson(s, 'ann', await launch());
    await ann.visit(twocan.url());
    const system = await ground(ann);
    const other = system === LIGHT ? DARK : LIGHT;
    await choose(ann, other === DARK ? 'Dark' : 'Light');
    await until('the ground to change', 5_000, async () => (await ground(ann)) === other);
    await ann.page.reload();
    await ann.reaches('start');
    assert.equal(await ground(ann), other);
    await choose(ann, 'System');
    await until('the ground to be as before', 5_000, async () => (await ground(ann)) === system);
    assert.deepEqual(ann.errors, []);
    assert.deepEqual(await ann.violations(), []);
  });
}

scenario('the first thing that is painted has the colours that were chosen', {}, async (s) => {
  const twocan = await startTwocan(s);
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.visit(twocan.url());
  await choose(ann, 'Dark');
  await ann.page.evaluateOnNewDocument(() => {
    // Called before each painting, thus before the first one.
    requestAnimationFrame(() => {
      window.painted = document.documentElement?.dataset.theme ?? 'as the system';
    });
  });
  await ann.page.reload();
  await ann.reaches('start');
  const painted = await ann.page.waitForFunction(() => window.painted);
  assert.equal(await painted.jsonValue(), 'dark');
});

scenario('the language is chosen and remembered', {}, async (s) => {
  const twocan = await startTwocan(s);
  const ann = await openPerson(s, 'ann', await launched.chromium());
  await ann.visit(twocan.url());
  await choose(ann, '中文');
  await ann.says(/开始通话/);
  await ann.visit(twocan.url('/r/tea'));
  await ann.says(/加入/);
  // A site around the page would say so in this way.
  await ann.visit(twocan.url('/r/cup#lang=en'));
  await ann.says(/Ready to join/);
});

scenario('who changes the language during a call is back in it', {}, async (s) => {
  const twocan = await startTwocan(s);
  const ann = await openPerson(s, 'ann', await launched.chromium());
  const ben = await openPerson(s, 'ben', await launched.secondChromium());
  await ann.join(twocan.url('/r/tea'));
  await ann.reaches('waiting');
  await ben.join(twocan.url('/r/tea'));
  await talk(ann, ben);
  await ann.choose('Language and colours');
  await ann.page.locator('::-p-aria([name="中文"][role="radio"])').click();
  await until('the Chinese call', 20_000, () => ann.names('麦克风').catch(() => false));
  await talk(ben);
  assert.match(await ann.page.evaluate(() => document.documentElement.lang), /^zh/);
});

async function choose(person, name) {
  await person.press('Language and colours');
  const choice = await person.page.locator(`::-p-aria([name="${name}"][role="radio"])`).waitHandle();
  await Promise.all([name === '中文' && person.page.waitForNavigation(), choice.click()]);
  if (name !== '中文') await person.press('Close');
}

/** Whether the page is light or dark. */
function ground(person) {
  return person.page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data[0] > 128 ? 'light' : 'dark';
  });
}
