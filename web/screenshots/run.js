/**
 * Shoots every state of the page: `npm run screenshots [state...]`, with `TWOCAN_URL` of a running
 * server or `TWOCAN_BIN` of the program. Writes to screenshots/out; fails on a page error, a breach
 * of the Content-Security-Policy, or a page that scrolls sideways.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  launch,
  openPage,
  PUBLIC_HOST,
  REFUSING,
  WITH_CAMERA,
  WITHOUT_DEVICES,
} from './browsers.js';
import { PEOPLE, writeFilm } from './faces.js';
import { STATES } from './states.js';

const SIZES = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844, deviceScaleFactor: 2 },
};
const LANGUAGES = { en: 'en-GB', zh: 'zh-CN' };
const SCHEMES = ['light', 'dark'];
/** Screens that must fit a phone without scrolling. */
const MUST_FIT = new Set([
  'start',
  'lobby',
  'lobby-by-link',
  'lobby-sealed',
  'start-with-a-cut-link',
  'waiting',
  'waiting-named',
  'ready',
  'ended',
  'full',
  'replaced',
]);
const PORT = process.env.TWOCAN_PORT ?? '22500';

const out = join(import.meta.dirname, 'out');
const wanted = process.argv.slice(2);
const problems = [];
const films = await mkdtemp(join(tmpdir(), 'twocan-films-'));
const server = process.env.TWOCAN_URL ? null : await serve(process.env.TWOCAN_BIN);
const base = process.env.TWOCAN_URL ?? `http://localhost:${PORT}`;
const { port } = new URL(base);
const publicBase = `http://${PUBLIC_HOST}:${port}`;

const painter = await launch(port);
for (const [name, person] of Object.entries(PEOPLE)) {
  await writeFilm(painter, person, join(films, `${name}.mjpeg`));
}
await painter.close();
const people = {
  ada: await launch(port, WITH_CAMERA(join(films, 'ada.mjpeg'))),
  ben: await launch(port, WITH_CAMERA(join(films, 'ben.mjpeg'))),
  refusing: await launch(port, REFUSING),
  bare: await launch(port, WITHOUT_DEVICES),
};

try {
  await mkdir(out, { recursive: true });
  for (const [language, tag] of Object.entries(LANGUAGES)) {
    for (const [name, arrange] of Object.entries(STATES)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await shoot(name, arrange, language, tag);
    }
  }
} finally {
  await Promise.all(Object.values(people).map((browser) => browser.close()));
  server?.kill('SIGTERM');
  await rm(films, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

async function shoot(name, arrange, language, tag) {
  const opened = [];
  const open = async (who) => {
    const page = await openPage(people[who], tag, (text) =>
      problems.push(`${name} ${language}: ${text}`),
    );
    await page.setViewport(SIZES.desktop);
    opened.push(page);
    return page;
  };
  try {
    const page = await arrange({ open, base, publicBase });
    await page.bringToFront();
    for (const [sizeName, size] of Object.entries(SIZES)) {
      await page.setViewport(size);
      for (const scheme of SCHEMES) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        // A move brings the bar of a call back; then everything comes to rest.
        await page.mouse.move(200 + Math.random() * 20, 300);
        await new Promise((resolve) => setTimeout(resolve, 350));
        const file = join(out, `${name}-${sizeName}-${language}-${scheme}.png`);
        await page.screenshot({ path: file });
        await checkFit(page, `${name} ${sizeName} ${language}`, MUST_FIT.has(name));
      }
    }
    console.log(`${name} ${language}`);
  } catch (error) {
    problems.push(`${name} ${language}: ${error.message}`);
  } finally {
    await Promise.all(opened.map((page) => page.browserContext().close()));
  }
}

async function checkFit(page, what, mustFit) {
  const over = await page.evaluate(() => {
    const root = document.documentElement;
    return { x: root.scrollWidth - root.clientWidth, y: root.scrollHeight - root.clientHeight };
  });
  if (over.x > 0) problems.push(`${what}: ${over.x} px too wide`);
  if (mustFit && over.y > 0) problems.push(`${what}: ${over.y} px too high`);
}

async function serve(binary) {
  if (!binary) throw new Error('Set TWOCAN_URL to a running server, or TWOCAN_BIN to the program.');
  const args = ['serve', '--http', `127.0.0.1:${PORT}`, '--https', 'off'];
  const child = spawn(binary, [...args, '--turn', '127.0.0.1:22578'], { stdio: 'inherit' });
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const up = await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => null);
    if (up?.ok) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGTERM');
  throw new Error(`${binary} does not answer on port ${PORT}.`);
}
