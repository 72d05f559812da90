// A screen is shown beside the camera, by either side, with its sound; and every way in which that ends.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const SCREEN = 'video[aria-label="Their screen"]';

for (const sharer of ['who was there first', 'who came second']) {
  scenario(`a screen is shown beside the camera, with its sound, by the one ${sharer}`, {}, async (s) => {
    const { alice, bob } = await inCall(s, { before: keepScreens }, { before: keepScreens });
    const [shows, sees] = sharer === 'who was there first' ? [alice, bob] : [bob, alice];
    for (const person of [alice, bob]) await person.forgetStates();
    await shows.press('Share screen');
    await shows.says(/You are sharing your screen/);
    await sees.says(/They are sharing their screen/);
    const { camera, screen } = await seesScreen(sees);
    const shown = await shows.page.evaluate(() => globalThis.screens[0].getVideoTracks()[0].getSettings());
    assert.deepEqual(screen.size, [shown.width, shown.height], 'all of the screen');
    assert.notDeepEqual(camera.size, screen.size);
    assert.equal(screen.fit, 'contain');
    assert.ok(screen.width > 2 * camera.width, 'the screen is the large picture');
    assert.equal(screen.sounds, 1);
    await until('the sound of the screen', 10_000, () => sees.page.evaluate(hears, SCREEN));
    await talk(alice, bob);

    await shows.press('Stop sharing');
    await gone(sees);
    assert.doesNotMatch(await shows.text(), /sharing/);
    await talk(alice, bob);
    for (const person of [alice, bob]) assert.deepEqual(await person.states(), [], 'nothing was interrupted');
  });
}

scenario('both share at once, and one goes on when the other stops', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await Promise.all([alice.press('Share screen'), bob.press('Share screen')]);
  await Promise.all([seesScreen(alice), seesScreen(bob)]);
  await alice.press('Stop sharing');
  await gone(bob);
  await seesScreen(alice);
  await alice.press('Share screen');
  await Promise.all([seesScreen(alice), seesScreen(bob)]);
});

scenario('the screen is shown again to a page that was loaded anew, and goes on over a new path', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await alice.press('Share screen');
  await seesScreen(bob);
  await bob.page.reload({ waitUntil: 'domcontentloaded' });
  await bob.reaches('connected');
  await seesScreen(bob);
  const before = await bob.page.evaluate(pathName);
  await alice.page.evaluate(() => dispatchEvent(new Event('online')));
  await until('bob to be on a new path', 15_000, async () => (await bob.page.evaluate(pathName)) !== before);
  await seesScreen(bob);
  await talk(alice, bob);
});

scenario('the screen of the one who came second survives the reload of the first', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await bob.press('Share screen');
  await seesScreen(alice);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.reaches('connected');
  await seesScreen(alice);
  await talk(alice, bob);
});

scenario("the browser's own button ends it in the page too, and so does hanging up", {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: keepScreens });
  await alice.page.evaluate(() => {
    globalThis.refuse = true;
  });
  await alice.press('Share screen');
  await until('the browser to ask', 5_000, () => alice.page.evaluate(() => !globalThis.refuse));
  assert.doesNotMatch(await alice.text(), /shar(ing|ed)/, 'who changes their mind is not told off');
  await alice.press('Share screen');
  await seesScreen(bob);
  await alice.page.evaluate(() => {
    const [track] = globalThis.screens.at(-1).getVideoTracks();
    track.stop();
    // What the browser does when its own button is pressed; a page's `stop` tells nobody.
    track.dispatchEvent(new Event('ended'));
  });
  await gone(bob);
  assert.ok(await alice.names('Share screen'));
  await alice.press('Share screen');
  await seesScreen(bob);
  await bob.press('Hang up');
  await alice.reaches('waiting');
  const left = await alice.page.evaluate(() => {
    return globalThis.screens.flatMap((screen) => screen.getTracks()).map((track) => track.readyState);
  });
  assert.deepEqual([...new Set(left)], ['ended']);
});

scenario('Firefox and Chromium show each other their screens', {}, async (s) => {
  const { alice, bob } = await inCall(
    s,
    { before: squareScreen },
    { before: squareScreen, browser: await launched.firefox() },
  );
  await bob.press('Share screen');
  await seesScreen(alice);
  await alice.press('Share screen');
  await seesScreen(bob);
  await bob.press('Stop sharing');
  await gone(alice);
  await seesScreen(bob);
});

scenario('a page that knows no screens gets it in place of the camera, and the camera after it', {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: squareScreen }, { before: knowsNoScreens });
  const shape = () => bob.page.$eval(bob.theirs, (video) => (video.videoWidth / video.videoHeight).toFixed(1));
  const before = await shape();
  assert.notEqual(before, '1.0');
  await alice.press('Share screen');
  await until('bob to see the screen', 15_000, async () => (await shape()) === '1.0');
  await alice.says(/You are sharing your screen/);
  await alice.press('Camera');
  await bob.hearsAndSees();
  await alice.press('Camera');
  await alice.press('Stop sharing');
  await until('bob to see alice again', 15_000, async () => (await shape()) === before);
  await talk(alice, bob);
});

