// What a hand, a system or a network would do to a call, played inside its page. The functions travel into the page,
// so each stands for itself.

/**
 * Runs in the page before its scripts. `window.play` then has:
 * - `losses`: set it, and the browser reports that many packets are lost
 * - `reading`: unset it, and files cannot be read on
 * - `pullOut()`: ends the camera, as its unplugging does
 * - `silence('mute')`: the camera gives nothing, as when another program takes it; `silence('unmute')` ends that
 * - `meddle()`: a message in the open comes from the server
 * - `loseServer()`: the server cannot be reached from now on
 *
 * The browser has no dialog to choose a file by, and lets a picture have a window of its own.
 */
export function played() {
  const play = { losses: false, reading: true };
  Object.defineProperty(window, 'play', { value: play });
  delete window.showSaveFilePicker;
  Object.defineProperty(document, 'pictureInPictureEnabled', { value: true });

  const { getStats } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.getStats = async function lossy(...given) {
    const report = await getStats.apply(this, given);
    if (!play.losses) return report;
    const entries = [...report.values()].map((entry) => {
      if (entry.type === 'remote-inbound-rtp') return { ...entry, fractionLost: 0.2 };
      if (entry.type !== 'inbound-rtp') return entry;
      return { ...entry, packetsLost: Math.round(entry.packetsReceived * 0.1) };
    });
    return new Map(entries.map((entry) => [entry.id, entry]));
  };

  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = function read() {
    return play.reading ? arrayBuffer.call(this) : new Promise(() => {});
  };

  const sockets = [];
  const Native = WebSocket;
  let severed = false;
  window.WebSocket = class WebSocket extends Native {
    constructor(...given) {
      super(...given);
      sockets.push(this);
      if (severed) this.close();
    }
  };
  play.meddle = () => {
    sockets.at(-1).onmessage(new MessageEvent('message', { data: '42["message",{"type":"restart"}]' }));
  };
  play.loseServer = () => {
    severed = true;
    for (const socket of sockets) socket.close();
    XMLHttpRequest.prototype.send = function send() {
      this.abort();
    };
  };

  const camera = () => {
    const senders = window.e2e.connections.at(-1).getSenders();
    return senders.find(({ track }) => track?.kind === 'video').track;
  };
  play.pullOut = () => {
    const track = camera();
    track.stop();
    track.dispatchEvent(new Event('ended'));
  };
  play.silence = (event) => {
    const track = camera();
    track.enabled = event === 'unmute';
    track.dispatchEvent(new Event(event));
  };
}

/** Runs in the page: the path carries no more, until `connectionState` of its connection is deleted. */
export function interrupt() {
  window.hopeless = true;
  for (const pc of window.e2e.connections) {
    Object.defineProperty(pc, 'connectionState', { configurable: true, get: () => 'disconnected' });
    pc.dispatchEvent(new Event('connectionstatechange'));
  }
}
