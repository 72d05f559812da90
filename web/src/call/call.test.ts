import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Call } from './call';
import type { CallOptions } from './options';
import type { Capabilities, Joined, PeerMessage, Tickets } from './protocol';
import type { Signalling, SignallingHandler } from './signalling';
import { machine } from './testing/machine';

const capabilities = {
  media: true,
  leaving: true,
  restart: true,
  resume: true,
  code: true,
  screen: true,
};
const seat: Joined = {
  roomId: 'r',
  userNum: 1,
  userId: 'me',
  polite: false,
  iceServers: [{ urls: 'stun:192.0.2.1' }],
  peer: null,
};
/** Ann is there first, and offers; Zoe comes later, and is offered to. */
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
  withAnn();
  expect(connections[0]?.lines).toEqual([]);
});

it('offers nothing on the side that answers, before there is an offer to answer', () => {
  const { server, sent } = withAnn();
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
  server.peerJoined(zoe);
  const off = { type: 'media', value: { microphone: false, camera: false } };
  expect(sent).toMatchObject([off]);
  server.peerAway('zoe');
  server.peerBack(zoe);
  expect(sent).toMatchObject([off, off]);
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

it('has an offer ready while it waits, and sends it at once with the candidates found so far', async () => {
  const { server, sent } = inRoom();
  await makeOffer();
  connections[0]?.find('found before');
  expect(sent).toEqual([]);
  server.peerJoined(zoe);
  const link = expect.any(String);
  const offer = { type: 'offer', sdp: 'offer of audio,video found before' };
  expect(sent[0]).toEqual({ type: 'offer', value: offer, link });
  connections[0]?.find('found after');
  expect(sent.at(-1)).toEqual({ type: 'candidate', value: { candidate: 'found after' }, link });
  expect(connections).toHaveLength(1);
});

it('leaves its offer for whoever comes when all candidates are known, and says what was found after that', async () => {
  const { server, sent, left } = inRoom();
  await makeOffer();
  connections[0]?.find('found before');
  expect(left).toEqual([]);
  connections[0]?.gather();
  const link = expect.any(String);
  const offer = { type: 'offer', sdp: 'offer of audio,video found before' };
  expect(left).toEqual([{ type: 'offer', value: offer, link }]);
  connections[0]?.find('found late');
  server.peerJoined({ ...zoe, kept: true });
  const late = { type: 'candidate', value: { candidate: 'found late' }, link };
  expect(sent[0]).toEqual(late);
  expect(sent[1]?.type).toBe('offer');
});

it('leaves its offer after half a second, however many candidates are still looked for', async () => {
  const { left } = inRoom();
  await makeOffer();
  await vi.advanceTimersByTimeAsync(400);
  expect(left).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(left).toHaveLength(1);
  connections[0]?.gather();
  expect(left).toHaveLength(1);
});

it('takes back what it has left when nobody comes for ten minutes', async () => {
  const { left } = inRoom();
  await makeOffer();
  connections[0]?.gather();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(left.map((message) => message?.type)).toEqual(['offer', undefined]);
});

it('sends its offer if that was left for somebody, and this one was not given it', async () => {
  const { server, sent, left } = inRoom();
  await makeOffer();
  connections[0]?.gather();
  expect(left).toHaveLength(1);
  server.peerJoined(zoe);
  expect(sent[0]?.type).toBe('offer');
});

it('leaves nothing, and is given nothing, if it asks before connecting', async () => {
  const { left, told } = inRoom({}, { asks: true });
  await makeOffer();
  connections[0]?.gather();
  expect(left).toEqual([]);
  expect(told).toMatchObject([{ asks: true, kept: false }]);
});

it('has another offer ready when the first one has come and gone', () => {
  const { server } = inRoom();
  server.peerJoined(zoe);
  server.peerLeft('zoe');
  expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
  server.peerJoined({ ...zoe, userId: 'zoe2' });
  expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
});

it('lets the ready connection send what devices answer later', async () => {
  const { access, tracks } = machine({});
  inRoom({}, { devices: access });
  await vi.advanceTimersByTimeAsync(0);
  expect(tracks).toHaveLength(2);
  expect(connections[0]?.senders.map(({ track }) => track)).toEqual(tracks);
});

it('shows a screen beside the camera, on lines that are made with the first one', async () => {
  const { call, sent } = inCallWithZoe();
  const { screen, picture, sound } = aScreen();
  expect(connections[0]?.lines).toEqual(['audio', 'video']);
  call.setScreen(screen);
  expect(connections[0]?.lines).toEqual(['audio', 'video', 'audio', 'video']);
  expect(connections[0]?.senders.slice(2).map(({ track }) => track)).toEqual([sound, picture]);
  expect(sent.at(-1)).toMatchObject({ type: 'media', value: { camera: false, screen: true } });

  call.setScreen(null);
  expect(connections[0]?.senders.slice(2).map(({ track }) => track)).toEqual([null, null]);
  expect(sent.at(-1)).toMatchObject({ value: { screen: false } });
  expect([picture.stopped, sound.stopped]).toEqual([true, true]);
  call.setScreen(aScreen().screen);
  expect(connections[0]?.lines).toHaveLength(4);
});

it('shows a screen in place of the camera to a client that knows no other way', async () => {
  const { access, tracks } = machine({});
  const { call, server, sent } = inRoom({}, { devices: access });
  await vi.advanceTimersByTimeAsync(0);
  const { screen: _, ...older } = capabilities;
  server.peerJoined({ userId: 'old', capabilities: older });
  const { screen, picture } = aScreen();
  call.setScreen(screen);
  const sending = () => connections[0]?.senders.map(({ track }) => track);
  expect(sending()).toEqual([tracks[0], picture]);
  await call.setDevice('camera', false);
  expect(sending()).toEqual([tracks[0], picture]);
  expect(sent.at(-1)).toMatchObject({ value: { camera: true } });
  await call.setDevice('camera', true);
  call.setScreen(null);
  expect(sending()).toEqual([tracks[0], tracks[2]]);
});

it('shows nothing to whoever comes next', () => {
  const { call, server } = inCallWithZoe();
  const { screen, picture } = aScreen();
  call.setScreen(screen);
  server.peerLeft('zoe');
  server.message({ type: 'leaving' });
  expect(call.snapshot).toMatchObject({ phase: 'waiting', screen: null });
  expect(picture.stopped).toBe(true);
});

it('tells the other one that it records, also after they have been away', () => {
  const { call, server, sent } = inCallWithZoe();
  call.setRecording(true);
  expect(sent.at(-1)).toMatchObject({ type: 'media', value: { recording: true } });
  server.peerAway('zoe');
  server.peerBack(zoe);
  expect(sent.at(-1)).toMatchObject({ value: { recording: true } });
  call.setRecording(false);
  expect(sent.at(-1)).toMatchObject({ value: { recording: false } });
  const value = { microphone: true, camera: true, recording: true };
  server.message({ type: 'media', value });
  expect(call.snapshot.remote.recording).toBe(true);
});

it('makes the ready connection anew with fresh credentials', () => {
  const { server } = inRoom();
  const iceServers = [{ urls: 'stun:192.0.2.2' }];
  server.iceServers(iceServers);
  expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
  expect(connections[1]?.config).toMatchObject({ iceServers });
});

it.each<[string, (room: ReturnType<typeof inRoom>) => void]>([
  ['a plain client comes', ({ server }) => server.peerJoined({ userId: 'plain' })],
  ['the one who was there first comes back', ({ server }) => comesBack(server)],
  ['nobody comes for ten minutes', () => vi.advanceTimersByTime(600_000)],
  ['another tab takes the seat', ({ server }) => server.replaced()],
  ['the person hangs up', ({ call }) => call.leave()],
  ['the page is done with the call', ({ call }) => call.close()],
])('drops the ready connection when %s', async (_, happens) => {
  const room = inRoom();
  await makeOffer();
  happens(room);
  expect(connections[0]?.closed).toBe(true);
  expect(room.sent.filter(({ type }) => type === 'offer')).toEqual([]);
});

it('offers as well when nothing stands ready', async () => {
  const { server, sent } = inRoom();
  await vi.advanceTimersByTimeAsync(600_000);
  server.peerJoined(zoe);
  await makeOffer();
  expect(sent.at(-1)?.type).toBe('offer');
  expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
});

it('begins with a small picture, and sends all of it a second later', async () => {
  const { server } = inRoom();
  server.peerJoined(zoe);
  const camera = connections[0]?.senders[1];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(camera?.scale).toBe(4);
  connections[0]?.become('connected');
  await vi.advanceTimersByTimeAsync(900);
  expect(camera?.scale).toBe(4);
  await vi.advanceTimersByTimeAsync(200);
  expect(camera?.scale).toBe(1);
});

it('begins with a small picture on the side that answers, too', async () => {
  const { server } = withAnn();
  const sender = new FakeSender();
  const line = { mid: '1', receiver: { track: { kind: 'video' } }, sender, direction: 'recvonly' };
  const [connection] = connections;
  if (connection) connection.getTransceivers = () => [line];
  server.message({ type: 'offer', value: { type: 'offer', sdp: 'v=0' }, link: 'l1' });
  await vi.advanceTimersByTimeAsync(0);
  expect(sender.scale).toBe(4);
  connection?.become('connected');
  await vi.advanceTimersByTimeAsync(1_100);
  expect(sender.scale).toBe(1);
});

it('asks the side that offers for a new path', () => {
  const { server, sent } = withAnn();
  server.message({ type: 'offer', value: { type: 'offer', sdp: 'v=0' }, link: 'l1' });
  connections[0]?.become('connected');
  connections[0]?.become('failed');
  expect(sent.at(-1)).toEqual({ type: 'restart', link: 'l1' });
  expect(connections[0]?.restarts).toBe(0);
});

it('takes the offer of a client that cannot say so for the start of a call', () => {
  const { call, server } = inRoom({}, { asks: true });
  const offer = { type: 'offer', value: { type: 'offer', sdp: 'v=0' } } as const;
  server.peerJoined({ ...zoe, capabilities: { ...capabilities, asks: false } });
  server.message(offer);
  expect(call.snapshot.phase).toBe('ready');
  server.peerLeft('zoe');
  server.peerJoined({ userId: 'plain' });
  expect(call.snapshot.phase).toBe('ready');
  server.message(offer);
  expect(call.snapshot.phase).toBe('connecting');
  expect(connections.at(-1)?.remoteDescription).toEqual(offer.value);
});

it('says that the call is started before it offers', async () => {
  const { call, server, sent } = inRoom({}, { asks: true });
  await makeOffer();
  server.peerJoined({ ...zoe, capabilities: { ...capabilities, asks: false } });
  expect(sent).toEqual([]);
  call.start();
  expect(sent.map(({ type }) => type)).toEqual(['call', 'offer', 'media']);
  expect(connections).toHaveLength(1);
});

it('knows the name that the server hands over', () => {
  const { call, server } = inRoom();
  expect(call.snapshot.remote.name).toBe('');
  server.peerJoined({ ...zoe, name: 'Zoe' });
  expect(call.snapshot.remote.name).toBe('Zoe');
});

it('opens a channel for the safety code, to a page that has one', () => {
  const { server } = inRoom();
  server.peerJoined(zoe);
  expect(connections[0]?.channels).toEqual(['code']);
  server.peerLeft('zoe');
  server.peerJoined({ ...zoe, capabilities: { ...capabilities, code: false } });
  expect(connections.at(-1)?.channels).toEqual([]);
});

it('agrees on a code once in each connection, and on the side that answers over a channel of that name', () => {
  withAnn();
  const channels: FakeChannel[] = ['files', 'code', 'code'].map((label) => ({ label }));
  for (const channel of channels) connections[0]?.ondatachannel?.({ channel });
  expect(connections[0]?.channels).toEqual([]);
  expect(channels.map(({ onopen }) => onopen !== undefined)).toEqual([false, true, false]);
});

it('leaves somebody in the middle few tries, however often connections are made anew', () => {
  const { server } = inRoom();
  server.peerJoined(zoe);
  for (let again = 0; again < 50; again += 1) server.message({ type: 'restart', link: null });
  expect(connections).toHaveLength(51);
  expect(connections.filter(({ channels }) => channels.length > 0)).toHaveLength(20);
  server.peerLeft('zoe');
  expect(connections).toHaveLength(51);
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
  const { server } = withAnn();
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

it('asks for the same seat again when no answer came, and no other call does', () => {
  const { server, attempts, numbers } = joining();
  server.lost();
  server.up();
  expect(attempts).toHaveLength(2);
  expect(attempts[0]).toMatch(/^[\w-]{22}$/);
  expect(attempts[1]).toBe(attempts[0]);
  expect(numbers).toEqual([1, 2]);
  expect(joining().attempts[0]).not.toBe(attempts[0]);
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
  const { call, server } = withAnn();
  for (const junk of [null, 'x', { type: 'offer' }, { type: 'media', value: {} }, []]) {
    server.message(junk);
  }
  expect(call.snapshot.phase).toBe('connecting');
});

function joining(options: Partial<CallOptions> = {}) {
  const log: string[] = [];
  const sent: PeerMessage[] = [];
  const tickets: Tickets[] = [];
  const attempts: (string | undefined)[] = [];
  const numbers: (number | undefined)[] = [];
  const told: (Capabilities | undefined)[] = [];
  const left: (PeerMessage | null)[] = [];
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
    join: ({ capabilities, attempt, n, ...with_ }) => {
      log.push('join');
      told.push(capabilities);
      attempts.push(attempt);
      numbers.push(n);
      tickets.push(with_);
    },
    leave: () => {
      log.push('leave');
      return line.up;
    },
    send: (message) => sent.push(message as PeerMessage),
    keep: (message) => left.push(message as PeerMessage | null),
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
  return { call, server, sent, left, log, tickets, attempts, numbers, told, line };
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

/** In the room of somebody who was there before, and offers. */
function withAnn() {
  const room = joining();
  room.server.joined({ ...seat, userNum: 2, polite: true, peer: ann });
  return room;
}

/** The browser asks the newest connection for an offer. */
async function makeOffer() {
  connections.at(-1)?.onnegotiationneeded?.();
  await vi.advanceTimersByTimeAsync(0);
}

/** The server has started anew, and gives somebody else the place in front. */
function comesBack(server: SignallingHandler) {
  server.lost();
  server.up();
  server.joined({ ...seat, resumed: true, polite: true, peer: ann });
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

/** What the browser gives of a screen, with its sound. */
function aScreen() {
  const track = () => {
    const made = { stopped: false, stop: () => Object.assign(made, { stopped: true }) };
    return made;
  };
  const [picture, sound] = [track(), track()];
  const screen = {
    getTracks: () => [picture, sound],
    getVideoTracks: () => [picture],
    getAudioTracks: () => [sound],
  };
  return { screen: screen as unknown as MediaStream, picture, sound };
}

interface FakeCandidate {
  candidate: string;
  toJSON(): RTCIceCandidateInit;
}

interface FakeChannel {
  label: string;
  onopen?: () => void;
}

class FakeSender {
  track: MediaStreamTrack | null = null;
  #scale: number | undefined;

  constructor(init: RTCRtpTransceiverInit = {}) {
    this.#scale = init.sendEncodings?.[0]?.scaleResolutionDownBy;
  }

  /** How many times smaller than it is the picture is sent. */
  get scale() {
    return this.#scale ?? 1;
  }

  replaceTrack = async (track: MediaStreamTrack | null) => {
    this.track = track;
  };
  getParameters = () => ({ encodings: [{ scaleResolutionDownBy: this.#scale }] });

  async setParameters({ encodings }: ReturnType<typeof this.getParameters>) {
    this.#scale = encodings[0]?.scaleResolutionDownBy;
  }
}

/** What a link does to an RTCPeerConnection, and its events that matter here. */

class FakeConnection {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: FakeCandidate }) => void) | null = null;
  iceGatheringState: RTCIceGatheringState = 'gathering';
  onicegatheringstatechange: (() => void) | null = null;
  closed = false;
  restarts = 0;
  ondatachannel: ((event: { channel: FakeChannel }) => void) | null = null;
  readonly lines: string[] = [];
  readonly senders: FakeSender[] = [];
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

  addTransceiver(kind: string, init?: RTCRtpTransceiverInit) {
    this.lines.push(kind);
    const sender = new FakeSender(init);
    this.senders.push(sender);
    return { mid: null, sender };
  }

  async setLocalDescription() {
    this.signalingState = 'have-local-offer';
    this.localDescription = { type: 'offer', sdp: `offer of ${this.lines}` };
  }

  /** The browser finds a candidate, which belongs to the local description from here on. */
  find(candidate: string) {
    this.localDescription = { type: 'offer', sdp: `${this.localDescription?.sdp} ${candidate}` };
    this.onicecandidate?.({ candidate: { candidate, toJSON: () => ({ candidate }) } });
  }

  /** The browser has found them all. */
  gather() {
    this.iceGatheringState = 'complete';
    this.onicegatheringstatechange?.();
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    this.remoteDescription = description;
  }

  getTransceivers: () => unknown[] = () => [];
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
