// A call is recorded to a file that plays, and the other one knows of it.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { browsers, firefox } from '../lib/browsers.js';
import { openPerson, talk } from '../lib/person.js';
import { scenario } from '../lib/scenario.js';
import { startTwocan } from '../lib/server.js';
import { soundCard } from '../lib/sound.js';
import { until } from '../lib/wait.js';

const launched = browsers();
/** A recording of this length has something to show (s). */
const LONG_ENOUGH = 3;

scenario('a recording is a file that plays with both pictures and sounds, and the other one is told', {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: withoutPicker });
  const folder = await downloadsOf(s, alice);
  await alice.tick('Record');
  await alice.says(/Recording\s*0:0/);
  await bob.says(/They are recording this call/);
  await lasts(alice);
  await alice.press('Stop recording');
  await alice.says(/The recording is saved/);
  await bob.says(/They have stopped recording/);
  assert.doesNotMatch(await alice.text(), /Stop recording/);
  await talk(alice, bob);
  await expectFilm(s, alice, await fileIn(folder));
});

scenario('Firefox too records a file that plays', {}, async (s) => {
  const folder = await emptyFolder(s);
  const browser = s.own(await firefox({ downloads: folder, sound: await soundCard(s) }));
  const { alice, bob } = await inCall(s, { browser });
  await alice.tick('Record');
  await bob.says(/They are recording this call/);
  await lasts(alice);
  await alice.press('Stop recording');
  await alice.says(/The recording is saved/);
  await talk(alice, bob);
  const film = await fileIn(folder);
  assert.match(film.name, /\.webm$/);
  await expectFilm(s, alice, film);
});

scenario('whoever hangs up has the recording all the same', {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: withoutPicker });
  const folder = await downloadsOf(s, alice);
  await alice.tick('Record');
  await lasts(alice);
  await alice.press('Hang up');
  await alice.reaches('ended');
  await bob.reaches('waiting');
  await expectFilm(s, alice, await fileIn(folder));
});

scenario('a recording goes into the file that was chosen, and ends with the call', {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: withPicker });
  await alice.tick('Record');
  await bob.says(/They are recording this call/);
  await lasts(alice);
  await until('parts of it to be written', 15_000, () => alice.page.evaluate(() => globalThis.pieces >= 2));
  await bob.press('Hang up');
  await alice.reaches('waiting');
  const name = await until('the file to be closed', 10_000, () => alice.page.evaluate(() => globalThis.closedFile));
  assert.match(name, /^Call \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.mp4$/);
  const bytes = await alice.page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle('film')).getFile();
    let text = '';
    for (const byte of new Uint8Array(await file.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  });
  await expectFilm(s, alice, { name, bytes });
});

scenario('who chooses no file records nothing, and the other one hears nothing of it', {}, async (s) => {
  const { alice, bob } = await inCall(s, {
    before: () => {
      globalThis.showSaveFilePicker = async () => {
        globalThis.asked = true;
        throw new DOMException('', 'AbortError');
      };
    },
  });
  await alice.tick('Record');
  await until('the browser to ask', 5_000, () => alice.page.evaluate(() => globalThis.asked));
  await talk(alice, bob);
  assert.doesNotMatch(await alice.text(), /Recording/);
  assert.doesNotMatch(await bob.text(), /recording/);
});

scenario('a full disk ends the recording in words', {}, async (s) => {
  const { alice, bob } = await inCall(s, {
    before: () => {
      globalThis.showSaveFilePicker = async () => ({
        createWritable: async () => ({
          write: async () => {
            throw new DOMException('', 'QuotaExceededError');
          },
          close: async () => {},
        }),
      });
    },
  });
  await alice.tick('Record');
  await alice.says(/The recording ended, as no more could be written/);
  await bob.says(/They have stopped recording/);
});

scenario('a page that tells nothing of recordings leaves that to its person', {}, async (s) => {
  const { alice } = await inCall(s, { before: withoutPicker }, { before: tellsNothing });
  await alice.tick('Record');
  await alice.says(/Their page cannot say so: tell them yourself/);
  await alice.press('Stop recording');
  await alice.says(/The recording is saved/);
});

/** Runs in the page: the browser has no files to choose. */
function withoutPicker() {
  delete globalThis.showSaveFilePicker;
}

