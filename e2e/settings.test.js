// Devices, quality, a name and low data, chosen in the lobby and during a call. Chromium has three made-up cameras
// here; the second one measures depth, and its pictures cannot be sent.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();
const ready = () => launched.chromiumWith({ fakeDevices: 3 });
const WITHIN = 10_000;

scenario('the lobby has pickers, a level, a test sound and a name, and remembers what is chosen', {}, async (s) => {
  const { twocan, alice } = await inLobby(s, await ready());
  const cameras = await choices(alice, 'Camera');
  assert.equal(cameras.length, 3);
  const other = cameras.at(-1);
  await choose(alice, 'Camera', other.value);
  await until('the other camera to be open', WITHIN, async () => (await chosen(alice, 'Camera')) === other.value);
  assert.ok((await choices(alice, 'Microphone')).length >= 2);
  await alice.type('Your name', 'Ada');
  await alice.page.keyboard.press('Tab');

  await alice.press('Test sound');
  await alice.says(/Playing/);
  await until('a level of the microphone', WITHIN, () => alice.page.$eval('meter', (meter) => meter.value > 0));
  await alice.says(/Test sound/);

  await alice.visit(twocan.url('/r/other'));
  await alice.reaches('lobby');
  await until('the camera of before', WITHIN, async () => (await chosen(alice, 'Camera')) === other.value);
  assert.equal(await alice.field('Your name'), 'Ada');
  assert.deepEqual(alice.errors, []);
  assert.deepEqual(await alice.violations(), []);
});

scenario('a choice that is gone costs nothing: the default takes its place', {}, async (s) => {
  const { alice } = await inLobby(s, await ready(), () => {
    const gone = { id: 'gone', label: 'gone' };
    localStorage.setItem('choices', JSON.stringify({ camera: gone, microphone: gone, speaker: gone }));
  });
  await until('a camera', WITHIN, async () => (await chosen(alice, 'Camera')) !== '');
  await alice.says(/This is your picture/);
  assert.equal(await alice.page.$('[role="alert"]'), null);
});

scenario('the pickers come without moving what is there', {}, async (s) => {
  const { alice } = await inLobby(s, await ready(), () => {
    globalThis.heights = new Set();
    const look = () => {
      const place = document.querySelector('.pickers');
      if (place) globalThis.heights.add(place.offsetHeight);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await choices(alice, 'Camera');
  assert.equal(await alice.page.evaluate(() => globalThis.heights.size), 1);
});

scenario(
  'a sealed call: names are shown, devices change without negotiating, low data holds for both',
  {},
  async (s) => {
    const { alice, bob } = await inCall(s);
    await bob.says(/Ada/);

    await openSettings(alice);
    const before = await negotiations(alice);
    const first = await sentDevice(alice);
    const other = (await choices(alice, 'Camera')).at(-1);
    assert.notEqual(other.value, first);
    await choose(alice, 'Camera', other.value);
    await until('another camera to be sent', WITHIN, async () => (await sentDevice(alice)) === other.value);

    await choose(alice, 'Resolution', '360');
    await choose(alice, 'Frame rate', '15');
    await alice.says(/Your camera gives 640 × 360 at 15 per second/);
    await choose(alice, 'Resolution', '');
    await alice.says(/Your camera gives 1280 × 720/);

    await alice.page
      .locator('::-p-aria([name="Use less data Sound comes first. Both of you send small pictures."])')
      .click();
    await bob.says(/They use less data/);
    for (const person of [alice, bob]) {
      await until(`${person.name} to send little`, WITHIN, async () => {
        const [{ maxBitrate, maxFramerate, scaleResolutionDownBy }] = await encodings(person, 'video');
        return maxBitrate === 150_000 && maxFramerate === 15 && scaleResolutionDownBy > 2;
      });
    }
    const [sound] = await encodings(alice, 'audio');
    assert.deepEqual([sound.priority, sound.networkPriority], ['high', 'high']);
    assert.equal(await negotiations(alice), before, 'nothing was negotiated');
    await alice.page.keyboard.press('Escape');
    await talk(alice, bob);

    // His line for it comes with her offer.
    await bob.press('Share screen');
    await until('Bob to send little of his screen, and all of its size', WITHIN, async () => {
      const [{ maxBitrate, maxFramerate, scaleResolutionDownBy = 1 } = {}] = (await encodings(bob, 'video', 1)) ?? [];
      return maxBitrate === 300_000 && maxFramerate === 5 && scaleResolutionDownBy === 1;
    });
    await bob.press('Stop sharing');

    await openSettings(bob);
    await bob.says(/so your picture is sent small/);
    await openSettings(alice);
    await alice.page.locator('::-p-aria([role="checkbox"])').click();
    await until('Bob to send all again', WITHIN, async () => {
      const [{ maxBitrate, scaleResolutionDownBy }] = await encodings(bob, 'video');
      return maxBitrate === undefined && scaleResolutionDownBy === 1;
    });
    for (const person of [alice, bob]) assert.deepEqual(person.errors, []);
  },
);

scenario('the settings work by the keyboard alone, and give it back', {}, async (s) => {
  const { alice } = await inCall(s);
  await alice.page.mouse.move(300, 300);
  const more = await alice.page.waitForSelector('::-p-aria([name="More"][role="button"])');
  await more.focus();
  await alice.page.keyboard.press('Enter');
  const line = () => alice.page.evaluate(() => document.activeElement?.textContent);
  for (let presses = 0; presses < 12 && (await line()) !== 'Settings'; presses += 1) {
    await alice.page.keyboard.press('ArrowDown');
  }
  await alice.page.keyboard.press('Enter');
  await alice.page.waitForSelector('dialog[open] select');
  const focused = () => alice.page.evaluate(() => document.activeElement?.closest('label')?.innerText.split('\n')[0]);
  const seen = new Set();
  for (let presses = 0; presses < 14; presses += 1) {
    seen.add(await focused());
    await alice.page.keyboard.press('Tab');
  }
  for (const name of ['Camera', 'Microphone', 'Resolution', 'Frame rate', 'Use less data', 'Your name']) {
    assert.ok(seen.has(name), `${name} is not reached: ${[...seen]}`);
  }
  await alice.page.keyboard.press('Escape');
  await until('the dialog to be gone', WITHIN, async () => (await alice.page.$('dialog[open]')) === null);
});

scenario('a chosen speaker plays the other person', {}, async (s) => {
  const { alice } = await inCall(s);
  await openSettings(alice);
  const speakers = await choices(alice, 'Speaker');
  const other = speakers.find(({ value }) => value !== '');
  await choose(alice, 'Speaker', other.value);
  await until('the sound to come from it', WITHIN, () =>
    alice.page.$eval(alice.theirs, (video, id) => video.sinkId === id, other.value),
  );
});

scenario('on a phone the camera can be turned', {}, async (s) => {
  const { alice } = await inCall(s, { touch: true });
  await openSettings(alice);
  const before = await sentDevice(alice);
  await alice.press('Turn the camera');
  await until('the other camera to be sent', WITHIN, async () => (await sentDevice(alice)) !== before);
});

scenario('Firefox: pickers, a name, low data and quality', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.firefox());
  const bob = await openPerson(s, 'bob', await ready());
  await alice.visit(twocan.url('/r/fox'));
  await alice.reaches('lobby');
  await alice.press('Check your camera first');
  await choices(alice, 'Microphone');
  await alice.type('Your name', 'Ada');
  await alice.page.keyboard.press('Tab');
  await alice.press('Join');
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/fox'));
  await talk(alice, bob);
  await bob.says(/Ada/);
  await openSettings(bob);
  await bob.page.locator('::-p-aria([role="checkbox"])').click();
  await alice.says(/They use less data/);
  await until('Firefox to send little', WITHIN, async () => {
    const [{ maxBitrate, scaleResolutionDownBy }] = await encodings(alice, 'video');
    return maxBitrate === 150_000 && scaleResolutionDownBy >= 1;
  });
  assert.deepEqual(alice.errors, []);
});

/** Alice at a room's door, with what she may have chosen before. */
async function inLobby(s, browser, before) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', browser, { before });
  await alice.visit(twocan.url('/r/tea'));
  await alice.reaches('lobby');
  await choices(alice, 'Camera');
  return { twocan, alice };
}

