// Two people with a phone each: all of a call by touch, upright and on its side.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const DEADLINE = 10_000;
const UPRIGHT = { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const ON_ITS_SIDE = { ...UPRIGHT, width: 844, height: 390, isLandscape: true };
/** What a finger hits (px of CSS). */
const FINGER = 44;
const AGENT =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36';

scenario(
  'two phones: the link is shared, and all of a call is in reach of a finger',
  { timeout: 90_000 },
  async (s) => {
    const twocan = await startTwocan(s);
    const alice = await openPhone(s, 'alice', await launched.chromium());
    await alice.visit(twocan.url());
    await alice.reaches('start');
    await inReach(alice, 'start');
    await tap(alice, 'Start a call');
    await alice.reaches('lobby');
    await alice.page.waitForSelector('.pickers select:enabled');
    await inReach(alice, 'lobby');
    await tap(alice, 'Join');
    await alice.reaches('waiting');
    await inReach(alice, 'waiting');
    await tap(alice, 'Share');
    const link = await until('the link to be shared', DEADLINE, () => alice.page.evaluate(() => window.shared));
    const bob = await openPhone(s, 'bob', await launched.secondChromium());
    await bob.visit(link);
    await bob.reaches('lobby');
    await tap(bob, 'Join');
    await talk(alice, bob);
    await inReach(alice, 'call');

    await tap(bob, 'Chat');
    await bob.type('Message', 'Where are you?');
    await tap(bob, 'Send');
    await tap(alice, 'Chat, 1 new');
    await alice.says(/Where are you\?/);
    await inReach(alice, 'chat');
    await alice.page.setViewport(ON_ITS_SIDE);
    await inReach(alice, 'chat on its side');
    await alice.page.setViewport(UPRIGHT);
    await tap(alice, 'Close');

    await tap(alice, 'Make your picture large');
    await until('her picture to be large', DEADLINE, () => largeOf(alice, 'own'));
    await tap(alice, 'Make their picture large');
    await until('his picture to be large', DEADLINE, () => largeOf(alice, 'theirs'));

    await alice.page.setViewport(ON_ITS_SIDE);
    await inReach(alice, 'call on its side');
    await tap(alice, 'Hang up');
    await alice.reaches('ended');
    await inReach(alice, 'ended on its side');
    await alice.page.setViewport(UPRIGHT);
    await inReach(alice, 'ended');
    assert.deepEqual(alice.errors, []);
  },
);

scenario('a phone turns its camera during a call, and shows what is behind it as it is', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPhone(s, 'alice', await launched.chromium(), { before: withTwoCameras });
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
  const isMirrored = () => {
    return alice.page.$eval('.own-video', (video) => new DOMMatrix(getComputedStyle(video).transform).a < 0);
  };
  assert.equal(await isMirrored(), true);
  const shape = () => bob.page.$eval(bob.theirs, (video) => video.videoWidth / video.videoHeight);
  const before = await shape();
  for (const [side, square] of [
    ['environment', true],
    ['user', false],
  ]) {
    await tap(alice, 'More');
    await alice.page.locator('::-p-aria([name="Turn the camera"][role="menuitem"])').click();
    await until(`the ${side} camera`, DEADLINE, async () => (await shape()) === (square ? 1 : before));
    assert.equal(await isMirrored(), !square);
    assert.deepEqual(await alice.page.evaluate(() => window.camerasOpen()), [side]);
    await bob.hearsAndSees();
  }
});

scenario('what lies around their picture has its colours', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPhone(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
  const colours = await until('colours around the picture', DEADLINE, () => alice.page.evaluate(coloursAround));
  // Made-up cameras of Chromium show green.
  const [red, green, blue] = colours;
  assert.ok(green > red && green > blue, `${colours}`);
});

async function openPhone(s, name, browser, { before } = {}) {
  const phone = await openPerson(s, name, browser, { before });
  await phone.page.emulate({ viewport: UPRIGHT, userAgent: AGENT });
  await phone.page.evaluateOnNewDocument(() => {
    navigator.share = async ({ url }) => {
      window.shared = url;
    };
  });
  return phone;
}

