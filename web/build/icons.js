/**
 * Draws the icons of the installed page from src/ui/favicon.svg into public/: `npm run icons`, after the drawing has
 * changed. Needs Chromium, in `CHROMIUM` or where Debian puts it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const PAPER = '#fbf8f2';
/** `share`: how much of the icon's width the drawing has; systems cut a maskable one down to its middle. */
const ICONS = [
  { name: 'icon-192', size: 192, share: 0.92, ground: 'transparent' },
  { name: 'icon-512', size: 512, share: 0.92, ground: 'transparent' },
  { name: 'icon-maskable-512', size: 512, share: 0.6, ground: PAPER },
  { name: 'icon-apple-180', size: 180, share: 0.72, ground: PAPER },
];

const web = join(import.meta.dirname, '..');
const drawing = await readFile(join(web, 'src/ui/favicon.svg'), 'utf8');
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage();
  for (const { name, size, share, ground } of ICONS) {
    await page.setViewport({ width: size, height: size });
    await page.setContent(`<style>
      body { display: grid; place-items: center; height: 100vh; margin: 0; background: ${ground}; }
      svg { width: ${share * 100}vw; }
    </style>${drawing}`);
    const path = join(web, 'public', `${name}.png`);
    await page.screenshot({ path, omitBackground: ground === 'transparent' });
    console.log(path);
  }
} finally {
  await browser.close();
}
