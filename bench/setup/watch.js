// Runs in a page before its own scripts, and travels there as text, so it stands for itself: it presses what a
// person would press, as soon as that can be pressed, and notes when each part of a call's set-up was done, in
// milliseconds since the link was opened.

/**
 * - `theirs`: selector of the other person's picture
 * - `presses`: selectors of the buttons to press, one after the other
 * - `fields`: what to type, by selectors
 * - `relay`: `{iceServers}` allows relayed candidates only, by these servers where the page has none of its own
 */
export function watch({ theirs, presses, fields = {}, relay }) {
  const marks = {};
  const mark = (name) => {
    marks[name] ??= performance.now();
  };
  Object.defineProperty(window, 'setup', { value: marks });
  document.addEventListener('DOMContentLoaded', () => mark('page'));

  const waiting = [...presses];
  const seen = new WeakSet();
  const look = () => {
    for (const [selector, text] of Object.entries(fields)) {
      const field = document.querySelector(selector);
      if (field && field.value !== text) field.value = text;
    }
    const button = waiting.length > 0 && document.querySelector(waiting[0]);
    if (button && !button.disabled) {
      mark(`press ${presses.length - waiting.length + 1}`);
      waiting.shift();
      button.click();
    }
    const video = document.querySelector(theirs);
    if (video && !seen.has(video)) {
      seen.add(video);
      video.requestVideoFrameCallback(() => mark('frame'));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });

  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    mark('camera');
    return stream;
  };

  const NativeSocket = window.WebSocket;
  window.WebSocket = class WebSocket extends NativeSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener('open', () => mark('socket'));
    }
  };

  const narrow = (settings = {}) => {
    if (!relay) return settings;
    const own = settings.iceServers ?? [];
    return {
      ...settings,
      iceTransportPolicy: 'relay',
      iceServers: own.length > 0 ? own : relay.iceServers,
    };
  };
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(settings, ...rest) {
      super(narrow(settings), ...rest);
      this.addEventListener('signalingstatechange', () => mark(this.signalingState === 'stable' ? 'answer' : 'offer'));
      this.addEventListener('iceconnectionstatechange', () => {
        if (['connected', 'completed'].includes(this.iceConnectionState)) mark('ice');
      });
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') mark('dtls');
      });
    }

    setConfiguration(settings) {
      super.setConfiguration(narrow(settings));
    }
  };
}
