// What people meet at the page besides a call that simply works.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();

scenario('a new call gets a link to share, and whoever opens it is in', {}, async (s) => {
  const twocan = await startTwocan(s);
  const [alice, bob] = await aliceAndBob(s);
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await alice.press('Start a call');
  await alice.reaches('lobby');
  await alice.press('Join');
  await alice.reaches('waiting');
  const link = await alice.field('Link to this call');
  assert.match(link, new RegExp(`^${twocan.origin}/#1[\\w-]{24}$`));
  assert.equal(link, alice.page.url());
  await bob.join(link);
  await talk(alice, bob);
});

scenario('people who type the same room name meet', {}, async (s) => {
  const twocan = await startTwocan(s);
  const people = await aliceAndBob(s);
  for (const person of people) {
    await person.visit(twocan.url());
    await person.type('Room name', 'Tea & 茶/2');
    await person.press('Open room');
    await person.reaches('lobby');
    await person.press('Join');
    await person.reaches('waiting', 'connecting', 'connected');
  }
  await talk(...people);
});

scenario(
  'a third person is told that the call is full, takes no seat, and gets in once there is one',
  {},
  async (s) => {
    const { url, alice, bob } = await inCall(s);
    const carol = await openPerson(s, 'carol', await launched.chromium());
    await carol.join(url);
    await carol.reaches('failed');
    assert.match(await carol.text(), /full/i);
    await talk(alice, bob);

    await bob.press('Hang up');
    await alice.reaches('waiting');
    await carol.press('Try again');
    await Promise.all([alice.reaches('connected'), carol.reaches('connected')]);
    await talk(alice, carol);
  },
);

scenario('whoever hangs up has ended the call; the other one waits, and both can meet again', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await bob.press('Hang up');
  await bob.reaches('ended');
  assert.match(await bob.text(), /Connected in \d+\.\d s/);
  const parts = await bob.page.evaluate(() => document.querySelector('.parts dl').textContent);
  s.state(`the call was set up in parts: ${parts.replace(/ms/g, ' ms, ')}`);
  assert.match(parts, /Page.*Server.*Seat.*Offer.*Path.*Encryption.*First picture/);
  await alice.reaches('waiting');
  assert.match(await alice.text(), /left/i);
  await bob.press('Call again');
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
});

scenario('without camera and microphone one still sees and hears the other', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromiumWith({ devices: 'none' }));
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.says(/No camera .*microphone found/);
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await alice.hearsAndSees();
  await bob.says(/Their camera is off/);
});

scenario('the one without devices may also be the one who comes second', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.chromiumWith({ devices: 'none' }));
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await bob.hearsAndSees();
  await alice.says(/Their camera is off/);
});

scenario('a refused permission is explained, and the call goes on without', {}, async (s) => {
  const twocan = await startTwocan(s);
  const browser = await launched.chromiumWith({ devices: 'ask' });
  const alice = await openPerson(s, 'alice', browser, { refuse: { origin: twocan.origin } });
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.says(/Your browser blocks the camera and microphone\. Allow it/);
  await bob.join(twocan.url('/r/tea'));
  await alice.hearsAndSees();
});

scenario('devices that another program uses are explained', {}, async (s) => {
  const twocan = await startTwocan(s);
  const before = () => {
    navigator.mediaDevices.getUserMedia = () => {
      return Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
    };
  };
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before });
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.says(/Another program is using the camera and microphone\. Close it there/);
});

scenario('a server that goes away is missed in words, and found again', {}, async (s) => {
  const twocan = await startTwocan(s);
  const [alice, bob] = await aliceAndBob(s);
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await twocan.kill();
  await alice.says(/The server does not answer/);
  await twocan.start();
  await until('alice to have her seat again', 20_000, async () => {
    return (await alice.state()) === 'waiting' && !/does not answer/.test(await alice.text());
  });
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
});

scenario('a call outlives the server', {}, async (s) => {
  const { twocan, alice, bob } = await inCall(s);
  await twocan.kill();
  await alice.says(/The server does not answer\. Your call goes on/);
  await talk(alice, bob);
  await twocan.start();
  for (const person of [alice, bob]) {
    await until(`${person.name} to find the server`, 20_000, async () => !/does not answer/.test(await person.text()));
  }
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
  await bob.press('Hang up');
  await alice.reaches('waiting');
});