scenario('pictures can be swapped, moved, hidden and taken out, by mouse and by keyboard', {}, async (s) => {
  const { alice, bob } = await inCall(s, { before: withWindows });
  const large = () => alice.page.$eval('.picture.large', (one) => one.dataset.picture);
  const corner = () => alice.page.$eval('.picture.small', (one) => one.dataset.corner);
  assert.equal(await large(), 'theirs');
  await alice.press('Make your picture large');
  assert.equal(await large(), 'own');
  await alice.page.focus('.picture-press');
  await alice.page.keyboard.press('Enter');
  assert.equal(await large(), 'theirs');
  await alice.hearsAndSees();

  assert.equal(await corner(), 'bottom-right');
  await alice.page.focus('.picture-press');
  await alice.page.keyboard.press('ArrowLeft');
  await alice.page.keyboard.press('ArrowUp');
  assert.equal(await corner(), 'top-left');
  const { x, y, width, height } = await (await alice.page.$('.picture-press')).boundingBox();
  await alice.page.mouse.move(x + width / 2, y + height / 2);
  await alice.page.mouse.down();
  await alice.page.mouse.move(700, 500, { steps: 4 });
  await alice.page.mouse.up();
  assert.equal(await corner(), 'bottom-right');
  assert.equal(await large(), 'theirs', 'a drag is no press');

  await alice.tick('Show my picture');
  await until('her picture to be gone', 5_000, async () => !(await alice.names('Your picture')));
  await alice.tick('Show my picture');
  await until('her picture to be back', 5_000, () => alice.names('Your picture'));
  await alice.tick('Picture in picture');
  assert.equal(await alice.page.evaluate(() => globalThis.outside), 'Their picture');
  await bob.hearsAndSees();
});

/** Runs in the page: a browser without a screen has no windows. */
function withWindows() {
  Object.defineProperty(document, 'pictureInPictureEnabled', { value: true });
  HTMLVideoElement.prototype.requestPictureInPicture = async function request() {
    globalThis.outside = this.getAttribute('aria-label');
  };
}

/** Runs in the page: what names the search for a path that the connection has been set up by. */
function pathName() {
  const { sdp } = window.e2e.connections.at(-1).currentLocalDescription;
  return /^a=ice-ufrag:.*$/m.exec(sdp)[0];
}

/** Runs in the page: screens are remembered. */
function keepScreens() {
  globalThis.screens = [];
  const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getDisplayMedia = async (options) => {
    if (globalThis.refuse) {
      globalThis.refuse = false;
      throw new DOMException('', 'NotAllowedError');
    }
    const screen = await real(options);
    globalThis.screens.push(screen);
    return screen;
  };
}

/** Runs in the page: the screen is a square that changes. */
function squareScreen() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 480 });
    const context = canvas.getContext('2d');
    setInterval(() => {
      context.fillStyle = `hsl(${performance.now() / 10}, 80%, 50%)`;
      context.fillRect(0, 0, 480, 480);
    }, 50);
    return canvas.captureStream(20);
  };
}

/** Runs in the page: it tells the server of no capability that older pages did not have. */
function knowsNoScreens() {
  const real = WebSocket.prototype.send;
  WebSocket.prototype.send = function send(data) {
    const old = typeof data === 'string' ? data.replace(',"screen":true,"recording":true', '') : data;
    return real.call(this, old);
  };
}

/** Runs in the page: whether a sound comes with a picture. */
async function hears(selector) {
  const stream = document.querySelector(selector)?.srcObject;
  if (!stream?.getAudioTracks().length) return false;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let look = 0; look < 60 && loudest < 0.001; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples);
  }
  await context.close();
  return loudest >= 0.001;
}

/** Waits until the person sees a screen that moves, beside a camera that does; returns what is shown of both. */
async function seesScreen(person) {
  const look = () => {
    return person.page.evaluate(
      (selectors) => {
        const [camera, screen] = selectors.map((selector) => {
          const video = document.querySelector(selector);
          if (!video?.videoWidth) return null;
          const { width } = video.getBoundingClientRect();
          const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 24 });
          const context = canvas.getContext('2d', { willReadFrequently: true });
          context.drawImage(video, 0, 0, 32, 24);
          return {
            size: [video.videoWidth, video.videoHeight],
            picture: context.getImageData(0, 0, 32, 24).data.join(),
            fit: getComputedStyle(video).objectFit,
            sounds: video.srcObject.getAudioTracks().length,
            width,
          };
        });
        return camera && screen && { camera, screen };
      },
      [person.theirs, SCREEN],
    );
  };
  const first = await until(`${person.name} to see a screen`, 20_000, look);
  return until(`the screen that ${person.name} sees to move`, 20_000, async () => {
    const next = await look();
    const moves = (name) => next[name].picture !== first[name].picture;
    return next && moves('screen') && moves('camera') && next;
  });
}

async function gone(person) {
  await until(`${person.name} to see no screen`, 10_000, async () => {
    return (await person.page.$(SCREEN)) === null && !/They are sharing/.test(await person.text());
  });
}

/** Alice and Bob in a call; options for each of them. */
async function inCall(s, forAlice = {}, forBob = {}) {
  const twocan = await startTwocan(s);
  const url = twocan.url('/r/tea');
  const alice = await openPerson(s, 'alice', await launched.chromium(), forAlice);
  const { browser = await launched.secondChromium(), ...rest } = forBob;
  const bob = await openPerson(s, 'bob', browser, rest);
  await alice.join(url);
  await alice.reaches('waiting');
  await bob.join(url);
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
  return { twocan, alice, bob };
}
