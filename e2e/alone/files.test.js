// Files that go from one person to the other, however large, and whatever comes in between.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { browsers } from '../lib/browsers.js';
import { countSent, hashOf, MB, mb, offers, progress, savesTo, sparse, temporary } from '../lib/files.js';
import { openPerson, talk } from '../lib/person.js';
import { keepLine, replaceLink } from '../lib/replace.js';
import { scenario } from '../lib/scenario.js';
import { startTwocan } from '../lib/server.js';
import { until } from '../lib/wait.js';

const GB = 1_024 * MB;
/** How much more memory a page may take while a gigabyte goes through it (bytes). */
const FLAT = 200 * MB;
const launched = browsers();

scenario(
  'a file of a gigabyte arrives whole, and neither page takes memory for it',
  { timeout: 360_000 },
  async (s) => {
    const folder = await temporary(s);
    const source = await sparse(path.join(folder, 'film.bin'), GB);
    const { alice, bob } = await inCall(s);
    const saved = await savesTo(bob, folder);
    const watch = [await memoryOf(alice), await memoryOf(bob)];
    await offers(alice, source);
    await bob.press('Chat, 1 new');
    await bob.says(/film\.bin[\s\S]*1\.1 GB/);
    const begun = performance.now();
    await bob.press('Accept film.bin');
    await bob.says(/MB of 1\.1 GB · .*MB\/s · \d+:\d\d left/);
    const seen = watch.map((before) => ({ before, most: before }));
    await until('the file to be here', 300_000, async () => {
      for (const [at, person] of [alice, bob].entries()) {
        const { heap, resident } = await memoryOf(person);
        const { most } = seen[at];
        seen[at].most = { heap: Math.max(heap, most.heap), resident: Math.max(resident, most.resident) };
      }
      // Reading all text, twenty times a second, would be a load of its own.
      return alice.page.$eval('.file', (row) => row.dataset.state === 'done');
    });
    const seconds = (performance.now() - begun) / 1_000;
    s.state(`a gigabyte in ${seconds.toFixed(1)} s, ${(GB / 1e6 / seconds).toFixed(0)} MB/s, beside picture and sound`);
    for (const [at, { before, most }] of seen.entries()) {
      const grown = { heap: most.heap - before.heap, resident: most.resident - before.resident };
      s.state(`${['sender', 'receiver'][at]}: heap +${mb(grown.heap)} MB, process +${mb(grown.resident)} MB`);
      assert.ok(grown.heap < FLAT && grown.resident < FLAT, `memory grew: ${JSON.stringify(grown)}`);
    }
    await talk(alice, bob);
    assert.equal(await hashOf(await saved('film.bin', GB)), await hashOf(source));
  },
);

scenario('a file that is cut in the middle goes on where it was', { timeout: 360_000 }, async (s) => {
  const folder = await temporary(s);
  const source = await sparse(path.join(folder, 'cut.bin'), 64 * MB);
  const { alice, bob } = await inCall(s);
  const saved = await savesTo(bob, folder);
  // What goes out is counted, so that a beginning from the start would be seen.
  const bytesSent = await countSent(alice);
  await offers(alice, source);
  await bob.press('Chat, 1 new');
  await bob.press('Accept cut.bin');
  for (const share of [0.2, 0.6]) {
    await until(`${share} of the file`, 150_000, async () => (await progress(bob)) > share);
    const connections = await alice.connections();
    await replaceLink(bob, 'tea');
    await until('a new connection', 20_000, async () => (await alice.connections()) > connections);
  }
  await alice.says(/They have it/);
  assert.equal(await hashOf(await saved('cut.bin', 64 * MB)), await hashOf(source));
  const sent = await bytesSent();
  s.state(`${mb(sent)} MB were sent for a file of 64 MB that was cut twice`);
  assert.ok(sent > 64 * MB && sent < 64 * MB + 2 * 18 * MB, `${sent} bytes were sent`);
});

scenario('files are declined, cancelled from either side, and sent one after another', {}, async (s) => {
  const folder = await temporary(s);
  const large = await sparse(path.join(folder, 'large.bin'), GB);
  const names = ['a.txt', 'b.txt', 'c.txt'];
  const small = [];
  for (const name of names) small.push(await written(path.join(folder, name), `this is ${name}`));
  const { alice, bob } = await inCall(s);
  const saved = await savesTo(bob, folder);

  await offers(alice, large);
  await bob.press('Chat, 1 new');
  await bob.press('Decline large.bin');
  await alice.says(/They declined/);

  await offers(alice, large);
  await bob.press('Accept large.bin');
  await until('it to begin', 20_000, async () => (await progress(bob)) > 0);
  await bob.press('Cancel large.bin');
  await alice.says(/They cancelled/);
  await bob.says(/You cancelled/);

  await offers(alice, large);
  await bob.press('Accept large.bin');
  await until('it to begin', 20_000, async () => (await progress(bob)) > 0);
  await alice.press('Cancel large.bin');
  await bob.says(/They cancelled/);

  await offers(alice, ...small);
  for (const name of names) await bob.press(`Accept ${name}`);
  await until('all three', 20_000, async () => (await alice.text()).split('They have it').length === 4);
  for (const name of names) assert.equal(await readFile(await saved(name, 13), 'utf8'), `this is ${name}`);
});