scenario('the microphone can be switched off and on', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await loud(bob);
  await alice.press('Microphone');
  assert.equal(await alice.pressed('Microphone'), false);
  await until('bob to see that', 10_000, () => bob.text().then((text) => text.includes('They are muted')));
  await silent(bob);
  await bob.hearsAndSees({ audio: false });
  await alice.press('Microphone');
  assert.equal(await alice.pressed('Microphone'), true);
  await loud(bob);
});

scenario('the camera can be switched off and on', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await alice.press('Camera');
  assert.equal(await alice.pressed('Camera'), false);
  await bob.says(/Their camera is off/);
  await unmoved(bob);
  await bob.hearsAndSees({ video: false });
  await alice.press('Camera');
  assert.equal(await alice.pressed('Camera'), true);
  await talk(alice, bob);
});

scenario('a Chinese browser gets a Chinese page', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromiumWith({ lang: 'zh-CN' }));
  await alice.visit(twocan.url());
  await alice.reaches('start');
  assert.match(await alice.page.evaluate(() => document.documentElement.lang), /^zh/);
  assert.match(await alice.text(), /开始通话/);
  await alice.press('开始通话');
  await alice.reaches('lobby');
  await alice.press('加入');
  await alice.reaches('waiting');
  const text = await alice.text();
  assert.match(text, /把链接发给对方/);
  assert.doesNotMatch(text, /\b(Send|Copy|Share|Waiting|Link)\b/);
});

scenario('a name that no room can have is refused in words, before and after it is in the address', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.visit(twocan.url());
  for (const name of ['.', '..', '茶'.repeat(129)]) {
    await alice.type('Room name', name);
    await alice.press('Open room');
    const refusal = await alice.page.$eval('input[name="room"]', (field) => field.validationMessage);
    assert.match(refusal, /name/, name);
    assert.equal(await alice.state(), 'start', name);
  }
  await alice.visit(twocan.url(`/r/${'a'.repeat(129)}`));
  await alice.reaches('start');
  assert.match(await alice.status(), /too long/);
  await alice.join(twocan.url(`/r/${encodeURIComponent('🥫'.repeat(128))}`));
  await alice.reaches('waiting');
});

scenario('a link that is pasted as a room name opens its room', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  await alice.visit(twocan.url());
  await alice.type('Room name', ` ${twocan.url('/r/tea%20time')}`);
  await alice.press('Open room');
  await alice.reaches('lobby');
  assert.equal(alice.page.url(), twocan.url('/r/tea%20time'));
});

scenario('a link is called copied only if it was', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium(), { before: refuseToCopy });
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await alice.press('Copy link');
  await alice.says(/Copy it by hand/);
  assert.equal(await alice.page.evaluate(() => String(getSelection())), twocan.url('/r/tea'));
});

/** Runs in the page: no way to the clipboard works. */
function refuseToCopy() {
  navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));
  document.execCommand = () => false;
}

async function aliceAndBob(s) {
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  return [alice, bob];
}

/** Alice and Bob in a call. */
async function inCall(s) {
  const twocan = await startTwocan(s);
  const url = twocan.url('/r/tea');
  const [alice, bob] = await aliceAndBob(s);
  await alice.join(url);
  await alice.reaches('waiting');
  await bob.join(url);
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
  return { twocan, url, alice, bob };
}

/** Waits until the person hears the other one. */
async function loud(person) {
  const { loudness } = await person.received();
  await until(`${person.name} to hear a voice`, 15_000, async () => {
    const heard = await person.received();
    return heard.loudness > loudness + 1e-4;
  });
}

/** Waits for two seconds in which the person hears nothing; made-up microphones beep twice a second. */
async function silent(person) {
  await still(person, 'silence', 2, (from, to) => to.loudness - from.loudness < 1e-6);
}

/** Waits for a second in which no picture comes. */
async function unmoved(person) {
  await still(person, 'no pictures', 1, (from, to) => to.decoded === from.decoded);
}

/** Waits for `seconds` on end in which `holds`, by the clock of the page. */
async function still(person, what, seconds, holds) {
  let from = await person.received();
  await until(`${what} at ${person.name} for ${seconds} s`, 20_000, async () => {
    const to = await person.received();
    if (!holds(from, to)) from = to;
    return to.clock - from.clock >= seconds;
  });
}
