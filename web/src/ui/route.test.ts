import { expect, it } from 'vitest';
import {
  isLocalHost,
  linkElsewhere,
  linkToSend,
  type Place,
  pathOf,
  placeOf,
  placeOfInput,
  START,
  secureAddress,
  tokenOfHash,
} from './route';

const SECRET = '1AAECAwQFBgcICQoLDA0ODxAR';
const sealed: Place = { kind: 'sealed', secret: SECRET };
const named = (room: string): Place => ({ kind: 'named', room });
const CUT: Place = { kind: 'start', problem: 'cut' };
const at = (path: string) => new URL(path, 'https://call.example');

it.each([
  ['/', START],
  ['/r/', START],
  ['/r/%20', START],
  ['/elsewhere', START],
  ['/r/a/b', START],
  ['/r/friday', named('friday')],
  ['/r/friday/', named('friday')],
  ['/r/%E6%9C%88%E4%BA%AE', named('月亮')],
  ['/r/50%', named('50%')],
  ['/r/tea#token=a.b.c', named('tea')],
  [`/r/tea#${SECRET}`, named('tea')],
  [`/#${SECRET}`, sealed],
  [`/#${SECRET}&token=a.b.c`, sealed],
  [`/elsewhere#${SECRET}`, START],
  ['/#', START],
  ['/#token=a.b.c', START],
  [`/#${SECRET.slice(0, -1)}`, CUT],
  [`/#${SECRET}A`, CUT],
  ['/#elsewhere', CUT],
])('%s leads to %j', (path, place) => {
  expect(placeOf(at(path))).toEqual(place);
});

it.each(['friday', 'a b', 'a/b', '50%', '月亮', '?#&'])('%s survives its path', (room) => {
  expect(placeOf(at(pathOf(named(room))))).toEqual(named(room));
});

it('keeps a secret behind the #, where no server sees it', () => {
  expect(placeOf(at(pathOf(sealed)))).toEqual(sealed);
  expect(at(pathOf(sealed)).pathname).toBe('/');
  expect(pathOf(START)).toBe('/');
});

it.each([
  ['', START],
  [' friday ', named('friday')],
  ['https://call.example/r/tea%20time', named('tea time')],
  ['http://call.example:8080/r/tea', named('tea')],
  ['https://call.example/', named('https://call.example/')],
  ['https://elsewhere.example/r/tea', named('https://elsewhere.example/r/tea')],
  ['https://', named('https://')],
  [` https://call.example/#${SECRET} `, sealed],
  [`https://call.example/#${SECRET.slice(0, -3)}`, CUT],
  [SECRET, sealed],
  [`#${SECRET}`, sealed],
])('%j means %j', (text, place) => {
  expect(placeOfInput(text, 'call.example')).toEqual(place);
});

it.each([
  ['https://elsewhere.example/r/tea', 'https://elsewhere.example/r/tea'],
  [' http://elsewhere.example:8080/r/茶 ', 'http://elsewhere.example:8080/r/%E8%8C%B6'],
  ['https://call.example:8443/r/tea', null],
  ['https://call.example/r/tea#token=a.b.c', 'https://call.example/r/tea#token=a.b.c'],
  ['https://elsewhere.example/', null],
  [`https://elsewhere.example/#${SECRET}`, `https://elsewhere.example/#${SECRET}`],
  [`https://call.example/#${SECRET}`, null],
  [`https://call.example/#${SECRET}&token=a`, `https://call.example/#${SECRET}&token=a`],
  ['https://', null],
  ['javascript:alert(1)//r/tea', null],
  ['friday', null],
])('%j leads elsewhere: %j', (text, link) => {
  expect(linkElsewhere(text, 'call.example')).toBe(link);
});

it.each([
  ['...', named('...')],
  ['.', { kind: 'start', problem: 'dots' }],
  ['..', { kind: 'start', problem: 'dots' }],
  ['🥫'.repeat(128), named('🥫'.repeat(128))],
  ['🥫'.repeat(129), { kind: 'start', problem: 'tooLong' }],
])('a room named %s is %j', (room, place) => {
  expect(placeOfInput(room, 'call.example')).toEqual(place);
  if (room.length > 2) expect(placeOf(at(pathOf(named(room))))).toEqual(place);
});

it.each([
  ['http://192.168.1.20:8080/r/x', 'https://192.168.1.20:8443/r/x'],
  ['http://call.example/r/x', 'https://call.example/r/x'],
  ['http://call.example:3000/r/x', null],
  [`http://call.example/#${SECRET}`, `https://call.example/#${SECRET}`],
])('the secure address of %s is %s', (address, secure) => {
  expect(secureAddress(new URL(address))).toBe(secure);
});

it.each([
  ['http://localhost:8080/r/x', true, null, 'http://localhost:8080/r/x'],
  ['http://localhost:8080/r/x', true, 'https://10.0.0.5:8443', 'https://10.0.0.5:8443/r/x'],
  ['http://10.0.0.5:8080/r/x', false, null, 'https://10.0.0.5:8443/r/x'],
  ['http://10.0.0.5:3000/r/x', false, null, 'http://10.0.0.5:3000/r/x'],
  ['https://call.example/r/x', true, null, 'https://call.example/r/x'],
  ['https://call.example/r/x#token=mine', true, null, 'https://call.example/r/x'],
  [`https://call.example/#${SECRET}`, true, null, `https://call.example/#${SECRET}`],
  [`http://10.0.0.5:8080/#${SECRET}`, false, null, `https://10.0.0.5:8443/#${SECRET}`],
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
