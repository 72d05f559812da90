import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Call, type CallOptions } from './call';
import type { Joined, PeerMessage, Tickets } from './protocol';
import type { Signalling, SignallingHandler } from './signalling';

const capabilities = { media: true, leaving: true, restart: true, resume: true };
const seat: Joined = {
  roomId: 'r',
  userNum: 1,
  userId: 'me',
  polite: false,
  iceServers: [{ urls: 'stun:192.0.2.1' }],
  peer: null,
};
/** The own seat, `me`, stands between the two: it answers Ann, and offers to Zoe. */
const ann = { userId: 'ann', capabilities };
const zoe = { userId: 'zoe', capabilities };

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
  server.peerJoined(zoe);
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

it('offers nothing on the side that answers, before there is an offer to answer', () => {
  const { server, sent } = inRoom();
  server.peerJoined(ann);
  server.iceServers([{ urls: 'stun:192.0.2.2' }]);
  connections[0]?.onnegotiationneeded?.();
  expect(connections[0]?.signalingState).toBe('stable');
  expect(sent.map(({ type }) => type)).toEqual(['media']);
});

it('tells a page of its own kind what is on, and a plain client nothing', () => {
  const { server, sent } = inRoom();
  server.peerJoined({ userId: 'plain' });
  expect(sent).toEqual([]);
  server.peerLeft('plain');
  server.peerJoined(ann);
  const off = { type: 'media', value: { microphone: false, camera: false }, link: null };
  expect(sent).toEqual([off]);
  server.peerAway('ann');
  server.peerBack(ann);
  expect(sent).toEqual([off, off]);
});

it('keeps the old picture until the new path carries', () => {
  const { call, server } = inRoom();
  server.peerJoined(zoe);
  connections[0]?.become('connected');
  const before = call.snapshot.remote.stream;

  server.peerLeft('zoe');
  server.peerJoined({ ...zoe, userId: 'zoe2' });
  expect(connections).toHaveLength(2);
  expect(call.snapshot).toMatchObject({ phase: 'connected', remote: { stream: before } });
  expect(connections[0]?.closed).toBe(false);

  connections[1]?.become('connected');
  expect(connections[0]?.closed).toBe(true);
  expect(call.snapshot.phase).toBe('connected');
  expect(call.snapshot.remote.stream).not.toBe(before);
});

it('asks the side that offers for a new path', () => {
  const { server, sent } = inRoom();
  server.peerJoined(ann);
  server.message({ type: 'offer', value: { type: 'offer', sdp: 'v=0' }, link: 'l1' });
  connections[0]?.become('connected');
  connections[0]?.become('failed');
  expect(sent.at(-1)).toEqual({ type: 'restart', link: 'l1' });
  expect(connections[0]?.restarts).toBe(0);
});

const withCode = (peer: typeof zoe) => ({ ...peer, capabilities: { ...capabilities, code: true } });

it('opens a channel for the safety code, to a page that has one', () => {
  const { server } = inRoom();
  server.peerJoined(withCode(zoe));
  expect(connections[0]?.channels).toEqual(['code']);
  server.peerLeft('zoe');
  server.peerJoined(zoe);
  expect(connections[1]?.channels).toEqual([]);
});

it('agrees on a code once in each connection, and on the side that answers over a channel of that name', () => {
  const { server } = inRoom();
  server.peerJoined(withCode(ann));
  const channels: FakeChannel[] = ['files', 'code', 'code'].map((label) => ({ label }));
  for (const channel of channels) connections[0]?.ondatachannel?.({ channel });
  expect(connections[0]?.channels).toEqual([]);
  expect(channels.map(({ onopen }) => onopen !== undefined)).toEqual([false, true, false]);
});

it('leaves somebody in the middle few tries, however often connections are made anew', () => {
  const { server } = inRoom();
  server.peerJoined(withCode(zoe));
  for (let again = 0; again < 50; again += 1) server.message({ type: 'restart', link: null });
  expect(connections).toHaveLength(51);
  expect(connections.filter(({ channels }) => channels.length > 0)).toHaveLength(20);
});

it('looks for a new path when it is asked to, once for several times', async () => {
  const { server, link } = inCallWithZoe();
  server.message({ type: 'restart', link });
  server.message({ type: 'restart', link });
  await vi.advanceTimersByTimeAsync(0);
  expect(connections[0]?.restarts).toBe(1);
  await vi.advanceTimersByTimeAsync(3_000);
  server.message({ type: 'restart', link });
  await vi.advanceTimersByTimeAsync(0);
  expect(connections[0]?.restarts).toBe(2);
  expect(connections).toHaveLength(1);
});

