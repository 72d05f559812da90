// Cameras and microphones that come and go during a call. What a hand would do is played inside the page: the browser's
// own made-up devices cannot be pulled out.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();

for (const kind of ['camera', 'microphone']) {
  scenario(`the next ${kind} takes the place of one that is pulled out, in the same connection`, {}, async (s) => {
    const { alice, bob } = await inCall(s);
    const before = await negotiations(bob);
    const lost = await pullOut(bob, kind);
    await bob.says(new RegExp(`The ${kind} went away\\. In its place: \\S`, 'i'));
    await until(`another ${kind}`, 10_000, async () => (await sent(bob, kind)) !== lost);
    await talk(alice, bob);
    assert.equal(await negotiations(bob), before, 'the tracks were replaced without negotiating');
    assert.equal(await bob.connections(), 1);
  });
}

scenario('without another camera the call goes on without, until one is plugged in', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await unplugged(bob, true);
  await pullOut(bob, 'camera');
  await bob.says(/No camera/);
  await alice.says(/Their camera is off/);
  await alice.hearsAndSees({ video: false });
  await unplugged(bob, false);
  await alice.hearsAndSees();
  assert.doesNotMatch(await bob.text(), /No camera/);
  assert.equal(await bob.connections(), 1);
});

scenario('whoever comes without any device may plug them in later', {}, async (s) => {
  const { alice, bob } = await inCall(s, { without: true });
  await bob.says(/No camera or microphone/);
  await alice.says(/Their camera is off/);
  await bob.hearsAndSees();
  const before = await negotiations(bob);
  await unplugged(bob, false);
  await talk(alice, bob);
  assert.equal(await negotiations(bob), before);
  assert.equal(await bob.connections(), 1);
});

scenario('Firefox too goes on with devices that are plugged in later', {}, async (s) => {
  const { alice, bob } = await inCall(s, { without: true, launch: launched.firefox });
  await bob.hearsAndSees();
  await unplugged(bob, false);
  await talk(alice, bob);
  assert.equal(await bob.connections(), 1);
});

scenario('a camera that another program takes away is missed in words, and seen again', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await silence(bob, 'mute');
  await bob.says(/No camera/);
  await alice.says(/Their camera is off/);
  await silence(bob, 'unmute');
  await alice.hearsAndSees();
  assert.doesNotMatch(await bob.text(), /No camera/);
});

/** Alice and Bob talk; Bob's devices can be pulled out, and he comes `without` any if told so. */
async function inCall(s, { without = false, launch = launched.secondChromium } = {}) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launch(), { before: playedDevices });
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  if (without) {
    await bob.page.evaluateOnNewDocument(() => {
      window.played.unplugged = true;
    });
  }
  await bob.join(twocan.url('/r/tea'));
  await (without ? Promise.all([alice, bob].map((person) => person.reaches('connected'))) : talk(alice, bob));
  return { alice, bob };
}

/** Runs in the page before its scripts: devices can be missing, and no permission needs to be asked for. */
function playedDevices() {
  const { mediaDevices, permissions } = navigator;
  const real = mediaDevices.getUserMedia.bind(mediaDevices);
  const played = { unplugged: false };
  Object.defineProperty(window, 'played', { value: played });
  mediaDevices.getUserMedia = (constraints) => {
    return played.unplugged ? Promise.reject(new DOMException('none', 'NotFoundError')) : real(constraints);
  };
  permissions.query = async ({ name }) => ({ state: /camera|microphone/.test(name) ? 'granted' : 'prompt' });
}

/** Leaves the computer without devices, or with them again. */
function unplugged(person, without) {
  return person.page.evaluate((none) => {
    window.played.unplugged = none;
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  }, without);
}

/** Ends a device as its unplugging does; the answer is the id of its track. */
function pullOut(person, kind) {
  return person.page.evaluate((medium) => {
    const senders = window.e2e.connections.at(-1).getSenders();
    const { track } = senders.find((sender) => sender.track?.kind === medium);
    track.stop();
    track.dispatchEvent(new Event('ended'));
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    return track.id;
  }, medium(kind));
}

/** Id of the track that is sent, or `null`. */
function sent(person, kind) {
  return person.page.evaluate((medium) => {
    const senders = window.e2e.connections.at(-1).getSenders();
    return senders.find((sender) => sender.track?.kind === medium)?.track.id ?? null;
  }, medium(kind));
}

/** Lets the camera give nothing, or something again, as the system does. */
function silence(person, event) {
  return person.page.evaluate((name) => {
    const senders = window.e2e.connections.at(-1).getSenders();
    const { track } = senders.find((sender) => sender.track?.kind === 'video');
    track.enabled = name === 'unmute';
    track.dispatchEvent(new Event(name));
  }, event);
}

/** Which negotiation the connection has come to: the version of its own session description. */
function negotiations(person) {
  return person.page.evaluate(() => /^o=\S+ \S+ (\d+)/m.exec(window.e2e.connections.at(-1).localDescription.sdp)[1]);
}

function medium(kind) {
  return kind === 'camera' ? 'video' : 'audio';
}
