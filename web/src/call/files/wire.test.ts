import { expect, it } from 'vitest';
import { cleanName } from './name';
import { BLOCK, readFileMessage } from './wire';

const id = 'a'.repeat(22);
const sum = 'b'.repeat(43);

it.each([
  [{ type: 'offer', id, name: 'a.txt', size: 5 }],
  [{ type: 'start', id, at: 0 }],
  [{ type: 'accept', id, at: 3 * BLOCK }],
  [{ type: 'block', id, n: 2, sha256: sum }],
  [{ type: 'got', id, received: 10, written: 10 }],
  [{ type: 'decline', id }],
  [{ type: 'done', id }],
  [{ type: 'cancel', id, from: 'sender', reason: 'unreadable' }],
  [{ type: 'hello', version: 1, page: id }],
])('reads %j', (message) => {
  expect(readFileMessage(JSON.stringify({ ...message, more: 1 }))).toEqual(message);
});

it.each([
  ['an id that is none', { type: 'done', id: '../x' }],
  ['no id', { type: 'done' }],
  ['a size below nothing', { type: 'offer', id, name: 'a', size: -1 }],
  ['a size beyond numbers', { type: 'offer', id, name: 'a', size: 2 ** 53 }],
  ['a size in words', { type: 'offer', id, name: 'a', size: '5' }],
  ['a name that is none', { type: 'offer', id, name: ['a'], size: 1 }],
  ['a place inside of a piece', { type: 'accept', id, at: 5 }],
  ['a place inside of a piece', { type: 'start', id, at: BLOCK + 1 }],
  ['a sum that is none', { type: 'block', id, n: 0, sha256: `${sum}=` }],
  ['more written than came', { type: 'got', id, received: 1, written: 2 }],
  ['a cancel from nobody', { type: 'cancel', id, from: 'me', reason: 'cancelled' }],
  ['an unknown type', { type: 'open', id }],
  ['too much', { type: 'offer', id, name: 'a'.repeat(5_000), size: 1 }],
])('refuses %s', (_name, message) => {
  expect(readFileMessage(JSON.stringify(message))).toBeNull();
});

it('takes a reason that it does not know for the plainest', () => {
  const message = { type: 'cancel', id, from: 'receiver', reason: 'mood' };
  expect(readFileMessage(JSON.stringify(message))).toMatchObject({ reason: 'cancelled' });
});

it.each([
  ['photo.jpg', 'photo.jpg'],
  ['旅行 照片.jpg', '旅行 照片.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\a.txt', 'a.txt'],
  ['a/..', 'file'],
  ['.bashrc', 'bashrc'],
  ['a\u0000b\u001b[2J.txt', 'ab[2J.txt'],
  ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
  ['what?<now>.txt', 'what__now_.txt'],
  ['con.txt', '_con.txt'],
  ['LPT1', '_LPT1'],
  ['a. ', 'a'],
  ['\ud800x', 'x'],
  ['', 'file'],
  ['...', 'file'],
  [`${'a'.repeat(300)}.jpeg`, `${'a'.repeat(195)}.jpeg`],
  ['🥫'.repeat(300), '🥫'.repeat(200)],
])('calls %j %j', (name, clean) => {
  expect(cleanName(name)).toBe(clean);
});
