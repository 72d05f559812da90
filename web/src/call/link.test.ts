import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Link } from './link';

beforeEach(() => {
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('RTCPeerConnection', OfferedTo);
});

afterEach(() => vi.unstubAllGlobals());

it('sends on lines that are offered later as it was told to before they were there', async () => {
  const link = answering();
  await link.tune('screen', { active: false, maxBitrate: 150_000 });
  await link.tune('screen', { active: true });
  await link.tune('camera', { maxFramerate: 15 });
  link.receive({ type: 'offer', value: { type: 'offer', sdp: 'audio,video,audio,video' } });
  await vi.waitFor(() => expect(OfferedTo.last.localDescription).not.toBeNull());
  expect(OfferedTo.last.sent).toEqual([
    {},
    { maxFramerate: 15, scaleResolutionDownBy: 4 },
    {},
    { active: true, maxBitrate: 150_000 },
  ]);
});

function answering(): Link {
  return new Link({
    iceServers: [],
    polite: true,
    offers: false,
    codes: false,
    data: false,
    tracks: { microphone: null, camera: null },
    send: () => {},
    changed: () => {},
    reached: () => {},
    remoteChanged: () => {},
    channel: () => {},
  });
}

class FakeStream {
  getTracks = () => [];
}

/** A connection whose other side makes the lines. */
class OfferedTo {
  static last: OfferedTo;
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  #lines: { encodings: object[] }[] = [];
  #transceivers: object[] = [];

  constructor() {
    OfferedTo.last = this;
  }

  /** How each line is sent. */
  get sent() {
    return this.#lines.map(({ encodings }) => encodings[0]);
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    this.remoteDescription = description;
    this.signalingState = 'have-remote-offer';
    this.#transceivers = (description.sdp ?? '').split(',').map((kind, mid) => {
      const line = { encodings: [{}] };
      this.#lines.push(line);
      const sender = {
        replaceTrack: async () => {},
        getParameters: () => structuredClone(line),
        setParameters: async ({ encodings }: { encodings: object[] }) => {
          line.encodings = encodings;
        },
      };
      return { mid: `${mid}`, sender, receiver: { track: { kind } }, direction: 'recvonly' };
    });
  }

  getTransceivers = () => this.#transceivers;

  async setLocalDescription() {
    this.localDescription = { type: 'answer', sdp: 'answer' };
    this.signalingState = 'stable';
  }
}