it('fetches fresh credentials before it looks for a new path, but does not wait for long', async () => {
  const { server, link, log, line } = inCallWithZoe();
  const answer = line.holdAnswers();
  server.message({ type: 'restart', link });
  await vi.advanceTimersByTimeAsync(100);
  expect(log.at(-1)).toBe('ask');
  expect(connections[0]?.restarts).toBe(0);
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(connections[0]?.restarts).toBe(1);

  line.holdAnswers();
  await vi.advanceTimersByTimeAsync(3_000);
  server.message({ type: 'restart', link });
  await vi.advanceTimersByTimeAsync(1_400);
  expect(connections[0]?.restarts).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(connections[0]?.restarts).toBe(2);
});

it('looks for a new path in another network, until the call is closed', async () => {
  const network = fakeNetwork();
  const { call, log } = inCallWithZoe({}, { network });
  network.change();
  await vi.advanceTimersByTimeAsync(0);
  expect(log.slice(-2)).toEqual(['hurry', 'ask']);
  expect(connections[0]?.restarts).toBe(1);
  call.close();
  expect(network.watched).toBe(false);
});

it('begins anew when it is told to', () => {
  const { call, server, log } = inCallWithZoe({ resume: 'seat' });
  call.rejoin();
  expect(log.slice(-2)).toEqual(['leave', 'join']);
  expect(call.snapshot.phase).toBe('joining');
  server.joined({ ...seat, userId: 'me2', peer: zoe });
  expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
});

it('makes a new connection for a page that knows none, and keeps the picture meanwhile', () => {
  const { call, server } = inCallWithZoe();
  server.peerAway('zoe');
  expect(call.snapshot).toMatchObject({ phase: 'connected', peerAway: true });
  server.peerBack(zoe);
  server.message({ type: 'restart', link: null });
  expect(connections).toHaveLength(2);
  expect(connections[0]?.closed).toBe(false);
  expect(call.snapshot).toMatchObject({ phase: 'connected', peerAway: false });
});

it('follows the side that offers to a new connection', () => {
  const { server } = inRoom();
  server.peerJoined(ann);
  const offer = (link: string) =>
    server.message({ type: 'offer', value: { type: 'offer', sdp: `of ${link}` }, link });
  offer('l1');
  offer('l1');
  expect(connections).toHaveLength(1);
  connections[0]?.become('connected');
  offer('l2');
  expect(connections.map((connection) => connection.remoteDescription?.sdp)).toEqual([
    'of l1',
    'of l2',
  ]);
});

it('passes over what belongs to a connection of before', async () => {
  const { call, server } = inCallWithZoe();
  const stale: PeerMessage[] = [
    { type: 'offer', value: { type: 'offer', sdp: 'stale' }, link: 'old' },
    { type: 'answer', value: { type: 'answer', sdp: 'stale' }, link: 'old' },
    { type: 'candidate', value: { candidate: 'stale' }, link: 'old' },
    { type: 'leaving', link: 'old' },
  ];
  for (const message of stale) server.message(message);
  expect(call.snapshot.phase).toBe('connected');
  expect(connections).toHaveLength(1);
  expect(connections[0]?.remoteDescription).toBeNull();
});

it('sends an offer again that was lost', async () => {
  const { server, sent } = inRoom();
  server.peerJoined(zoe);
  const [connection] = connections;
  if (!connection) throw new Error('there is no connection');
  connection.signalingState = 'have-local-offer';
  connection.localDescription = { type: 'offer', sdp: 'v=0' };
  server.lost();
  server.up();
  server.joined({ ...seat, resumed: true, peer: zoe });
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.at(-1)).toMatchObject({ type: 'offer', value: { type: 'offer', sdp: 'v=0' } });
  expect(connection.restarts).toBe(0);
});

it('comes back to its seat with what the server gave for it', () => {
  const { server, tickets } = joining({ token: 'of the site' });
  server.joined({ ...seat, resume: 'first' });
  server.joined({ ...seat, resume: 'second' });
  server.lost();
  server.up();
  expect(tickets).toEqual([{ token: 'of the site' }, { token: 'of the site', resume: 'second' }]);
});

it('has no way back to a seat that it has left, but to one that it could not leave', () => {
  const { call, server, tickets, line } = joining();
  server.joined({ ...seat, resume: 'first' });
  call.leave();
  call.join();
  server.joined({ ...seat, resume: 'second' });
  line.up = false;
  server.lost();
  call.leave();
  server.up();
  call.join();
  expect(tickets).toEqual([{}, {}, { resume: 'second' }]);
});

it('gives the seat and everything else to another tab, and takes it back when told', () => {
  const { call, server, log, tickets } = inCallWithZoe({ resume: 'seat' });
  server.replaced();
  expect(call.snapshot).toMatchObject({ phase: 'replaced', inCall: false });
  expect(connections[0]?.closed).toBe(true);
  expect(log).toEqual(['connect', 'join']);
  call.join();
  expect(tickets.at(-1)).toEqual({ resume: 'seat' });
});

