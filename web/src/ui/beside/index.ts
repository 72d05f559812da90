/** What goes along with the page, unseen but for one button. */
import type { Call } from '../../call';
import { paintFrame } from '../preferences/preferences';
import { placeOf } from '../route';
import './beside.css';
import { Frame } from './frame';
import { install } from './install';

export { PreferencesButton } from '../preferences/preferences';

const isFramed = parent !== window;
const frame = isFramed ? new Frame((message, origin) => parent.postMessage(message, origin)) : null;
if (frame) {
  // A site that has chosen the call has no use for ways to another one.
  if (placeOf(location).kind !== 'start') document.documentElement.dataset.framed = '';
  addEventListener('message', ({ source, origin, data }) => {
    if (source === parent) frame.hear(origin, data);
  });
} else {
  install();
}
paintFrame();

/** Tells a site around the page how the call goes, until the returned function is called. */
export function attend(call: Call): (() => void) | undefined {
  return frame?.attend(call);
}
