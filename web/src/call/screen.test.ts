import { afterEach, expect, it, vi } from 'vitest';
import type { Call } from './call';
import { canShareScreen, screenOptions, shareScreen } from './screen';

afterEach(() => vi.unstubAllGlobals());

it('is offered only where the browser can', () => {
  vi.stubGlobal('navigator', { mediaDevices: {} });
  expect(canShareScreen()).toBe(false);
  vi.stubGlobal('navigator', {});
  expect(canShareScreen()).toBe(false);
  aBrowser();
  expect(canShareScreen()).toBe(true);
});

it('asks for sound as it is, and for none where the other page has no line for it', () => {
  expect(screenOptions(true, {})).toMatchObject({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  expect(screenOptions(false, {}).audio).toBe(false);
});

it('takes the sound of the whole computer only without the voice of the other person', () => {
  expect(screenOptions(true, {}).systemAudio).toBe('exclude');
  expect(screenOptions(true, { restrictOwnAudio: true })).toMatchObject({
    systemAudio: 'include',
    audio: { restrictOwnAudio: true },
  });
});

it('shows what the person has chosen, sharp rather than smooth', async () => {
  const { screen } = aBrowser();
  const call = aCall();
  expect(await shareScreen(call)).toBe('shared');
  expect(call.snapshot.screen).toBe(screen);
  expect(screen.picture.contentHint).toBe('detail');
});

it('ends with the button of the browser', async () => {
  const { screen } = aBrowser();
  const call = aCall();
  await shareScreen(call);
  screen.picture.dispatchEvent(new Event('ended'));
  expect(call.snapshot.screen).toBeNull();
});

it('does not end what is shown since by the end of what was shown before', async () => {
  const { screen } = aBrowser();
  const call = aCall();
  await shareScreen(call);
  aBrowser();
  await shareScreen(call);
  const { screen: next } = call.snapshot;
  screen.picture.dispatchEvent(new Event('ended'));
  expect(call.snapshot.screen).toBe(next);
});

it.each([
  ['NotAllowedError', 'refused'],
  ['NotReadableError', 'failed'],
])('tells %s as %s', async (name, shared) => {
  aBrowser(new DOMException('', name));
  const call = aCall();
  expect(await shareScreen(call)).toBe(shared);
  expect(call.snapshot.screen).toBeNull();
});

it('shows nothing in a call that has ended while the person was choosing', async () => {
  const { screen } = aBrowser();
  const call = aCall({ over: true });
  expect(await shareScreen(call)).toBe('failed');
  expect(call.snapshot.screen).toBeNull();
  expect(screen.picture.stopped).toBe(true);
});

class FakePicture extends EventTarget {
  contentHint = '';
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

class FakeScreen {
  readonly picture = new FakePicture();
  getTracks = () => [this.picture];
  getVideoTracks = () => [this.picture];
}

/** A browser whose person chooses a screen, or in which `error` comes of it. */
function aBrowser(error?: Error) {
  const screen = new FakeScreen();
  const getDisplayMedia = async () => {
    if (error) throw error;
    return screen;
  };
  vi.stubGlobal('navigator', {
    mediaDevices: { getDisplayMedia, getSupportedConstraints: () => ({}) },
  });
  return { screen };
}

function aCall({ over = false } = {}): Call {
  const snapshot = {
    screen: null as MediaStream | null,
    remote: { stream: over ? null : {}, capabilities: { screen: true } },
  };
  const setScreen = (screen: MediaStream | null) => {
    snapshot.screen = screen;
  };
  return { snapshot, setScreen } as unknown as Call;
}
