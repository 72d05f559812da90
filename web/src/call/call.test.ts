import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Call } from './call';
import type { Joined, PeerMessage } from './protocol';
import type { Signalling, SignallingHandler } from './signalling';

const capabilities = { media: true, leaving: true, restart: true };
const seat: Joined = {
  roomId: 'r',
  userNum: 1,
  userId: 'me',
  polite: false,
  iceServers: [{ urls: 'stun:192.0.2.1' }],
  peer: null,
};
const ann = { userId: 'ann', capabilities };

let connections: FakeConnection[] = [];

beforeEach(() => {
  connections = [];
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('offers with lines for both kinds, before any device has answered', () => {
  const { server } = inRoom();
  server.peerJoined(ann);
  expect(connections).toHaveLength(1);
  expect(connections[0]).toMatchObject({
    config: { iceServers: seat.iceServers, bundlePolicy: 'max-bundle' },
    lines: ['audio', 'video'],
  });
});

it('answers without lines of its own, which an offer would not be matched with', () => {
  const { server } = joining();
  server.joined({ ...seat, polite: true, peer: ann });
  expect(connections[0]?.lines).toEqual([]);
});

it('tells a page of its own kind what is on, and a plain client nothing', () => {
  const { server, sent } = inRoom();
  server.peerJoined({ userId: 'plain' });
  expect(sent).toEqual([]);
  server.peerLeft('plain');
  server.peerJoined(ann);
  expect(sent).toEqual([{ type: 'media', value: { microphone: false, camera: false } }]);
});

it('keeps the old picture until the new path carries', () => {
  const { call, server } = inRoom();
  server.peerJoined(ann);
  connections[0]?.become('connected');
  const before = call.snapshot.remote.stream;

  server.peerLeft('ann');
  server.peerJoined({ ...ann, userId: 'ann2' });
  expect(connections).toHaveLength(2);
  expect(call.snapshot).toMatchObject({ phase: 'connected', remote: { stream: before } });
  expect(connections[0]?.closed).toBe(false);

  connections[1]?.become('connected');
  expect(connections[0]?.closed).toBe(true);
  expect(call.snapshot.phase).toBe('connected');
  expect(call.snapshot.remote.stream).not.toBe(before);
});

it('asks the impolite side for a new path, and makes one when asked', () => {
  const polite = joining();
  polite.server.joined({ ...seat, polite: true, peer: ann });
  connections[0]?.become('connected');
  connections[0]?.become('failed');
  expect(polite.sent.at(-1)).toEqual({ type: 'restart' });
  expect(connections[0]?.restarts).toBe(0);

  const impolite = inRoom();
  impolite.server.peerJoined(ann);
  connections[1]?.become('connected');
  impolite.server.message({ type: 'restart' });
  impolite.server.message({ type: 'restart' });
  expect(connections[1]?.restarts).toBe(1);
  vi.advanceTimersByTime(3_000);
  impolite.server.message({ type: 'restart' });
  expect(connections[1]?.restarts).toBe(2);
});

it('says goodbye, leaves, and closes the connection on hanging up', () => {
  const { call, server, sent, log } = inRoom();
  server.peerJoined(ann);
  connections[0]?.become('connected');
  call.leave();
  expect(sent.at(-1)).toEqual({ type: 'leaving' });
  expect(log).toEqual(['connect', 'join', 'leave']);
  expect(connections[0]?.closed).toBe(true);
  expect(call.snapshot.phase).toBe('ended');
});

it('passes over what is no message of ours', () => {
  const { call, server } = inRoom();
  server.peerJoined(ann);
  for (const junk of [null, 'x', { type: 'offer' }, { type: 'media', value: {} }, []]) {
    server.message(junk);
  }
  expect(call.snapshot.phase).toBe('connecting');
});

function joining() {
  const log: string[] = [];
  const sent: PeerMessage[] = [];
  let server: SignallingHandler | undefined;
  const signalling: Signalling = {
    connect(handler) {
      log.push('connect');
      server = handler;
    },
    join: () => log.push('join'),
    leave: () => log.push('leave'),
    send: (message) => sent.push(message),
    askIceServers: () => {},
    close: () => log.push('close'),
  };
  const call = new Call({ roomId: 'r', signalling, devices: { permission: async () => null } });
  call.connect();
  if (!server) throw new Error('connect hands over no handler');
  server.up();
  call.join();
  return { call, server, sent, log };
}

function inRoom() {
  const room = joining();
  room.server.joined(seat);
  expect(room.call.snapshot.phase).toBe('waiting');
  return room;
}

class FakeStream {
  getTracks = () => [];
}

/** What a link does to an RTCPeerConnection, and its one event that matters here. */
class FakeConnection {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription = null;
  remoteDescription = null;
  onconnectionstatechange: (() => void) | null = null;
  closed = false;
  restarts = 0;
  readonly lines: string[] = [];
  readonly config: RTCConfiguration;

  constructor(config: RTCConfiguration) {
    this.config = config;
    connections.push(this);
  }

  addTransceiver(kind: string) {
    this.lines.push(kind);
    return { mid: null, sender: { replaceTrack: async () => {} }, stop() {} };
  }

  become(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  restartIce() {
    this.restarts += 1;
  }

  getStats = async () => new Map();

  close() {
    this.closed = true;
  }
}