/** Taps the button of this name. */
async function tap(person, name) {
  const button = await person.page.locator(`::-p-aria([name="${name}"][role="button"])`).waitHandle();
  await button.tap();
}

function largeOf(person, picture) {
  return person.page.evaluate((which) => document.querySelector('.picture.large').dataset.picture === which, picture);
}

/** Whatever can be pressed can be brought before the eyes, is large enough, and nothing lies over it. */
async function inReach(person, state) {
  const { page } = person;
  // What has faded comes back with a touch.
  await page.touchscreen.tap(200, 200);
  const faults = () => page.evaluate(unreachable, FINGER);
  let found;
  try {
    await until('everything to be in reach', 3_000, async () => {
      found = await faults();
      return found.length === 0;
    });
  } catch {
    assert.deepEqual(found, [], state);
  }
}

/** Runs in the page: what is not in reach, and why. */
function unreachable(finger) {
  const faults = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} px wide, and the screen ${clientWidth}`);
  const all = [...document.querySelectorAll('button, a[href], select, textarea, input:not([type=file]), summary')];
  const shown = all.filter(
    (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.disabled,
  );
  if (shown.length === 0) faults.push('there is nothing to press');
  for (const one of shown) {
    one.scrollIntoView({ block: 'nearest' });
    // A switch is as large as its label.
    const { left, top, width, height } = (one.closest('label') ?? one).getBoundingClientRect();
    const name = one.getAttribute('aria-label') || one.textContent.trim() || one.outerHTML;
    const inLine = getComputedStyle(one).display === 'inline';
    if (!inLine && Math.min(width, height) < finger) faults.push(`${name}: ${width} × ${height} px`);
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    const label = one.closest('label');
    if (!one.contains(hit) && !label?.contains(hit))
      faults.push(`${name}: lies under ${hit?.outerHTML.slice(0, 80) ?? 'the edge'}`);
  }
  return faults;
}

/** Runs in the page before its scripts: a phone with a camera on each side, of which one can be open at a time. */
function withTwoCameras() {
  const { mediaDevices } = navigator;
  const real = mediaDevices.getUserMedia.bind(mediaDevices);
  const open = [];
  window.camerasOpen = () => open.filter(({ track }) => track.readyState === 'live').map(({ side }) => side);
  const behind = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 480 });
    const paint = canvas.getContext('2d');
    setInterval(() => {
      paint.fillStyle = `hsl(${performance.now() / 10} 70% 50%)`;
      paint.fillRect(0, 0, 480, 480);
    }, 50);
    return canvas.captureStream(20);
  };
  mediaDevices.enumerateDevices = async () => [
    { kind: 'audioinput', deviceId: 'microphone', label: 'Microphone' },
    { kind: 'videoinput', deviceId: 'user', label: 'Front Camera' },
    { kind: 'videoinput', deviceId: 'environment', label: 'Back Camera' },
  ];
  mediaDevices.getUserMedia = async (constraints) => {
    const { video } = constraints;
    if (!video) return real({ audio: true });
    if (window.camerasOpen().length > 0) throw new DOMException('', 'NotReadableError');
    const wanted = video.facingMode?.exact ?? video.deviceId?.exact ?? 'user';
    const side = wanted === 'environment' ? 'environment' : 'user';
    const stream = side === 'user' ? await real({ ...constraints, video: true }) : behind();
    const [track] = stream.getVideoTracks();
    const settings = track.getSettings();
    track.getSettings = () => ({ ...settings, facingMode: side, deviceId: side });
    open.push({ side, track });
    return stream;
  };
}

/** Runs in the page: the mean colour of what lies around their picture, once it is drawn. */
function coloursAround() {
  const canvas = document.querySelector('canvas.backdrop');
  const pixels = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  if (!pixels?.[3]) return null;
  const sums = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 4) for (let c = 0; c < 3; c += 1) sums[c] += pixels[at + c];
  return sums.map((sum) => Math.round((sum * 4) / pixels.length));
}
