import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type EarlySocket, over } from './early';

beforeEach(() => vi.stubGlobal('WebSocket', { OPEN: 1 }));
afterEach(() => vi.unstubAllGlobals());

it('takes up a socket that is open, with what has come over it', async () => {
  const early = socket(1, ['0{}', '2']);
  const heard = adopt(early);
  expect(heard).toEqual([]);
  await Promise.resolve();
  expect(heard).toEqual(['open', '0{}', '2']);
});

it('takes up a socket that is still opening', async () => {
  const early = socket(0, []);
  const heard = adopt(early);
  await Promise.resolve();
  expect(heard).toEqual([]);
  early.onopen?.(new Event('open'));
  expect(heard).toEqual(['open']);
});

it.each([2, 3])('makes one of its own in place of one in state %i, which has ended', (state) => {
  const early = socket(state, []);
  expect(made(over(early))).not.toBe(early);
});

it('takes it up once: the next is its own', () => {
  const early = socket(1, []);
  const Transport = over(early);
  expect(made(Transport)).toBe(early);
  expect(made(Transport)).not.toBe(early);
});

/** Of the socket's class no more is used. */
function socket(readyState: number, heard: string[]): EarlySocket {
  return { readyState, heard, onopen: null, onmessage: null } as unknown as EarlySocket;
}

function made(Transport: ReturnType<typeof over>): unknown {
  class Own {}
  const transport = Object.create(Transport.prototype);
  vi.spyOn(Object.getPrototypeOf(Transport.prototype), 'createSocket').mockReturnValue(new Own());
  return transport.createSocket('ws://call.example', undefined, {});
}

/** What the transport hears once its handlers stand. */
function adopt(early: EarlySocket): string[] {
  const heard: string[] = [];
  made(over(early));
  early.onopen = () => heard.push('open');
  early.onmessage = ({ data }) => heard.push(data);
  return heard;
}
