// The page's own side of a connection (`web/src/call/link.ts`) in real browsers, over a signalling channel that does
// what the test says: offers that cross, in every state, and candidates that come before what they belong to.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browsers } from './lib/browsers.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { until } from './lib/wait.js';

const launched = browsers();
const PAIRS = [
  ['Chromium and Chromium', launched.chromium, launched.secondChromium],
  ['Chromium and Firefox', launched.chromium, launched.firefox],
  ['Firefox and Chromium', launched.firefox, launched.chromium],
];
/** How long two browsers may take to agree and to see each other (ms). */
const AGREED_WITHIN = 20_000;
/** After this long without a picture, a browser has made no choice between paths (ms). */
const UNDECIDED_AFTER = 8_000;
const BUILD = fileURLToPath(new URL('../web/build/call.js', import.meta.url));

let folder;
let library;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twocan-call-'));
  const { code, output } = await run(process.execPath, [BUILD, folder], { deadline: 60_000 });
  assert.equal(code, 0, output);
  library = createServer(serve).listen(0, '127.0.0.1');
});
after(async () => {
  library?.close();
  await rm(folder, { recursive: true, force: true });
});

for (const [who, first, second] of PAIRS) {
  // The first of the two is impolite, the second polite.
  scenario(`${who}: one offers, candidates come after their description`, {}, async (s) => {
    const ends = await twoEnds(s, first, second, [true, false]);
    await carry(ends);
    await assertTalking(ends);
  });

  scenario(`${who}: candidates come before the description that they belong to`, {}, async (s) => {
    const ends = await twoEnds(s, first, second, [true, false]);
    await carry(ends, { order: candidatesFirst });
    await assertTalking(ends);
    // And those of a new path.
    await ends[0].restart();
    await carry(ends, { order: candidatesFirst });
    if (second === launched.firefox) await assertTalkingOrUndecided(s, ends);
    else await assertTalking(ends);
  });

  for (const earlier of [0, 1]) {
    scenario(`${who}: first offers cross, the ${earlier ? 'polite' : 'impolite'} one's is first`, {}, async (s) => {
      const ends = await twoEnds(s, first, second, [true, true]);
      await Promise.all(ends.map((end) => end.hasSaid('offer')));
      await carry(ends, { from: earlier });
      await assertTalking(ends);
    });

    scenario(
      `${who}: offers of a new path cross, the ${earlier ? 'polite' : 'impolite'} one's is first`,
      {},
      async (s) => {
        const ends = await twoEnds(s, first, second, [true, false]);
        await carry(ends);
        await assertTalking(ends);
        await Promise.all(ends.map((end) => end.restart()));
        await Promise.all(ends.map((end) => end.hasSaid('offer')));
        await carry(ends, { from: earlier });
        // Here Firefox has taken back an offer of a new path: pages never make it do that.
        if (second === launched.firefox) await assertTalkingOrUndecided(s, ends);
        else await assertTalking(ends);
      },
    );
  }

  scenario(`${who}: an offer comes together with the answer before it`, {}, async (s) => {
    const ends = await twoEnds(s, first, second, [true, false]);
    const [impolite, polite] = ends;
    await impolite.hasSaid('offer');
    await polite.take(await impolite.said());
    await polite.hasSaid('answer');
    await polite.settles();
    await polite.restart();
    await polite.hasSaid('offer');
    // Both at once: the offer comes while the answer is being set.
    await impolite.take(await polite.said());
    await carry(ends);
    // Firefox answers the offer in another role of DTLS than the one that it has just been given, which the
    // other browser refuses: in pages only the impolite side offers.
    if (first === launched.firefox) await assertRefused(polite, /Failed to set SSL role/);
    else await assertTalking(ends);
  });

  scenario(`${who}: an offer that was lost is sent again, and one that was not is answered once`, {}, async (s) => {
    const ends = await twoEnds(s, first, second, [true, false]);
    await ends[0].hasSaid('offer');
    await ends[0].said();
    await ends[0].restart({ repeat: true });
    await ends[0].hasSaid('offer');
    const again = await ends[0].said();
    await ends[1].take([...again, ...again]);
    await carry(ends);
    await assertTalking(ends);
  });
}

/** A page in each browser with one end of a link; `offers` tells for each whether it offers of itself. */
async function twoEnds(s, first, second, offers) {
  const names = ['impolite', 'polite'];
  return Promise.all(
    [first, second].map(async (launch, index) => {
      const page = await (await launch()).newPage();
      s.own(page);
      const end = new End(names[index], page);
      s.log(`problems of ${end.name}`, () => end.problems);
      await page.goto(`http://localhost:${library.address().port}/`);
      await page.evaluate(openLink, { polite: index === 1, offers: offers[index] });
      return end;
    }),
  );
}

