import { beforeEach, describe, expect, it } from 'vitest';
import type { Call, CallSnapshot } from '../../call';
import type { EmbedState, Told } from '../../embed/messages';
import { Frame } from './frame';

const SITE = 'https://site.example';
const DEVICE = { wanted: true, asking: false, track: null, problem: null, substitute: null };
const LOBBY = {
  phase: 'lobby',
  failure: null,
  microphone: DEVICE,
  camera: DEVICE,
  remote: { stream: null, microphone: true, camera: false },
  connection: null,
  talkedMs: 0,
  roomId: 'tea',
} as unknown as CallSnapshot;

/** A call of which only what a frame uses is there. */
class FakeCall {
  snapshot = LOBBY;
  done: unknown[] = [];
  #listener = () => {};
  subscribe(listener: () => void) {
    this.#listener = listener;
    return () => {
      this.#listener = () => {};
    };
  }
  change(change: Partial<CallSnapshot>) {
    this.snapshot = { ...this.snapshot, ...change };
    this.#listener();
  }
  join = () => this.done.push('join');
  leave = () => this.done.push('leave');
  setDevice = async (...given: unknown[]) => this.done.push(given);
}

let said: { told: Told; origin: string }[];
let frame: Frame;
let call: FakeCall;
const attend = () => frame.attend(call as unknown as Call);
const order = (command: string, more = {}) => frame.hear(SITE, { twocan: 1, command, ...more });
const states = () =>
  said.flatMap(({ told }) => (told.event === 'state' ? [told.state] : ([] as EmbedState[])));

beforeEach(() => {
  said = [];
  call = new FakeCall();
  frame = new Frame(({ twocan, ...told }, origin) => {
    expect(twocan).toBe(1);
    said.push({ told, origin });
  });
});

describe('a framed page', () => {
  it('says that it is ready, and nothing else to those who have not spoken', () => {
    attend();
    call.change({ phase: 'joining' });
    expect(said).toEqual([{ told: { event: 'ready' }, origin: '*' }]);
  });

  it('tells the state to the origin that asked, and again when it changes', () => {
    attend();
    order('hello');
    call.change({ phase: 'waiting' });
    call.change({ phase: 'waiting' });
    expect(states().map(({ phase }) => phase)).toEqual(['lobby', 'waiting']);
    expect(said.slice(1).every(({ origin }) => origin === SITE)).toBe(true);
  });

  it('tells nothing by which somebody could join', () => {
    attend();
    order('hello');
    expect(JSON.stringify(said)).not.toContain('tea');
  });

  it('speaks of the other person only while they are there', () => {
    attend();
    order('hello');
    expect(states().at(-1)).toMatchObject({ theirMicrophone: false, path: null });
    call.change({ phase: 'connected', connection: { path: 'relayed' } });
    expect(states().at(-1)).toMatchObject({
      theirMicrophone: true,
      theirCamera: false,
      path: 'relayed',
    });
  });

  it('does what it is told', () => {
    attend();
    order('join');
    order('microphone', { on: false });
    order('camera', { on: true });
    order('leave');
    expect(call.done).toEqual(['join', ['microphone', false], ['camera', true], 'leave']);
  });

  it('keeps orders until there is a call, and is at its start before and after', () => {
    order('hello');
    order('join');
    attend()();
    expect(call.done).toEqual(['join']);
    expect(states().map(({ phase }) => phase)).toEqual(['start', 'lobby', 'start']);
  });

  it('listens to one origin only', () => {
    attend();
    order('hello');
    frame.hear('https://other.example', { twocan: 1, command: 'join' });
    expect(call.done).toEqual([]);
  });

  it('answers what it does not understand in words, and passes over what is not meant for it', () => {
    attend();
    for (const noise of [null, 7, 'join', { command: 'join' }, []]) frame.hear(SITE, noise);
    expect(said).toHaveLength(1);
    frame.hear(SITE, { twocan: 2, command: 'join' });
    order('sing');
    order('camera', { on: 'yes' });
    expect(said.slice(1).map(({ told }) => told)).toEqual([
      { event: 'refused', message: expect.stringContaining('version 1') },
      { event: 'refused', message: expect.stringContaining("'sing'") },
      { event: 'refused', message: expect.stringContaining("'on'") },
    ]);
    expect(call.done).toEqual([]);
  });
});
