// Two people write to each other beside picture and sound.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { openPerson } from './lib/person.js';
import { keepLine, replaceLink } from './lib/replace.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { until } from './lib/wait.js';

const launched = browsers();

scenario('two people write to each other, and news is counted and shown while the chat is closed', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await alice.press('Chat');
  await writes(alice, 'Hello, Bob');
  await bob.says(/Hello, Bob/);
  await bob.press('Chat, 1 new');
  await conversation(bob, ['They: Hello, Bob']);
  assert.equal(await bob.names('Chat'), true);
  await writes(bob, 'Hello, Alice, see https://example.org/a_(b). And javascript:alert(1) <b>bold</b>');
  const lines = ['Hello, Bob', 'Hello, Alice, see https://example.org/a_(b). And javascript:alert(1) <b>bold</b>'];
  await conversation(alice, [`You: ${lines[0]}`, `They: ${lines[1]}`]);
  await conversation(bob, [`They: ${lines[0]}`, `You: ${lines[1]}`]);
  const links = await alice.page.$$eval('.chat-log a', (all) =>
    all.map(({ href, rel, target }) => [href, rel, target]),
  );
  assert.deepEqual(links, [['https://example.org/a_(b)', 'noopener noreferrer', '_blank']]);
  assert.equal(await alice.page.$('.chat-log b'), null);
  await alice.page.keyboard.press('Escape');
  await until('the panel to close', 5_000, async () => !(await alice.names('Conversation')));
});

scenario('Enter sends, Shift and Enter does not, nor does the Enter of an input method', {}, async (s) => {
  const { alice, bob } = await inCall(s);
  await alice.press('Chat');
  await alice.page.locator('textarea').click();
  await alice.page.keyboard.type('one');
  await alice.page.keyboard.down('Shift');
  await alice.page.keyboard.press('Enter');
  await alice.page.keyboard.up('Shift');
  await alice.page.keyboard.type('two');
  await alice.page.$eval('textarea', (field) => {
    const composing = { key: 'Enter', isComposing: true, bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', composing));
  });
  assert.equal(await alice.field('Message'), 'one\ntwo');
  await alice.page.keyboard.press('Enter');
  await bob.press('Chat, 1 new');
  await conversation(bob, ['They: one\ntwo']);
  assert.equal(await alice.field('Message'), '');
  await alice.type('Message', '茶'.repeat(2_731));
  await alice.press('Send');
  await alice.says(/too long for one message\. Shorten it, or send it as a file/);
  await alice.type('Message', '茶'.repeat(2_730));
  await alice.press('Send');
  await conversation(bob, ['They: one\ntwo', `They: ${'茶'.repeat(2_730)}`]);
});

scenario(
  'what is written while the line is cut arrives later, once and in its order',
  { timeout: 90_000 },
  async (s) => {
    const { alice, bob } = await inCall(s);
    await alice.press('Chat');
    await bob.press('Chat');
    await writes(alice, 'before');
    await conversation(bob, ['They: before']);
    await bob.page.reload();
    await writes(alice, 'first');
    await writes(alice, 'second');
    await bob.reaches('connected');
    await bob.press('Chat, 2 new');
    await conversation(bob, ['They: first', 'They: second']);
    await conversation(alice, ['You: before', 'You: first', 'You: second']);
    await until('all to be delivered', 10_000, async () => !/Not delivered/.test(await alice.text()));
    await writes(bob, 'after');
    await conversation(alice, ['You: before', 'You: first', 'You: second', 'They: after']);
  },
);

scenario('a new connection of the same two pages loses and doubles nothing', { timeout: 90_000 }, async (s) => {
  const { alice, bob } = await inCall(s);
  await alice.press('Chat');
  await bob.press('Chat');
  await writes(alice, 'one');
  await conversation(bob, ['They: one']);
  const before = await alice.connections();
  await replaceLink(bob, 'tea');
  for (const text of ['two', 'three', 'four']) {
    await writes(alice, text);
    await writes(bob, `${text} back`);
  }
  await until('all to be delivered', 60_000, async () => {
    const texts = await Promise.all([alice.text(), bob.text()]);
    return texts.every((text) => /four back/.test(text) && !/Not delivered/.test(text));
  });
  await until('a new connection', 20_000, async () => (await alice.connections()) > before);
  const told = await said(alice);
  assert.deepEqual(
    told.filter((line) => line.startsWith('You')),
    ['one', 'two', 'three', 'four'].map((w) => `You: ${w}`),
  );
  assert.deepEqual(
    told.filter((line) => line.startsWith('They')),
    ['two', 'three', 'four'].map((w) => `They: ${w} back`),
  );
  assert.equal((await said(bob)).length, 7);
});

scenario('a plain client is offered no chat', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: withoutChat });
  await meet(twocan, alice, bob);
  assert.equal(await alice.names('Chat'), false);
  assert.equal(await bob.names('Chat'), true);
});

scenario('Firefox and Chromium write to each other', {}, async (s) => {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.firefox());
  const bob = await openPerson(s, 'bob', await launched.chromium());
  await meet(twocan, alice, bob);
  await alice.press('Chat');
  await writes(alice, 'from the fox');
  await bob.press('Chat, 1 new');
  await writes(bob, 'back');
  await conversation(bob, ['They: from the fox', 'You: back']);
  await conversation(alice, ['You: from the fox', 'They: back']);
});

/** Runs in the page: it tells nobody that it takes part in the chat. */
function withoutChat() {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    return send.call(this, typeof data === 'string' ? data.replace('"chat":true,', '') : data);
  };
}

async function inCall(s) {
  const twocan = await startTwocan(s);
  const alice = await openPerson(s, 'alice', await launched.chromium());
  const bob = await openPerson(s, 'bob', await launched.secondChromium(), { before: keepLine });
  await meet(twocan, alice, bob);
  return { twocan, alice, bob };
}

async function meet(twocan, alice, bob) {
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
}

async function writes(person, text) {
  await person.type('Message', text);
  await person.press('Send');
}

/** The lines of the conversation, with who said them. */
async function said(person) {
  return person.page.$$eval('.chat-log li', (all) => {
    return all.map((line) => line.querySelector('.chat-who').textContent + line.querySelector('.bubble').textContent);
  });
}

async function conversation(person, lines) {
  let last;
  await until(`${person.name} to have ${lines.length} lines`, 10_000, async () => {
    last = await said(person);
    return last.length >= lines.length;
  });
  assert.deepEqual(last, lines);
}
