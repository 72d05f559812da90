// What a person learns of the call: the panel with its plots, the file that it saves, whose network is slow, and how it
// was when it is over.
import assert from 'node:assert/strict';
import { browsers, chromium } from '../lib/browsers.js';
import { createNetwork, NAT, skipReason } from '../lib/network.js';
import { openPerson, talk } from '../lib/person.js';
import { scenario } from '../lib/scenario.js';
import { startTwocan } from '../lib/server.js';
import { until } from '../lib/wait.js';

const launched = browsers();
const skip = await skipReason();

for (const [browser, other] of [
  ['chromium', 'secondChromium'],
  ['firefox', 'chromium'],
]) {
  scenario(`${browser}: the statistics are opened by the keyboard, and what they say is so`, {}, async (s) => {
    const { alice, bob } = await inCall(s, browser, other);
    await openByKeyboard(alice);
    const plots = await until('plots with values', 15_000, async () => {
      const said = await plotsOf(alice);
      return said.length === 4 && said.every((text) => !/not known/.test(text)) && said;
    });
    s.state(plots.join('; '));
    const [bitrate, frames, loss, roundTrip] = plots;
    assert.match(bitrate, /^Bitrate, over the last minute\. Received: [\d.]+ [Mk]bit\/s, Sent: [\d.]+ [Mk]bit\/s$/);
    assert.match(frames, /^Frame rate, .*Received: \d+ fps, Sent: \d+ fps$/);
    assert.match(loss, /^Lost packets, .*Received: [\d.]+ %, Sent: [\d.]+ %$/);
    assert.match(roundTrip, /^Round trip, .*Round trip: (< )?\d+ ms$/);
    const text = await alice.text();
    // A computer that has much to do may be said to be busy.
    assert.match(text, /All is well|is (busy|slow)/);
    assert.match(text, /VP8, opus/);
    assert.match(text, /\d+ × \d+/);
    assert.match(text, /Straight from browser to browser, over UDP\./);
    assert.match(text, /Connected in \d+\.\d s/);

    // What is heard may be known a second after what is seen.
    await alice.says(/Sound\s+[\d.]+ [Mk]bit\/s\s+[\d.]+ [Mk]bit\/s/);
    const { name, file } = await exported(alice, { addresses: false });
    assert.match(name, /^twocan-\d{4}-\d\d-\d\dT\d\d-\d\d\.json$/);
    checkFile(file, browser);
    assert.equal(file.path.local.address, undefined);
    const whole = JSON.stringify(file);
    for (const secret of [alice.page.url(), new URL(alice.page.url()).hash.slice(1), '127.0.0.1', '::1']) {
      assert.ok(!whole.includes(secret), `the file has ${secret}`);
    }
    const { file: second } = await exported(alice, { addresses: true });
    const pair = await alice.pair();
    assert.equal(second.path.local.address, pair.local.address);
    assert.equal(second.path.local.port, pair.local.port);
    assert.equal(second.path.remote.address, pair.remote.address);

    await alice.page.keyboard.press('Escape');
    await until('the panel to be gone', 5_000, async () => (await plotsOf(alice)).length === 0);
    assert.equal(await focused(alice), 'Statistics');
    await talk(alice, bob);
  });
}

scenario('they are in the menu as well, and the lock still opens who could listen', {}, async (s) => {
  const { alice } = await inCall(s, 'chromium', 'secondChromium');
  await alice.choose('Statistics');
  await alice.page.waitForSelector('.plot');
  await alice.press('Close');
  await alice.press('Sealed. Who could listen?');
  await alice.page.waitForSelector('dialog[open]');
});

scenario('after the call it is said how it was; both call again, and the file is still there', {}, async (s) => {
  const { alice, bob } = await inCall(s, 'chromium', 'secondChromium');
  await alice.says(/0:0[5-9]/);
  await Promise.all([alice, bob].map((person) => person.press('Hang up')));
  for (const person of [alice, bob]) {
    await person.reaches('ended');
    await person.says(/You talked for 0:\d\d\.[\s\S]*straight from one browser/);
    await person.says(/Connected in \d+\.\d s/);
  }
  await alice.says(/The connection was good all the time\.|Weak for .+ of .+: /);
  await alice.page.locator('summary').click();
  const { file } = await exported(alice, { addresses: false });
  checkFile(file, 'chromium');
  await alice.press('Call again');
  await alice.reaches('waiting');
  await bob.press('Call again');
  await Promise.all([alice, bob].map((person) => person.reaches('connected')));
  await talk(alice, bob);
  await bob.press('Hang up');
  await bob.reaches('ended');
  await bob.press('New call');
  await bob.reaches('lobby');
  assert.notEqual(bob.page.url(), alice.page.url());
});

for (const [what, rule] of [
  ['loses packets both ways', (percent) => `numgen random mod 100 < ${percent} drop`],
  ['loses what it sends', (percent) => `oifname "router" numgen random mod 100 < ${percent} drop`],
]) {
  scenario(
    `the side whose network ${what} is named on both sides, and no more when it is over`,
    { skip, timeout: 120_000 },
    async (s) => {
      const network = s.own(await createNetwork({ natA: NAT.endpointIndependent, natB: NAT.endpointIndependent }));
      const twocan = await startTwocan(s, { network });
      const [alice, bob] = await Promise.all(
        ['alice', 'bob'].map(async (host) => {
          const wrap = (executable) => network.wrapper(host, executable);
          return openPerson(s, host, s.own(await chromium({ wrap, secureOrigin: twocan.origin })));
        }),
      );
      await meet(alice, bob, twocan.url('/r/tea'));
      await network.exec(
        'natA',
        'nft',
        `table ip lossy { chain forward { type filter hook forward priority -300; ${rule(20)}; }; }`,
      );
      await Promise.all([alice.says(/Your network is slow/), bob.says(/Their network is slow/)]);
      await network.exec('natA', 'nft', 'delete table ip lossy');
      for (const person of [alice, bob]) {
        await until(`${person.name} to read of no network`, 30_000, async () => !/network/.test(await person.text()));
      }
      await alice.press('Hang up');
      await alice.says(/Weak for .+ of .+: mostly your network\./);
    },
  );
}