scenario('what cannot be read or written is said in words', {}, async (s) => {
  const folder = await temporary(s);
  const source = await sparse(path.join(folder, 'full.bin'), 8 * MB);
  const { alice, bob } = await inCall(s);
  await bob.page.evaluate(withFullDisk);
  await offers(alice, source);
  await bob.press('Chat, 1 new');
  await bob.press('Accept full.bin');
  await bob.says(/Your disk is full\. Make room/);
  await alice.says(/Their disk is full\. Send it again/);

  await savesTo(bob, folder);
  const other = await sparse(path.join(folder, 'changed.bin'), 8 * MB);
  await offers(alice, other);
  await writeFile(other, 'shorter');
  await bob.press('Accept changed.bin');
  await alice.says(/could not be read, or has changed/);
  await bob.says(/They could not read the file any more/);
});

scenario('files are dropped on the picture, and pasted', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  const folder = await temporary(s);
  const saved = await savesTo(bob, folder);
  await alice.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['dropped'], 'dropped.txt'));
    const stage = document.querySelector('.stage');
    stage.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }));
    stage.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await bob.press('Chat, 1 new');
  await bob.press('Accept dropped.txt');
  await alice.says(/They have it/);
  assert.equal(await readFile(await saved('dropped.txt', 7), 'utf8'), 'dropped');
  await alice.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['pasted'], '../../pas\u202Eted.txt'));
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }));
  });
  await bob.press('Accept pasted.txt');
  assert.equal(await readFile(await saved('pasted.txt', 6), 'utf8'), 'pasted');
});

for (const [from, to] of [
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
]) {
  scenario(`a file goes from ${from} to ${to}`, {}, async (s) => {
    const folder = await temporary(s);
    const source = await sparse(path.join(folder, 'small.bin'), 5 * MB + 17);
    const twocan = await startTwocan(s);
    const alice = await openPerson(s, 'alice', await launched[from](), { before: keepLine });
    const bob = await openPerson(s, 'bob', await launched[to](), { before: keepLine });
    await meet(twocan, alice, bob);
    await bob.page.evaluate(keepHandedOver);
    await offers(alice, source);
    await bob.press('Chat, 1 new');
    await bob.press('Accept small.bin');
    await alice.says(/They have it/);
    await bob.says(/Received/);
    const got = await until('the download', 10_000, () => bob.page.evaluate(() => window.handedOver));
    assert.equal(got, await hashOf(source));
  });
}

/** A call of two whose pages keep their files on disk, as those of private windows do not. */
async function inCall(s) {
  const twocan = await startTwocan(s);
  const lasting = { lasting: true, before: keepLine };
  const alice = await openPerson(s, 'alice', await launched.chromium(), lasting);
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), lasting);
  await meet(twocan, alice, bob);
  return { alice, bob };
}

async function meet(twocan, alice, bob) {
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
}

/** Memory of a page and its process (bytes). */
async function memoryOf(person) {
  const { JSHeapUsedSize } = await person.page.metrics();
  person.process ??= await processOf(person);
  const status = await readFile(`/proc/${person.process}/status`, 'utf8');
  return { heap: JSHeapUsedSize, resident: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024 };
}

/** The page's own process: of those that draw pages the one that has worked most. */
async function processOf(person) {
  const browser = await person.page.browser().target().createCDPSession();
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  return pages.sort((one, other) => other.cpuTime - one.cpuTime)[0].id;
}

async function written(file, text) {
  await writeFile(file, text);
  return file;
}

/** Runs in the page: the place that the person chooses has no room. */
function withFullDisk() {
  window.showSaveFilePicker = async () => ({
    createWritable: async () => ({
      write: () => Promise.reject(new DOMException('no room', 'QuotaExceededError')),
      abort: async () => {},
    }),
  });
}

/** Runs in the page: of a file that is handed to the person, its SHA-256 is kept. */
function keepHandedOver() {
  window.showSaveFilePicker = undefined;
  const create = URL.createObjectURL;
  URL.createObjectURL = (file) => {
    const hash = async () => {
      const sum = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
      window.handedOver = [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    void hash();
    return create(file);
  };
}