/** Carries what both say, each side's in its order, until neither says anything more. */
async function carry(ends, { from = 0, order = (messages) => messages } = {}) {
  const [one, other] = from === 0 ? ends : [...ends].reverse();
  let quiet = 0;
  while (quiet < 10) {
    const spoken = [];
    for (const [sender, receiver] of [
      [one, other],
      [other, one],
    ]) {
      if (order !== candidatesFirst || (await sender.hasGathered())) {
        const messages = await sender.said();
        spoken.push(...messages);
        await receiver.take(order(messages));
      }
    }
    quiet = spoken.length > 0 ? 0 : quiet + 1;
    if (quiet > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function candidatesFirst(messages) {
  const rank = ({ type }) => (type === 'candidate' ? 0 : 1);
  return [...messages].sort((a, b) => rank(a) - rank(b));
}

/** Both ends are settled, and new pictures come to both. */
async function assertTalking(ends, { within = AGREED_WITHIN } = {}) {
  const before = await Promise.all(ends.map((end) => end.pictures()));
  for (const [index, end] of ends.entries()) {
    await until(`new pictures at the ${end.name} end`, within, async () => {
      return (await end.pictures()) > before[index] + 10;
    });
    assert.deepEqual(await end.states(), ['stable', 'connected'], end.name);
    assert.deepEqual(await end.problemsSoFar(), [], end.name);
  }
}

/**
 * As `assertTalking`, but where Firefox may also do what it does with some new paths: find pairs that work, and select
 * none of them.
 */
async function assertTalkingOrUndecided(s, ends) {
  try {
    await assertTalking(ends, { within: UNDECIDED_AFTER });
  } catch (error) {
    const { succeeded, selected } = await ends[1].pairs();
    if (selected > 0) throw error;
    assert.ok(succeeded > 0, 'Firefox has found pairs that work');
    for (const end of ends) {
      assert.equal((await end.states())[0], 'stable', end.name);
      assert.deepEqual(await end.problemsSoFar(), [], end.name);
    }
    s.state(`Firefox has found ${succeeded} pairs of the new path, and selected none`);
  }
}

/** The end cannot take what the other one has said, and says why. */
async function assertRefused(end, why) {
  await until(`the ${end.name} end to refuse a description`, AGREED_WITHIN, async () => {
    return (await end.problemsSoFar()).some((line) => why.test(line));
  });
  assert.deepEqual((await end.states())[0], 'have-local-offer', end.name);
}

/** One side of a connection, in a page. */
class End {
  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.problems = [];
    page.on('console', (message) => this.problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${error.message}`));
  }

  /** Takes away all that it has said. */
  said() {
    return this.page.evaluate(() => window.said.splice(0));
  }

  /** Hands over messages of the other end, all in one go. */
  take(messages) {
    return this.page.evaluate((all) => {
      for (const message of all) window.link.receive(message);
    }, messages);
  }

  /** Looks for a new path, whichever side this is. An own offer that has no answer yet is `repeat`ed if told so. */
  restart({ repeat = false } = {}) {
    return this.page.evaluate((again) => {
      if (!again && window.pc.signalingState === 'have-local-offer') return;
      // The link does it once in two seconds: time is moved on.
      window.clock += 10_000;
      window.link.restart();
    }, repeat);
  }

  hasSaid(type) {
    return until(`the ${this.name} end to say its ${type}`, AGREED_WITHIN, () =>
      this.page.evaluate((wanted) => window.said.some((message) => message.type === wanted), type),
    );
  }

  hasGathered() {
    return this.page.evaluate(() => window.pc.iceGatheringState !== 'gathering');
  }

  settles() {
    return until(`the ${this.name} end to be settled`, AGREED_WITHIN, () =>
      this.page.evaluate(() => window.pc.signalingState === 'stable'),
    );
  }

  states() {
    return this.page.evaluate(() => [window.pc.signalingState, window.pc.connectionState]);
  }

  /** How many pairs of candidates work, and how many of them have been selected. */
  pairs() {
    return this.page.evaluate(async () => {
      const pairs = [...(await window.pc.getStats()).values()].filter(({ type }) => type === 'candidate-pair');
      const count = (is) => pairs.filter(is).length;
      return {
        succeeded: count(({ state }) => state === 'succeeded'),
        selected: count(({ selected }) => selected === true),
      };
    });
  }

  pictures() {
    return this.page.evaluate(async () => {
      let decoded = 0;
      for (const report of (await window.pc.getStats()).values()) {
        if (report.type === 'inbound-rtp') decoded = Math.max(decoded, report.framesDecoded ?? 0);
      }
      return decoded;
    });
  }

  async problemsSoFar() {
    return this.problems.filter((line) => /twocan|uncaught/.test(line));
  }
}

/** Runs in the page: opens one end of a link, with a moving picture of its own. */
async function openLink({ polite, offers }) {
  const { Link } = await import('/link.js');
  const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
  const paint = canvas.getContext('2d');
  let hue = 0;
  setInterval(() => {
    hue += 7;
    paint.fillStyle = `hsl(${hue} 80% 50%)`;
    paint.fillRect(0, 0, 160, 120);
  }, 40);
  // The driver shows an error's name only.
  const warn = console.warn.bind(console);
  console.warn = (...words) => warn(words.map(String).join(' '));
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.pc = this;
    }
  };
  window.clock = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + window.clock;
  window.said = [];
  window.link = new Link({
    iceServers: [],
    polite,
    offers,
    tracks: { microphone: null, camera: canvas.captureStream(25).getVideoTracks()[0] },
    send: (message) => window.said.push(JSON.parse(JSON.stringify(message))),
    changed() {},
    reached() {},
    remoteChanged() {},
    channel() {},
  });
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
  video.srcObject = window.link.remote;
  document.body.append(video);
}

async function serve(request, response) {
  // A URL has no way out of the folder.
  const name = new URL(request.url, 'http://localhost').pathname;
  const [type, body] = name.endsWith('.js')
    ? ['text/javascript', await readFile(path.join(folder, name)).catch(() => null)]
    : ['text/html', '<!doctype html><title>a link</title><body>'];
  response.writeHead(body === null ? 404 : 200, { 'content-type': type });
  response.end(body ?? '');
}
