/** What goes on beside a call, on channels without a browser. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Saver } from '../files/save';
import { FakeChannel } from '../testing/channel';
import { Beside } from './beside';

const THEIR_PAGE = 'p'.repeat(22);
const hello = JSON.stringify({ type: 'hello', version: 1, page: THEIR_PAGE });
const text = (n: number) => JSON.stringify({ type: 'text', n, text: `${n}` });
const offer = (id: string, name = 'a') => JSON.stringify({ type: 'offer', id, name, size: 10 });
const id = (n: number) => `${n}`.padStart(22, '0');

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('goes on sending on the channel that was opened in place of one that ended by itself', () => {
  const { beside, channels, take } = carried();
  beside.files.send([new File(['0123456789'], 'a')]);
  const [first] = channels;
  first?.open();
  first?.end();
  // Something is said before the time to open another channel has come.
  take('files').onmessage?.({ data: hello });
  const second = channels[1];
  second?.open();
  const [, again] = second?.said ?? [];
  expect(again).toMatchObject({ type: 'offer', name: 'a' });
  beside.files.hear(JSON.stringify({ type: 'accept', id: again?.id, at: 0 }));
  vi.advanceTimersByTime(5_000);
  expect(beside.files.list()[0]?.state).toBe('running');
  expect(channels).toHaveLength(2);
});

it('opens a channel that has ended by itself again, a while later', () => {
  const { beside, channels } = carried();
  beside.files.send([new File(['0123456789'], 'a')]);
  channels[0]?.open();
  channels[0]?.end();
  expect(channels).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(channels).toHaveLength(2);
});

it('listens to the newest of their channels of a kind, and ends the one before', () => {
  const { beside, take } = carried();
  const first = take('chat');
  first.onmessage?.({ data: hello });
  first.onmessage?.({ data: text(1) });
  const second = take('chat');
  expect(first).toMatchObject({ readyState: 'closed', onmessage: null });
  second.onmessage?.({ data: hello });
  second.onmessage?.({ data: text(2) });
  expect(beside.chat.lines.map(({ text }) => text)).toEqual(['1', '2']);
});

it('leaves channels of another kind alone, as those of a later version', () => {
  const { beside, channels, take } = carried();
  const other = take('games', hello, offer(id(1)));
  expect(other).toMatchObject({ onmessage: null });
  expect(beside.files.list()).toEqual([]);
  expect(channels).toEqual([]);
});

it('does not draw the page anew for each of a thousand lines', () => {
  const { changed, take } = carried();
  const channel = take('chat');
  channel.onmessage?.({ data: hello });
  changed.mockClear();
  for (let n = 1; n <= 1_000; n += 1) channel.onmessage?.({ data: text(n) });
  vi.advanceTimersByTime(1_000);
  expect(changed.mock.calls.length).toBeLessThan(4);
});

it('shows an own line at once', () => {
  const { beside, changed, take } = carried();
  take('chat').onmessage?.({ data: hello });
  changed.mockClear();
  beside.chat.say('hello');
  expect(changed).toHaveBeenCalledTimes(1);
});

it('takes no offer under the id of a file that it sends itself', () => {
  const { beside, take } = carried();
  beside.files.send([new File(['0123456789'], 'mine')]);
  const own = beside.files.list()[0]?.id ?? '';
  const channel = take('files');
  channel.onmessage?.({ data: hello });
  channel.onmessage?.({ data: offer(own, 'theirs') });
  expect(beside.files.list().map(({ name }) => name)).toEqual(['mine']);
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['bytes before any file', new ArrayBuffer(70_000)],
  ['a Blob', new Blob(['x'])],
  ['no JSON', '{"type":'],
  ['a list', '[1,2]'],
  ['a prototype', '{"__proto__":{"type":"offer"}}'],
  ['an offer of a size below nothing', '{"type":"offer","id":"0","name":"a","size":-1}'],
  ['an offer without end', `{"type":"offer","id":"${id(1)}","name":"a","size":1e400}`],
  ['a start below nothing', `{"type":"start","id":"${id(1)}","at":-1048576}`],
  ['a piece that is none', `{"type":"block","id":"${id(1)}","n":-1,"sha256":"x"}`],
])('passes over %s', (_name, data) => {
  const { beside, take } = carried();
  const channel = take('files');
  channel.onmessage?.({ data: hello });
  channel.onmessage?.({ data });
  expect(beside.files.list()).toEqual([]);
});

/** What goes on beside a link that carries; `take` opens a channel of the other side. */
function carried() {
  const channels: FakeChannel[] = [];
  const changed = vi.fn();
  const saver: Saver = { open: async () => 'dismissed' };
  const beside = new Beside(changed, saver);
  beside.carry({
    open: (label) => {
      const channel = new FakeChannel(label);
      channels.push(channel);
      return channel.asChannel;
    },
  });
  const take = (label: string, ...early: unknown[]) => {
    const channel = new FakeChannel(label);
    channel.open();
    beside.take(channel.asChannel, early);
    return channel;
  };
  return { beside, channels, changed, take };
}
