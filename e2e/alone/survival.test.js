// Calls whose networks and servers fail in the middle: they go on by themselves, and each test says how long the
// pictures stood still.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import { callAcross, DIRECT, RELAYED } from '../lib/across.js';
import { SERVER_TOO, skipReason } from '../lib/network.js';
import { inWords } from '../lib/person.js';
import { scenario } from '../lib/scenario.js';
import { BINARY, TURN_SECRET } from '../lib/server.js';
import { watchPictures } from '../lib/standstill.js';
import { until } from '../lib/wait.js';

const skip = await skipReason();
const SECRET = ['--secret', 'a secret that outlives a restart'];

for (const [seconds, atMost] of [
  [5, 12],
  [20, 30],
]) {
  for (const [way, nats] of [
    ['direct', DIRECT],
    ['relayed', RELAYED],
  ]) {
    scenario(`${way}: one side's network carries nothing for ${seconds} s`, { skip, timeout: 120_000 }, async (s) => {
      const { network, people } = await talkAcross(s, nats);
      await assertStandsStill(s, people, atMost, async () => {
        await network.cut('natA');
        await pass(seconds * 1_000);
        await network.mend('natA');
      });
    });
  }
}

for (const [way, nats] of [
  ['direct', DIRECT],
  ['relayed', RELAYED],
]) {
  scenario(`${way}: one side's address is another one`, { skip, timeout: 120_000 }, async (s) => {
    const { network, people } = await talkAcross(s, nats);
    await assertStandsStill(s, people, 15, () => network.readdress());
  });
}

scenario('direct: the server is started again', { skip, timeout: 120_000 }, async (s) => {
  const { twocan, people } = await talkAcross(s, DIRECT, { flags: SECRET });
  await assertStandsStill(s, people, 3, () => restart(twocan));
});

scenario('relayed: the server is started again', { skip, timeout: 120_000 }, async (s) => {
  const { twocan, people } = await talkAcross(s, RELAYED, { flags: SECRET });
  await assertStandsStill(s, people, 12, () => restart(twocan));
});

scenario('relayed: the relay alone is started again', { skip, timeout: 120_000 }, async (s) => {
  const { startRelay, flags } = relayElsewhere(s);
  const { network, people } = await talkAcross(s, RELAYED, { flags, before: startRelay });
  await assertStandsStill(s, people, 12, async () => {
    await startRelay(network);
  });
});

scenario('relayed: the credentials end, and the relay is started again', { skip, timeout: 120_000 }, async (s) => {
  const { startRelay, flags } = relayElsewhere(s);
  const ends = Math.floor(Date.now() / 1_000) + 25;
  const login = { username: `${ends}:short`, credential: hmac(`${ends}:short`) };
  const { network, people } = await talkAcross(s, RELAYED, { flags, before: startRelay, narrow: { login } });
  await pass(ends * 1_000 - Date.now() + 1_000);
  await assertStandsStill(s, people, 12, async () => {
    await startRelay(network);
  });
});

/** A relay of its own beside the server, and the flags that make the server send its clients there. */
function relayElsewhere(s) {
  let relay = null;
  const startRelay = async (network) => {
    await relay?.stop({ signal: 'SIGKILL' });
    const listeners = ['--http', `${SERVER_TOO}:8081`, '--https', 'off', '--turn', `${SERVER_TOO}:3478`];
    const args = ['serve', ...listeners, '--turn-secret', TURN_SECRET];
    relay = s.program(network.start('server', 'the relay', BINARY, args));
    await relay.line(/is ready/);
  };
  return { startRelay, flags: ['--turn-host', SERVER_TOO] };
}

async function restart(twocan) {
  await twocan.kill();
  await twocan.start();
}

/** Alice and Bob talk across a network, directly or relayed as its NATs have it; `narrow`: see `instrument`. */
async function talkAcross(s, nats, { narrow = {}, ...options } = {}) {
  const call = await callAcross(s, nats, { ...options, options: [narrow, narrow] });
  const pair = await call.people[0].pair();
  const relayed = pair.local.type === 'relay' || pair.remote.type === 'relay';
  assert.equal(relayed, nats === RELAYED, inWords(pair));
  return call;
}

/** Lets `trouble` happen; the call goes on by itself, and nobody is ever told that it has ended. */
async function assertStandsStill(s, people, atMostSeconds, trouble) {
  await Promise.all(people.map((person) => person.forgetStates()));
  const watches = await Promise.all(people.map((person) => watchPictures(person)));
  await trouble();
  await Promise.all(people.map((person) => person.hearsAndSees({ deadline: 60_000 })));
  await until('both pages to speak of no trouble', 60_000, async () => {
    return (await Promise.all(people.map((person) => person.status()))).every((status) => /^Connected/.test(status));
  });
  const still = await Promise.all(watches.map((stop) => stop()));
  s.state(`the pictures stood still for ${still.map((ms) => (ms / 1_000).toFixed(1)).join(' and ')} s`);
  for (const person of people) {
    const others = (await person.states()).filter((state) => !['connected', 'reconnecting'].includes(state));
    assert.deepEqual(others, [], `${person.name} has been told something else`);
  }
  assert.ok(Math.max(...still) < atMostSeconds * 1_000, `${still} ms`);
}

function hmac(username) {
  return createHmac('sha1', TURN_SECRET).update(username).digest('base64');
}
