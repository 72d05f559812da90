// Files of a test: made, offered on a page, watched on their way, and found where the other page has saved them.
import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from './wait.js';

export const MB = 1_048_576;

/** A folder for the length of a test. */
export async function temporary(s) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-files-'));
  return s.own(folder, () => rm(folder, { recursive: true, force: true }));
}

/** A file of this size that takes no room on disk, with something else in each of its pieces. */
export async function sparse(file, size) {
  const handle = await open(file, 'w');
  try {
    await handle.truncate(size);
    for (let at = 0; at < size; at += MB) {
      const mark = Buffer.from(`piece at ${at}`);
      await handle.write(mark, 0, mark.length, Math.min(at + (at / MB) * 7, size - mark.length));
    }
  } finally {
    await handle.close();
  }
  return file;
}

/** A file of this size in which no two places are alike, the same one for the same `seed`. */
export async function seeded(file, size, seed) {
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const handle = await open(file, 'w');
  try {
    for (let at = 0; at < size; at += MB) await handle.write(stream.update(Buffer.alloc(Math.min(MB, size - at))));
  } finally {
    await handle.close();
  }
  return file;
}

/** SHA-256 of a file. */
export async function hashOf(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: MB })) hash.update(chunk);
  return hash.digest('hex');
}

/** Chooses files in the chat, which is opened if it is not. */
export async function offers(person, ...files) {
  if (!(await person.names('Conversation'))) await person.press('Chat');
  const input = await person.page.waitForSelector('input[type=file]');
  await input.uploadFile(...files);
}

/** How much of the file that runs is here, from 0 to 1. */
export async function progress(person) {
  return person.page.evaluate(() => {
    const bar = document.querySelector('progress');
    return bar ? bar.value / bar.max : 0;
  });
}

/** Lets downloads of a person go to a folder; returns how to wait for one. */
export async function savesTo(person, folder) {
  // No dialog can be answered here, so the page's own store and a download take its place.
  await person.page.evaluate(() => {
    window.showSaveFilePicker = undefined;
  });
  const browser = await person.page.browser().target().createCDPSession();
  const downloads = path.join(folder, 'downloads');
  await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
  return (name, size) => {
    const file = path.join(downloads, name);
    return until(`${name} to be saved`, 30_000, async () => {
      const found = await stat(file).catch(() => null);
      return found?.size === size && file;
    });
  };
}

/** Counts the bytes of files that go out from a page from here on; returns how to read that. */
export async function countSent(person) {
  await person.page.evaluate(countBytes);
  return () => person.page.evaluate(() => window.bytesSent);
}

/** Runs in the page. */
function countBytes() {
  window.bytesSent = 0;
  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (data) {
    if (typeof data !== 'string') window.bytesSent += data.byteLength;
    return send.call(this, data);
  };
}

/** Bytes in words. */
export function mb(bytes) {
  return Math.round(bytes / MB);
}
