import { expect, it } from 'vitest';
import {
  isLocalHost,
  isRandomRoom,
  linkElsewhere,
  linkToSend,
  pathOfRoom,
  randomRoom,
  roomNameProblem,
  roomOfInput,
  roomOfPath,
  secureAddress,
  tokenOfHash,
} from './route';

it.each([
  ['/', null],
  ['/r/', null],
  ['/r/%20', null],
  ['/elsewhere', null],
  ['/r/a/b', null],
  ['/r/friday', 'friday'],
  ['/r/friday/', 'friday'],
  ['/r/%E6%9C%88%E4%BA%AE', '月亮'],
  ['/r/50%', '50%'],
])('%s is room %j', (path, room) => {
  expect(roomOfPath(path)).toBe(room);
});

it.each(['friday', 'a b', 'a/b', '50%', '月亮', '?#&'])('%s survives its path', (room) => {
  expect(roomOfPath(pathOfRoom(room))).toBe(room);
});

it.each([
  [' friday ', 'friday'],
  ['https://call.example/r/tea%20time', 'tea time'],
  ['http://call.example:8080/r/tea', 'tea'],
  ['https://call.example/', 'https://call.example/'],
  ['https://elsewhere.example/r/tea', 'https://elsewhere.example/r/tea'],
  ['https://', 'https://'],
])('%j means room %j', (text, room) => {
  expect(roomOfInput(text, 'call.example')).toBe(room);
});

it.each([
  ['https://elsewhere.example/r/tea', 'https://elsewhere.example/r/tea'],
  [' http://elsewhere.example:8080/r/茶 ', 'http://elsewhere.example:8080/r/%E8%8C%B6'],
  ['https://call.example:8443/r/tea', null],
  ['https://call.example/r/tea#token=a.b.c', 'https://call.example/r/tea#token=a.b.c'],
  ['https://elsewhere.example/', null],
  ['https://', null],
  ['javascript:alert(1)//r/tea', null],
  ['friday', null],
])('%j leads elsewhere: %j', (text, link) => {
  expect(linkElsewhere(text, 'call.example')).toBe(link);
});

it.each([
  ['friday', null],
  ['...', null],
  ['.', 'dots'],
  ['..', 'dots'],
  ['🥫'.repeat(128), null],
  ['🥫'.repeat(129), 'tooLong'],
])('%s has the problem %j', (room, problem) => {
  expect(roomNameProblem(room)).toBe(problem);
});

it('makes room names that can be read out, with even odds', () => {
  let next = 0;
  // Every byte in turn: those beyond the last whole alphabet are passed over.
  const name = () =>
    randomRoom((bytes) => {
      bytes[0] = next++ % 256;
      return bytes;
    });
  const names = Array.from({ length: 62 }, name);
  expect(names.every(isRandomRoom)).toBe(true);
  for (const made of names) expect(made).toMatch(/^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
  const counts = new Map<string, number>();
  for (const letter of names.join('').replaceAll('-', '')) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect([...counts.values()]).toEqual(Array(31).fill((62 * 12) / 31));
});

it.each([
  ['http://192.168.1.20:8080/r/x', 'https://192.168.1.20:8443/r/x'],
  ['http://call.example/r/x', 'https://call.example/r/x'],
  ['http://call.example:3000/r/x', null],
])('the secure address of %s is %s', (address, secure) => {
  expect(secureAddress(new URL(address))).toBe(secure);
});

it.each(['friday', 'abcd-efgh', 'abcd-efgh-jkm1', 'abcd-efgh-jkmn-pqrs'])(
  '%s was typed by a person',
  (room) => {
    expect(isRandomRoom(room)).toBe(false);
  },
);

it.each([
  ['http://localhost:8080/r/x', true, null, 'http://localhost:8080/r/x'],
  ['http://localhost:8080/r/x', true, 'https://10.0.0.5:8443', 'https://10.0.0.5:8443/r/x'],
  ['http://10.0.0.5:8080/r/x', false, null, 'https://10.0.0.5:8443/r/x'],
  ['http://10.0.0.5:3000/r/x', false, null, 'http://10.0.0.5:3000/r/x'],
  ['https://call.example/r/x', true, null, 'https://call.example/r/x'],
])('from %s (secure: %s) with %s, the link is %s', (address, isSecure, elsewhere, link) => {
  expect(linkToSend(new URL(address), isSecure, elsewhere)).toBe(link);
});

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['call.localhost', true],
  ['192.168.1.20', false],
  ['call.example', false],
])('%s is local: %s', (host, local) => {
  expect(isLocalHost(host)).toBe(local);
});

it.each([
  ['', undefined],
  ['#', undefined],
  ['#elsewhere', undefined],
  ['#token=', ''],
  ['#token=a.b-c_d', 'a.b-c_d'],
  ['#x=1&token=a.b.c', 'a.b.c'],
])('%s carries the token %s', (hash, token) => {
  expect(tokenOfHash(hash)).toBe(token);
});