/** Two people in a sealed call. */
async function inCall(s, browser, other) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched[browser](), { before: keepWhatIsSaved });
  const bob = await openPerson(s, 'bob', await launched[other](), { before: keepWhatIsSaved });
  await alice.visit(twocan.url());
  await alice.reaches('start');
  await alice.press('Start a call');
  await alice.reaches('lobby');
  await meet(alice, bob, alice.page.url(), { there: true });
  return { alice, bob };
}

async function meet(alice, bob, url, { there = false } = {}) {
  if (there) await alice.press('Join');
  else await alice.join(url);
  await alice.reaches('waiting');
  await bob.join(url);
  await Promise.all([alice, bob].map((person) => person.reaches('connected')));
  await talk(alice, bob);
}

/** Runs in the page: what it would save to a file is kept instead. */
function keepWhatIsSaved() {
  const blobs = new Map();
  const real = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    const url = real.call(URL, blob);
    blobs.set(url, blob);
    return url;
  };
  HTMLAnchorElement.prototype.click = function click() {
    window.saved = { name: this.download, blob: blobs.get(this.href) };
  };
}

async function exported(person, { addresses }) {
  const box = await person.page.$('.save input');
  if ((await box.evaluate((one) => one.checked)) !== addresses) await box.click();
  await person.press('Export');
  const { name, text } = await person.page.evaluate(async () => {
    const { name, blob } = window.saved;
    return { name, text: await blob.text() };
  });
  return { name, file: JSON.parse(text) };
}

async function openByKeyboard(person) {
  await until('the pill to have the keyboard', 10_000, async () => {
    if ((await focused(person)) === 'Statistics') return true;
    await person.page.keyboard.press('Tab');
    return false;
  });
  await person.page.keyboard.press('Enter');
  await person.page.waitForSelector('.plot');
}

function focused(person) {
  return person.page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
}

function plotsOf(person) {
  return person.page.$$eval('.plot svg', (all) => all.map((one) => one.getAttribute('aria-label')));
}

/** The file is as docs/statistics.md says; what this browser does not tell is not in it. */
function checkFile(file, browser) {
  assert.deepEqual(Object.keys(file), [
    'format',
    'version',
    'made',
    'browser',
    'page',
    'call',
    'setupMs',
    'path',
    'codecs',
    'samples',
  ]);
  assert.equal(file.format, 'twocan-statistics');
  assert.equal(file.version, 1);
  assert.ok(Math.abs(Date.parse(file.made) - Date.now()) < 60_000, file.made);
  assert.match(file.browser, browser === 'firefox' ? /Firefox\// : /Chrome\//);
  assert.match(file.page, /^twocan \d+\.\d+\.\d+$/);
  assert.equal(file.call.sealed, true);
  assert.ok(file.call.talkedSeconds > 1 && file.call.talkedSeconds < 60, file.call.talkedSeconds);
  assert.ok(file.call.watchedSeconds <= file.call.talkedSeconds + 2, file.call.watchedSeconds);
  assert.deepEqual(
    Object.keys(file.setupMs).filter((part) => part !== 'page'),
    ['socket', 'join', 'offer', 'ice', 'dtls', 'frame', 'total'],
  );
  for (const ms of Object.values(file.setupMs)) assert.ok(Number.isInteger(ms) && ms >= 0 && ms < 20_000, ms);
  assert.equal(file.path.kind, 'direct');
  assert.equal(file.path.protocol, 'udp');
  for (const end of [file.path.local, file.path.remote]) assert.match(end.type, /^(host|prflx)$/);
  assert.deepEqual(file.codecs, { audioIn: 'opus', audioOut: 'opus', videoIn: 'VP8', videoOut: 'VP8' });
  assert.ok(file.samples.length >= 2);
  assert.equal(file.samples[0].at, 0);
  const last = file.samples.at(-1);
  const plausible = {
    audioInBitrate: [5_000, 200_000],
    audioOutBitrate: [5_000, 200_000],
    videoInBitrate: [10_000, 10_000_000],
    videoOutBitrate: [10_000, 10_000_000],
    lossIn: [0, 0.5],
    lossOut: [0, 0.5],
    roundTripMs: [0, 1_000],
    jitterMs: [0, 1_000],
    framesPerSecondIn: [1, 70],
    framesPerSecondOut: [1, 70],
    freezes: [0, 5],
    concealed: [0, 1],
    ...(browser !== 'firefox' && { availableBitrate: [10_000, 100_000_000] }),
  };
  for (const [field, [least, most]] of Object.entries(plausible)) {
    assert.ok(last[field] >= least && last[field] <= most, `${field}: ${last[field]}`);
  }
  for (const size of [last.sizeIn, last.sizeOut]) assert.ok(size.width >= 64 && size.height >= 48);
  const rest = Object.keys(last).filter((field) => !(field in plausible));
  const expected = ['at', 'sizeIn', 'sizeOut', ...(browser === 'firefox' ? [] : ['limitation'])];
  assert.deepEqual(rest.sort(), expected.sort());
}
