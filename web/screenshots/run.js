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
  INSECURE_HOST,
  launch,
  openPage,
  PUBLIC_HOST,
  REFUSING,
  WITH_CAMERA,
  WITHOUT_DEVICES,
} from './browsers.js';
import { PEOPLE, writeFilm } from './faces.js';
import { frontOf } from './front.js';
import { openSite } from './site.js';
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
  'lobby-all-off',
  'lobby-camera-off',
  'lobby-on-a-phone',
  'start-with-a-cut-link',
  'start-insecure',
  'waiting',
  'waiting-named',
  'waiting-copied',
  'waiting-asking-first',
  'waiting-with-a-link-of-ones-own',
  'ready',
  'ended',
  'ended-alone',
  'full',
  'unreachable',
  'replaced',
]);
const PORT = Number(process.env.TWOCAN_PORT ?? 22500);
/** Of a page that shows calls in a frame. */
const SITE_PORT = PORT + 2;
/** Of a way to the server that can be closed. */
const FRONT_PORT = PORT + 3;

const out = join(import.meta.dirname, 'out');
const wanted = process.argv.slice(2);
let problems = 0;
const films = await mkdtemp(join(tmpdir(), 'twocan-films-'));
const server = process.env.TWOCAN_URL ? null : await serve(process.env.TWOCAN_BIN);
const base = process.env.TWOCAN_URL ?? `http://localhost:${PORT}`;
const { port } = new URL(base);
const ports = [port, FRONT_PORT];
const places = {
  base,
  publicBase: `http://${PUBLIC_HOST}:${port}`,
  insecureBase: `http://${INSECURE_HOST}:${port}`,
  site: `http://localhost:${SITE_PORT}`,
  front: frontOf(`http://${PUBLIC_HOST}:${FRONT_PORT}`, FRONT_PORT, port),
};
const site = await openSite(SITE_PORT, base);

const painter = await launch(ports);
for (const [name, person] of Object.entries(PEOPLE)) {
  await writeFilm(painter, person, join(films, `${name}.mjpeg`));
}
await painter.close();
const people = {
  ada: await launch(ports, WITH_CAMERA(join(films, 'ada.mjpeg'))),
  ben: await launch(ports, WITH_CAMERA(join(films, 'ben.mjpeg'))),
  refusing: await launch(ports, REFUSING),
  bare: await launch(ports, WITHOUT_DEVICES),
};

try {
  await mkdir(out, { recursive: true });
  for (const [name, arrange] of Object.entries(STATES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const [language, tag] of Object.entries(LANGUAGES)) {
      await shoot(name, arrange, language, tag);
    }
  }
} finally {
  await Promise.all(Object.values(people).map((browser) => browser.close()));
  server?.kill('SIGTERM');
  site.close();
  await rm(films, { recursive: true });
}
process.exitCode = problems > 0 ? 1 : 0;

function complain(text) {
  problems += 1;
  console.error(text);
}

async function shoot(name, arrange, language, tag) {
  const opened = [];
  const open = async (who) => {
    const page = await openPage(people[who], tag, (text) =>
      complain(`${name} ${language}: ${text}`),
    );
    await page.setViewport(SIZES.desktop);
    opened.push(page);
    return page;
  };
  try {
    const page = await arrange({ open, ...places });
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
    complain(`${name} ${language}: ${error.message}`);
  } finally {
    await Promise.all(opened.map((page) => page.browserContext().close()));
  }
}

async function checkFit(page, what, mustFit) {
  for (const frame of page.frames()) {
    const over = await frame.evaluate(() => {
      const root = document.documentElement;
      return { x: root.scrollWidth - root.clientWidth, y: root.scrollHeight - root.clientHeight };
    });
    if (over.x > 0) complain(`${what}: ${over.x} px too wide`);
    if (mustFit && over.y > 0) complain(`${what}: ${over.y} px too high`);
  }
}

async function serve(binary) {
  if (!binary) throw new Error('Set TWOCAN_URL to a running server, or TWOCAN_BIN to the program.');
  const listen = [
    '--http',
    `127.0.0.1:${PORT}`,
    '--https',
    'off',
    '--turn',
    `127.0.0.1:${PORT + 1}`,
  ];
  const allow = ['--limits', 'off', '--frame-ancestor', `http://localhost:${SITE_PORT}`];
  const child = spawn(binary, ['serve', ...listen, ...allow], { stdio: 'inherit' });
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const up = await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => null);
    if (up?.ok) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGTERM');
  throw new Error(`${binary} does not answer on port ${PORT}.`);
}
