// What a seat in a room may have of the relay ends with the seat: seen by a client, by the peer, and by the system.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { connect } from './lib/client.js';
import { startUclient, uclient } from './lib/coturn.js';
import { relayedAddresses } from './lib/relayed.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';
import { openTurnClient } from './lib/turn-client.js';
import { udpSocket } from './lib/udp.js';
import { until } from './lib/wait.js';

const HOST = '127.0.0.1';
/** How long what was relayed for a seat may go on without it, in milliseconds. */
const AT_ONCE = 1_000;
/** How long nothing may have come by then, in milliseconds; coturn's client sends far more often. */
const SILENCE = 1_000;
const INTERVAL = '20';
const RESUME = { capabilities: { resume: true } };
/** How long a seat waits for its holder, in milliseconds. */
const GRACE = 2_500;

const PARTINGS = {
  'is left': (person) => person.ask('leave', { roomId: 'tea' }, 'leaved'),
  'is disconnected': (person) => person.close(),
};

describe('what a seat has of the relay', { concurrency: 8 }, () => {
  for (const [name, part] of Object.entries(PARTINGS)) {
    for (const { transport, over } of [
      { transport: 'UDP', over: [] },
      { transport: 'TCP', over: ['-t'] },
    ]) {
      scenario(`ends at once when the seat ${name}: what coturn's client relays over ${transport}`, {}, async (s) => {
        const { twocan, person, login } = await seated(s);
        const peer = await listeningPeer(s);
        startRelaying(s, twocan, login, peer, over);
        await until('the peer to hear', 15_000, () => peer.arrivals.length > 20);
        assert.ok((await relayedAddresses(twocan.program.pid)) > 0);

        const parted = performance.now();
        await part(person);
        await until('silence', 10_000, () => performance.now() - Math.max(parted, peer.arrivals.at(-1)) > SILENCE);
        const more = Math.max(0, peer.arrivals.at(-1) - parted);
        s.state(`packets came for ${more.toFixed(0)} ms after the seat was given up`);
        assert.ok(more < AT_ONCE, `${more} ms`);
        assert.equal(await relayedAddresses(twocan.program.pid), 0);

        const flags = ['-c', '-y', '-n', '3', ...over];
        const again = await uclient(s, { host: HOST, port: twocan.turnPort, flags, login });
        assert.match(again.output, /Cannot complete Allocation/);
      });
    }

    scenario(`is refused at once when the seat ${name}`, {}, async (s) => {
      const { twocan, person, login } = await seated(s);
      const other = await connect(s, twocan.origin, { name: 'bob' });
      const { username, credential } = (await other.join('tea')).iceServers[1];
      await person.next('otherjoined');
      const ask = async (who) => s.own(await openTurnClient({ host: HOST, port: twocan.turnPort, login: who }));
      const [client, newcomer, others] = await Promise.all([
        ask(login),
        ask(login),
        ask({ username, password: credential }),
      ]);
      assert.deepEqual([await client.allocate(), await client.refresh(), await others.allocate()], [0, 0, 0]);

      const parted = performance.now();
      await part(person);
      const code = await until('the client to be refused', AT_ONCE, () => client.refresh());
      const [refusal, renewal] = [await newcomer.allocate(), await client.allocate()];
      const took = performance.now() - parted;
      s.state(`refused with ${code} after ${took.toFixed(0)} ms`);
      assert.ok(took < AT_ONCE, `${took.toFixed(0)} ms`);
      assert.deepEqual([code, refusal, renewal], [401, 401, 401]);
      assert.equal(await others.refresh(), 0, 'the one who stays keeps what it has');
      assert.equal(await relayedAddresses(twocan.program.pid), 1);
    });
  }

  scenario(
    'goes on while the seat waits for its holder, and when it is had back, and ends with the seat',
    {},
    async (s) => {
      const { twocan, person, login, resume } = await seated(s, RESUME, ['--resume-grace', `${GRACE}`]);
      const other = await connect(s, twocan.origin, { name: 'bob' });
      await other.join('tea');
      const peer = await listeningPeer(s);
      startRelaying(s, twocan, login, peer);
      await until('the peer to hear', 15_000, () => peer.arrivals.length > 20);
      person.drop();
      await other.next('peeraway');
      const again = await connect(s, twocan.origin, { name: 'alice again', transports: ['websocket'] });
      assert.equal((await again.join('tea', { ...RESUME, resume })).resumed, true);
      const back = performance.now();
      await other.next('peerback');
      const goesOn = () => peer.arrivals.at(-1) - back > GRACE + AT_ONCE;
      await until('what is relayed to outlive the grace', GRACE + 2 * AT_ONCE + SILENCE, goesOn);

      again.drop();
      await other.next('peeraway');
      const lost = performance.now();
      await other.next('bye');
      const over = performance.now();
      await until('silence', 10_000, () => performance.now() - Math.max(over, peer.arrivals.at(-1)) > SILENCE);
      const last = peer.arrivals.at(-1);
      assert.ok(last - lost > GRACE / 2, `it ended ${last - lost} ms after the connection was lost`);
      assert.ok(last - over < AT_ONCE, `it ended ${last - over} ms after the seat`);
      assert.equal(await relayedAddresses(twocan.program.pid), 0);
    },
  );

  scenario('goes on when the connection of a client is lost that cannot come back', {}, async (s) => {
    const { twocan, person, login } = await seated(s);
    const other = await connect(s, twocan.origin, { name: 'bob' });
    await other.join('tea');
    const peer = await listeningPeer(s);
    startRelaying(s, twocan, login, peer);
    await until('the peer to hear', 15_000, () => peer.arrivals.length > 20);
    person.drop();
    assert.equal((await other.next('bye')).roomId, 'tea');
    const lost = performance.now();
    const goesOn = () => peer.arrivals.at(-1) - lost > 2 * AT_ONCE;
    await until('what is relayed to go on', 2 * AT_ONCE + SILENCE, goesOn);
  });
});

/** A server, a person with a seat, and the person's login for the relay. */
async function seated(s, abilities = {}, flags = []) {
  const twocan = await startTwocan(s, { flags: ['--allow-peer', '127.0.0.0/8', ...flags] });
  const person = await connect(s, twocan.origin, { name: 'alice', transports: ['websocket'] });
  const { iceServers, resume } = await person.join('tea', abilities);
  const [, { username, credential }] = iceServers;
  return { twocan, person, login: { username, password: credential }, resume };
}

/** An outside peer that notes when each packet came. */
async function listeningPeer(s) {
  const socket = await udpSocket(s, HOST);
  const arrivals = [];
  socket.on('message', () => arrivals.push(performance.now()));
  return { port: socket.address().port, arrivals };
}

/** Lets coturn's client send to the peer, and go on for longer than any test. */
function startRelaying(s, twocan, login, peer, over = []) {
  const flags = ['-c', '-n', '100000', '-z', INTERVAL, '-l', '171', '-e', HOST, '-r', `${peer.port}`, ...over];
  startUclient(s, { host: HOST, port: twocan.turnPort, flags, login });
}