/** Ada and Bob talk in a sealed call; `touch`: hers is a device that is touched. */
async function inCall(s, { touch = false } = {}) {
  const twocan = await startTwocan(s);
  const before = touch ? () => Object.defineProperty(navigator, 'maxTouchPoints', { value: 5 }) : undefined;
  const alice = await openPerson(s, 'alice', await ready(), { before });
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.visit(twocan.url('/'));
  await alice.press('Start a call');
  await alice.reaches('lobby');
  await alice.type('Your name', 'Ada');
  await alice.page.keyboard.press('Tab');
  await alice.press('Join');
  await alice.reaches('waiting');
  await bob.join(alice.page.url());
  await talk(alice, bob);
  return { alice, bob };
}

async function openSettings(person) {
  await person.page.mouse.move(200, 200);
  await person.choose('Settings');
  await person.page.waitForSelector('dialog[open] select');
}

/** What the list of this name offers, once it offers something. */
async function choices(person, name) {
  const list = await person.page.waitForSelector(`::-p-aria([name="${name}"][role="combobox"])`);
  return until(`${person.name}'s ${name}`, WITHIN, async () => {
    const found = await list.evaluate((select) => [...select.options].map(({ value, text }) => ({ value, text })));
    return found.length > 0 && found.some(({ value }) => value !== '') && found;
  });
}

async function choose(person, name, value) {
  const list = await person.page.waitForSelector(`::-p-aria([name="${name}"][role="combobox"])`);
  await list.select(value);
}

async function chosen(person, name) {
  const list = await person.page.waitForSelector(`::-p-aria([name="${name}"][role="combobox"])`);
  return list.evaluate((select) => select.value);
}

/** Id of the camera whose picture is sent. */
function sentDevice(person) {
  return person.page.evaluate(() => {
    const senders = window.e2e.connections.at(-1).getSenders();
    return senders.find((sender) => sender.track?.kind === 'video')?.track.getSettings().deviceId;
  });
}

/** How the first one of a kind is sent, or the second, which is of a screen. */
function encodings(person, kind, place = 0) {
  return person.page.evaluate(
    (medium, which) => {
      const senders = window.e2e.connections.at(-1).getSenders();
      const ofKind = senders.filter((sender) => sender.track?.kind === medium);
      return ofKind[which]?.getParameters().encodings;
    },
    kind,
    place,
  );
}

function negotiations(person) {
  return person.page.evaluate(() => /^o=\S+ \S+ (\d+)/m.exec(window.e2e.connections.at(-1).localDescription.sdp)[1]);
}
