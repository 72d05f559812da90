import { expect, it } from 'vitest';
import { ChatLog, MOST_LINES, MOST_WAITING } from './log';
import { type ChatMessage, MAX_TEXT_BYTES, readChatMessage } from './wire';

const PAGE = 'a'.repeat(22);
const OTHER = 'b'.repeat(22);
const ANEW = 'c'.repeat(22);
const hello = (page: string): ChatMessage => ({ type: 'hello', version: 1, page });
const text = (n: number, said: string): ChatMessage => ({ type: 'text', n, text: said });

it('says who is there, and then what waits', () => {
  const log = new ChatLog(PAGE);
  log.say('one', 0);
  log.say('two', 1);
  expect(log.opened()).toEqual([hello(PAGE), text(1, 'one'), text(2, 'two')]);
});

it('calls delivered what is confirmed, and says only the rest again', () => {
  const log = withPeer();
  for (const word of ['one', 'two', 'three']) log.say(word, 0);
  log.heard({ type: 'ack', n: 2 }, 1);
  expect(log.lines.map(({ delivery }) => delivery)).toEqual(['delivered', 'delivered', 'waiting']);
  expect(log.opened()).toEqual([hello(PAGE), text(3, 'three')]);
});

it('takes what comes twice once, and confirms it twice', () => {
  const log = withPeer();
  expect(log.heard(text(1, 'one'), 0)).toEqual([{ type: 'ack', n: 1 }]);
  log.heardNone();
  log.heard(hello(OTHER), 1);
  expect(log.heard(text(1, 'one'), 1)).toEqual([{ type: 'ack', n: 1 }]);
  expect(log.heard(text(2, 'two'), 1)).toEqual([{ type: 'ack', n: 2 }]);
  expect(log.lines.map(({ text }) => text)).toEqual(['one', 'two']);
});

it('counts anew for a page that was loaded anew, and keeps what the one before said', () => {
  const log = withPeer();
  log.heard(text(1, 'one'), 0);
  log.heard(hello(ANEW), 1);
  log.heard(text(1, 'anew'), 1);
  expect(log.lines.map(({ text }) => text)).toEqual(['one', 'anew']);
});

it('hears nothing before a hello', () => {
  const log = new ChatLog(PAGE);
  expect(log.heard(text(1, 'one'), 0)).toEqual([]);
  log.say('mine', 0);
  log.heard({ type: 'ack', n: 1 }, 0);
  expect(log.lines.map(({ delivery }) => delivery)).toEqual(['waiting']);
});

it('gives nothing to whoever comes next', () => {
  const log = withPeer();
  log.say('for Bob alone', 0);
  log.left();
  expect(log.opened()).toEqual([hello(PAGE)]);
  expect(log.lines[0]?.delivery).toBe('lost');
});

it('takes no line that is empty, too long, or one of too many', () => {
  const log = new ChatLog(PAGE);
  expect(log.say(' \n', 0)).toBe('empty');
  expect(log.say('茶'.repeat(MAX_TEXT_BYTES / 3 + 1), 0)).toBe('too-long');
  expect(log.say('茶'.repeat(MAX_TEXT_BYTES / 3), 0)).toHaveLength(1);
  for (let n = 1; n < MOST_WAITING; n += 1) log.say('again', 0);
  expect(log.say('one more', 0)).toBe('too-many');
});

it('keeps no more lines than it may, whatever the other side says', () => {
  const log = withPeer();
  for (let n = 1; n <= MOST_LINES + 10; n += 1) log.heard(text(n, `${n}`), n);
  expect(log.lines).toHaveLength(MOST_LINES);
  expect(log.lines.at(-1)?.text).toBe(`${MOST_LINES + 10}`);
});

it('brings every line over any line, once and in its order', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = generator(seed);
    const [ann, bob] = [new ChatLog(PAGE), new ChatLog(OTHER)];
    let [toBob, toAnn]: [ChatMessage[], ChatMessage[]] = [ann.opened(), bob.opened()];
    const said: string[] = [];
    const turn = (from: ChatMessage[], at: ChatLog) => {
      const message = from.shift();
      return message ? at.heard(message, 0) : [];
    };
    for (let step = 0; step < 120; step += 1) {
      const dice = random();
      if (dice < 0.3) {
        said.push(`${said.length}`);
        toBob.push(...(ann.say(said.at(-1) ?? '', 0) as ChatMessage[]));
      } else if (dice < 0.6) toAnn.push(...turn(toBob, bob));
      else if (dice < 0.9) toBob.push(...turn(toAnn, ann));
      else {
        // The link is replaced: what was on its way is lost.
        [ann, bob].forEach((log) => {
          log.heardNone();
        });
        [toBob, toAnn] = [ann.opened(), bob.opened()];
      }
    }
    while (toBob.length + toAnn.length > 0) {
      toAnn.push(...turn(toBob, bob));
      toBob.push(...turn(toAnn, ann));
    }
    expect(
      bob.lines.map(({ text }) => text),
      `seed ${seed}`,
    ).toEqual(said);
    expect(ann.isWaiting).toBe(false);
  }
});

it.each([
  ['a line', '{"type":"text","n":1,"text":"hello"}', { type: 'text', n: 1, text: 'hello' }],
  ['a confirmation', '{"type":"ack","n":7,"more":1}', { type: 'ack', n: 7 }],
  ['a hello', JSON.stringify(hello(PAGE)), hello(PAGE)],
  ['bytes', new ArrayBuffer(8), null],
  ['no JSON', '{', null],
  ['no object', '"text"', null],
  ['null', 'null', null],
  ['an unknown type', '{"type":"sing","n":1}', null],
  ['a number that is none', '{"type":"text","n":"1","text":"a"}', null],
  ['a number below one', '{"type":"ack","n":0}', null],
  ['a number with a fraction', '{"type":"ack","n":1.5}', null],
  ['a number too large', '{"type":"ack","n":9007199254740992}', null],
  ['no text', '{"type":"text","n":1,"text":{}}', null],
  ['an empty text', '{"type":"text","n":1,"text":""}', null],
  ['a hello of another version', JSON.stringify({ ...hello(PAGE), version: 2 }), null],
  ['a hello without a page', '{"type":"hello","version":1,"page":"x"}', null],
  ['a long text', JSON.stringify(text(1, 'x'.repeat(MAX_TEXT_BYTES + 1))), null],
  ['far too much', ' '.repeat(100_000), null],
])('reads %s', (_name, data, message) => {
  expect(readChatMessage(data)).toEqual(message);
});

function withPeer(): ChatLog {
  const log = new ChatLog(PAGE);
  log.opened();
  log.heard(hello(OTHER), 0);
  return log;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