/** Runs in the page: the person chooses a file. */
function withPicker() {
  globalThis.showSaveFilePicker = async ({ suggestedName }) => {
    const folder = await navigator.storage.getDirectory();
    const file = await folder.getFileHandle('film', { create: true });
    return {
      async createWritable() {
        const writable = await file.createWritable();
        return {
          async write(piece) {
            await writable.write(piece);
            globalThis.pieces = (globalThis.pieces ?? 0) + 1;
          },
          async close() {
            await writable.close();
            globalThis.closedFile = suggestedName;
          },
        };
      },
    };
  };
}

/** Runs in the page: it tells the server of no capability that older pages did not have. */
function tellsNothing() {
  const real = WebSocket.prototype.send;
  WebSocket.prototype.send = function send(data) {
    return real.call(this, typeof data === 'string' ? data.replace(',"recording":true', '') : data);
  };
}

/** Waits until the clock of the recording says that it is long enough. */
async function lasts(person) {
  await until('the recording to last', 20_000, async () => {
    const [, seconds] = /Recording\s*0:(\d\d)/.exec(await person.text()) ?? [];
    return Number(seconds) >= LONG_ENOUGH;
  });
}

/** Where the downloads of a person go. */
async function downloadsOf(s, person) {
  const folder = await emptyFolder(s);
  const devtools = await person.page.createCDPSession();
  await devtools.send('Browser.setDownloadBehavior', {
    behavior: 'allow',
    downloadPath: folder,
    browserContextId: person.page.browserContext().id,
  });
  return folder;
}

async function emptyFolder(s) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-downloads-'));
  return s.own(folder, () => rm(folder, { recursive: true }));
}

/** The one file of a folder, once it is complete. */
async function fileIn(folder) {
  const name = await until('a file to be saved', 15_000, async () => {
    const files = await readdir(folder);
    return files.length === 1 && !/\.(crdownload|part)$/.test(files[0]) && files[0];
  });
  assert.match(name, /^Call \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.(mp4|webm)$/);
  return { name, bytes: await readFile(path.join(folder, name), 'base64') };
}

/** Plays a film in the person's browser: it has its length, its two pictures move, and something is heard. */
async function expectFilm(s, person, { name, bytes }) {
  const type = name.endsWith('.mp4') ? 'video/mp4' : 'video/webm';
  const film = await person.page.evaluate(play, bytes, type);
  s.state(`${name}: ${JSON.stringify(film)}, ${Math.round((bytes.length * 3) / 4 / 1024)} kB`);
  assert.ok(film.duration >= LONG_ENOUGH - 1 && film.duration < 30, `it lasts ${film.duration} s`);
  assert.deepEqual([film.width, film.height], [1280, 720]);
  assert.ok(film.frames > 5, `${film.frames} pictures`);
  assert.ok(film.large > 2, 'the large picture moves');
  assert.ok(film.small > 2, 'the small picture moves');
  assert.ok(film.loudest > 0.01, `the loudest sound is ${film.loudest}`);
}

/** Runs in the page: plays a film, looks at two parts of it, and listens. */
async function play(bytes, type) {
  const data = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
  const video = document.createElement('video');
  video.src = URL.createObjectURL(new Blob([data], { type }));
  await new Promise((resolve, reject) => {
    video.onloadedmetadata = resolve;
    video.onerror = () => reject(new Error(video.error?.message));
  });
  const sound = await new AudioContext().decodeAudioData(data.buffer.slice(0));
  let loudest = 0;
  for (const sample of sound.getChannelData(0)) loudest = Math.max(loudest, Math.abs(sample));

  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen = { large: new Set(), small: new Set() };
  video.muted = true;
  await video.play();
  while (!video.ended) {
    context.drawImage(video, 0, 0, 64, 36);
    seen.large.add(context.getImageData(2, 2, 40, 32).data.join());
    seen.small.add(context.getImageData(50, 27, 10, 7).data.join());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    // A film that is written as it goes on does not say its length at its beginning.
    duration: video.currentTime,
    width: video.videoWidth,
    height: video.videoHeight,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    large: seen.large.size,
    small: seen.small.size,
    loudest,
  };
}

/** Alice and Bob in a call; options for each of them, and another browser for Alice. */
async function inCall(s, { browser, ...forAlice } = {}, forBob = {}) {
  const twocan = await startTwocan(s);
  const url = twocan.url('/r/tea');
  const alice = await openPerson(s, 'alice', browser ?? (await launched.chromium()), forAlice);
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), forBob);
  await alice.join(url);
  await alice.reaches('waiting');
  await bob.join(url);
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
  return { twocan, alice, bob };
}