it('takes fresh relay credentials into use in the connection that it keeps', () => {
  const { server } = inCallWithZoe();
  const iceServers = [{ urls: 'stun:192.0.2.2' }];
  server.lost();
  server.up();
  server.joined({ ...seat, resumed: true, iceServers, peer: zoe });
  expect(connections).toHaveLength(1);
  expect(connections[0]?.config).toMatchObject({ iceServers, bundlePolicy: 'max-bundle' });
});

it('says goodbye, leaves, and closes the connection on hanging up', () => {
  const { call, link, sent, log } = inCallWithZoe();
  call.leave();
  expect(sent.at(-1)).toEqual({ type: 'leaving', link });
  expect(log).toEqual(['connect', 'join', 'leave']);
  expect(connections[0]?.closed).toBe(true);
  expect(call.snapshot.phase).toBe('ended');
});

it('tells the other side that its page goes, without giving up the seat', () => {
  const { call, link, sent, log } = inCallWithZoe();
  call.unload();
  expect(sent.at(-1)).toEqual({ type: 'unload', link });
  expect(log).toEqual(['connect', 'join']);
  expect(call.snapshot.phase).toBe('connected');
});

it('passes over what is no message of ours', () => {
  const { call, server } = inRoom();
  server.peerJoined(ann);
  for (const junk of [null, 'x', { type: 'offer' }, { type: 'media', value: {} }, []]) {
    server.message(junk);
  }
  expect(call.snapshot.phase).toBe('connecting');
});

function joining(options: Partial<CallOptions> = {}) {
  const log: string[] = [];
  const sent: PeerMessage[] = [];
  const tickets: Tickets[] = [];
  let held = Promise.resolve();
  const line = {
    up: true,
    /** From here on, credentials come when the returned function is called. */
    holdAnswers() {
      let answer = () => {};
      held = new Promise((resolve) => {
        answer = resolve;
      });
      return answer;
    },
  };
  let server: SignallingHandler | undefined;
  const signalling: Signalling = {
    connect(handler) {
      log.push('connect');
      server = handler;
    },
    join: (with_) => {
      log.push('join');
      tickets.push(with_);
    },
    leave: () => {
      log.push('leave');
      return line.up;
    },
    send: (message) => sent.push(message as PeerMessage),
    askIceServers: () => {
      log.push('ask');
      return held;
    },
    hurry: () => log.push('hurry'),
    close: () => log.push('close'),
  };
  const devices = { permission: async () => null, list: async () => [], watch: () => () => {} };
  const network = fakeNetwork();
  const call = new Call({ roomId: 'r', signalling, devices, network, ...options });
  call.connect();
  if (!server) throw new Error('connect hands over no handler');
  server.up();
  call.join();
  return { call, server, sent, log, tickets, line };
}

function fakeNetwork() {
  const network = {
    watched: false,
    change: () => {},
    watch(changed: () => void) {
      network.watched = true;
      network.change = changed;
      return () => {
        network.watched = false;
      };
    },
  };
  return network;
}

function inRoom(more: Partial<Joined> = {}, options: Partial<CallOptions> = {}) {
  const room = joining(options);
  room.server.joined({ ...seat, ...more });
  expect(room.call.snapshot.phase).toBe('waiting');
  return room;
}

/** In a call whose connection was offered by this side, under the id `link`. */
function inCallWithZoe(more: Partial<Joined> = {}, options: Partial<CallOptions> = {}) {
  const room = inRoom(more, options);
  room.server.peerJoined(zoe);
  connections[0]?.become('connected');
  const link = room.sent.at(-1)?.link;
  if (typeof link !== 'string') throw new Error('the connection has no id');
  return { ...room, link };
}

class FakeStream {
  getTracks = () => [];
}

/** What a link does to an RTCPeerConnection, and its one event that matters here. */
interface FakeChannel {
  label: string;
  onopen?: () => void;
}

class FakeConnection {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  closed = false;
  restarts = 0;
  ondatachannel: ((event: { channel: FakeChannel }) => void) | null = null;
  readonly lines: string[] = [];
  readonly channels: string[] = [];
  config: RTCConfiguration;

  constructor(config: RTCConfiguration) {
    this.config = config;
    connections.push(this);
  }

  createDataChannel(label: string) {
    this.channels.push(label);
    return {};
  }

  addTransceiver(kind: string) {
    this.lines.push(kind);
    return { mid: null, sender: { replaceTrack: async () => {} }, stop() {} };
  }

  async setLocalDescription() {
    this.signalingState = 'have-local-offer';
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    this.remoteDescription = description;
  }

  getTransceivers = () => [];
  getConfiguration = () => this.config;

  setConfiguration(config: RTCConfiguration) {
    this.config = config;
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
