// Sealed calls as the server sees them, and as a server would meddle with them. The functions that run in a page travel
// into it, so each stands for itself.
import { hkdfSync } from 'node:crypto';

/** The secret of a call's link. */
export function secretOf(link) {
  return new URL(link).hash.slice(1);
}

/** The room of a call's link, as the server knows it. */
export function roomOf(link) {
  const bytes = Buffer.from(secretOf(link).slice(1), 'base64url');
  return Buffer.from(hkdfSync('sha256', bytes, '', 'twocan/1 room', 18)).toString('base64url');
}

/** Runs in the page: remembers every frame that it sends over a WebSocket, in `wire`. */
export function overhear() {
  const wire = [];
  Object.defineProperty(window, 'wire', { value: wire });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (frame) {
    wire.push(String(frame));
    return send.call(this, frame);
  };
}

/** What a page that is overheard has sent as events of a name. */
export async function sent(person, event) {
  const frames = await person.page.evaluate(() => window.wire);
  return frames.filter((frame) => frame.startsWith(`42["${event}"`)).map((frame) => JSON.parse(frame.slice(2))[1]);
}

/**
 * Runs in the page: changes what arrives over WebSockets. `how` is 'alter' (one letter of the second envelope, which
 * tells of devices), 'replay' (each envelope comes twice), 'open' (an offer in the open comes before the second envelope) or
 * 'fingerprints' (others stand wherever fingerprints can be read).
 */
export function meddle(how) {
  let envelopes = 0;
  const another = (letter) => (letter === 'A' ? 'B' : 'A');
  const changed = (frame) => {
    if (how === 'fingerprints') return [frame.replace(/(a=fingerprint:sha-256 )[\dA-F]{2}/gi, '$1' + '00')];
    if (!frame.startsWith('42["message",{"sealed":')) return [frame];
    envelopes += 1;
    if (how === 'replay') return [frame, frame];
    if (envelopes !== 2) return [frame];
    if (how === 'open')
      return ['42["message",{"type":"offer","value":{"type":"offer","sdp":"v=0"},"link":"x"}]', frame];
    return [frame.replace(/("box":".{40})(.)/, (_, before, letter) => before + another(letter))];
  };
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    set onmessage(take) {
      super.onmessage = ({ data }) => {
        for (const frame of changed(String(data))) take({ data: frame });
      };
    }
  };
}

/** The signs of the safety code that a person's dialog shows, as one text, once it shows them. */
export async function signsOf(person, button) {
  await person.page.mouse.move(200 + Math.random() * 50, 200);
  await person.press(button);
  const list = await person.page.waitForSelector('.signs');
  const signs = await list.evaluate((element) => [...element.children].map((sign) => sign.textContent).join(' '));
  await person.press('Close');
  return signs;
}
