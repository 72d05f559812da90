import { afterEach, expect, it, vi } from 'vitest';
import { browserNetwork } from './network';

afterEach(() => vi.unstubAllGlobals());

function browser(type?: string) {
  const page = new EventTarget();
  const connection = Object.assign(new EventTarget(), { type });
  vi.stubGlobal('navigator', { connection });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  const changed = vi.fn();
  const stop = browserNetwork().watch(changed);
  const become = (next: string) => {
    connection.type = next;
    connection.dispatchEvent(new Event('change'));
  };
  return { page, connection, changed, stop, become };
}

it('tells when the browser is online again', () => {
  const { page, changed } = browser();
  page.dispatchEvent(new Event('online'));
  expect(changed).toHaveBeenCalledTimes(1);
});

it('tells of another kind of network, not of none, and not of another speed', () => {
  const { connection, changed, become } = browser('wifi');
  connection.dispatchEvent(new Event('change'));
  become('none');
  expect(changed).not.toHaveBeenCalled();
  become('cellular');
  expect(changed).toHaveBeenCalledTimes(1);
});

it('does without what a browser does not have', () => {
  const page = new EventTarget();
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  const changed = vi.fn();
  const stop = browserNetwork().watch(changed);
  stop();
  page.dispatchEvent(new Event('online'));
  expect(changed).not.toHaveBeenCalled();
});

it('is silent once it is stopped', () => {
  const { page, changed, stop, become } = browser('wifi');
  stop();
  page.dispatchEvent(new Event('online'));
  become('cellular');
  expect(changed).not.toHaveBeenCalled();
});
