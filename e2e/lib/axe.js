// What keeps people out of a page, as far as a program can see it: axe-core, in the sizes and the colours of a page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Colours do not depend on the size: the rest is looked at once in each size. */
const COLOURS = ['color-contrast'];
const LOOKS = [
  { size: DESKTOP, scheme: 'light' },
  { size: DESKTOP, scheme: 'dark', rules: COLOURS },
  { size: PHONE, scheme: 'light', rules: COLOURS },
  { size: PHONE, scheme: 'dark' },
];

/**
 * The page as it stands breaks no rule of axe-core, on a desktop and a phone, by day and by night. `again`: it has been
 * looked at in another language, and its colours are those of before.
 */
export async function assertAccessible(person, state, { again = false } = {}) {
  const { page } = person;
  const found = new Set();
  await page.bringToFront();
  for (const { size, scheme, rules } of LOOKS) {
    if (again && rules) continue;
    await page.setViewport(size);
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    // What has faded away for lack of a hand comes back.
    await page.mouse.move(size.width / 2, 200 + Math.random() * 100);
    await Promise.all(page.frames().map(bringAxe));
    // In a frame of another site, colours go over into each other all the same.
    await Promise.all(page.frames().map((frame) => frame.evaluate(settle)));
    for (const line of await page.evaluate(violations, rules)) found.add(`${line} (${size.width} px, ${scheme})`);
  }
  assert.deepEqual([...found], [], state);
}

/** Lets axe-core look into a frame, of whatever site. */
async function bringAxe(frame) {
  if (await frame.evaluate(() => 'axe' in window)) return;
  await frame.evaluate(AXE);
  await frame.evaluate(() => window.axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] }));
}

/** Runs in a frame: what moves for a while is at its end. */
function settle() {
  for (const each of document.getAnimations()) {
    if (each.effect.getComputedTiming().endTime < Infinity) each.finish();
  }
}

/** Runs in the page: what axe-core finds, a line for each element. */
async function violations(rules) {
  // Against a gradient, axe-core tells no contrast: its end is where text is harder to read, by day and by night.
  const ground = document.querySelector('main:not(.dark-stage)');
  if (ground) ground.style.background = 'var(--paper-glow)';
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const report = await window.axe.run(document, {
    resultTypes: ['violations'],
    ...(rules && { runOnly: { type: 'rule', values: rules } }),
  });
  if (ground) ground.style.background = '';
  return report.violations.flatMap(({ id, nodes }) => {
    return nodes.map(({ target, failureSummary, any }) => {
      const { fgColor, bgColor, contrastRatio } = any[0]?.data ?? {};
      const colours = contrastRatio ? ` ${fgColor} on ${bgColor} is ${contrastRatio}` : '';
      return `${id}: ${target.join(' ')}: ${failureSummary.split('\n').slice(1, 2).join('').trim()}${colours}`;
    });
  });
}
