// Calls on loopback between real browsers, directly and by each way through the relay.
import assert from 'node:assert/strict';
import { browsers } from './lib/browsers.js';
import { certificate } from './lib/certificate.js';
import { inWords, openPerson, talk } from './lib/person.js';
import { freePort, withoutIpv6 } from './lib/ports.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const launched = browsers();
const CHROMIUM_TWICE = [launched.chromium, launched.secondChromium];
const CHROMIUM_AND_FIREFOX = [launched.chromium, launched.firefox];
const FIREFOX_AND_CHROMIUM = [launched.firefox, launched.chromium];
const trustingChromium = () => launched.chromiumWith({ anyCertificate: true });
const TRUSTING_CHROMIUM_TWICE = [trustingChromium, trustingChromium];
const TRUSTING_CHROMIUM_AND_FIREFOX = [trustingChromium, launched.trustingFirefox];
const LOOPBACKS = [
  ['127.0.0.1', 4, false],
  ['[::1]', 6, withoutIpv6],
];

scenario('Chromium calls Chromium, directly', {}, async (s) => {
  await assertDirect(await call(s, CHROMIUM_TWICE), s);
});

scenario('Chromium waits, Firefox joins', {}, async (s) => {
  await assertDirect(await call(s, CHROMIUM_AND_FIREFOX), s);
});

scenario('Firefox waits, Chromium joins', {}, async (s) => {
  await assertDirect(await call(s, FIREFOX_AND_CHROMIUM), s);
});

for (const transport of ['udp', 'tcp']) {
  for (const [host, family, skip] of LOOPBACKS) {
    scenario(`Chromium calls Chromium, relayed over ${transport} on IPv${family}`, { skip }, async (s) => {
      const people = await call(s, CHROMIUM_TWICE, { host, narrow: { relayOnly: true, transport } });
      await assertRelayed(people, s, transport, host);
    });
  }

  scenario(`Chromium calls Firefox, relayed over ${transport}`, {}, async (s) => {
    const people = await call(s, CHROMIUM_AND_FIREFOX, { host: '127.0.0.1', narrow: { relayOnly: true, transport } });
    await assertRelayed(people, s, transport);
  });
}

for (const [port, listener] of [
  ['the port of HTTPS', {}],
  ['a port of its own', { own: true }],
]) {
  for (const [host, family, skip] of LOOPBACKS) {
    scenario(`Chromium calls Chromium, relayed over tls on ${port}, IPv${family}`, { skip }, async (s) => {
      const people = await callOverTls(s, TRUSTING_CHROMIUM_TWICE, host, listener);
      await assertRelayed(people, s, 'tls', host);
    });
  }
}

scenario('Chromium calls Firefox, relayed over tls', {}, async (s) => {
  // Firefox takes TURN over TLS from servers with a name only.
  await assertRelayed(await callOverTls(s, TRUSTING_CHROMIUM_AND_FIREFOX, 'localhost'), s, 'tls');
});

scenario('one is relayed over UDP, the other over TCP', {}, async (s) => {
  const { url, people } = await twoPeople(s, CHROMIUM_TWICE, { host: '127.0.0.1' }, [
    { relayOnly: true, transport: 'udp' },
    { relayOnly: true, transport: 'tcp' },
  ]);
  await meet(url, people);
  const [alice, bob] = await Promise.all(people.map((person) => person.pair()));
  s.state(`alice: ${inWords(alice)}; bob: ${inWords(bob)}`);
  assert.equal(alice.local.relayProtocol, 'udp');
  assert.equal(bob.local.relayProtocol, 'tcp');
});

scenario('only one is relayed', {}, async (s) => {
  // The other's own address is on loopback or in a private range, to which a relay sends only when allowed.
  const flags = ['--allow-peer', '127.0.0.0/8'];
  const { url, people } = await twoPeople(s, CHROMIUM_TWICE, { host: '127.0.0.1', flags }, [
    { relayOnly: true, transport: 'udp' },
    {},
  ]);
  await meet(url, people);
  const [alice, bob] = await Promise.all(people.map((person) => person.pair()));
  s.state(`alice: ${inWords(alice)}; bob: ${inWords(bob)}`);
  assert.equal(alice.local.type, 'relay');
  assert.equal(bob.remote.type, 'relay');
});

scenario('one came by https, with the certificate that the server made', {}, async (s) => {
  const twocan = await startTwocan(s, { https: true });
  const alice = await openPerson(s, 'alice', await launched.chromiumWith({ anyCertificate: true }));
  const bob = await openPerson(s, 'bob', await launched.secondChromium());
  await alice.join(`${twocan.secureOrigin}/r/tea`);
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
});

scenario('both open the link and join at the same moment, again and again', {}, async (s) => {
  const { url, people } = await twoPeople(s, CHROMIUM_TWICE, {}, [{}, {}]);
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(people.map((person) => person.join(`${url}-${round}`)));
    await Promise.all(people.map((person) => person.reaches('connected')));
    await talk(...people);
  }
});

async function call(s, launch, { host, narrow = {}, ...server } = {}) {
  const { url, people } = await twoPeople(s, launch, { host, ...server }, [narrow, narrow]);
  await meet(url, people);
  return people;
}

/** A call that only TURN over TLS can carry, on the port of HTTPS or on the relay's `own`. */
async function callOverTls(s, launch, host, { own = false } = {}) {
  const { cert, key } = await certificate(s, 'twocan.example');
  const flags = ['--tls-cert', cert, '--tls-key', key];
  if (own) flags.push('--turn-tls', `${host}:${await freePort()}`);
  const narrow = { relayOnly: true, transport: 'tls' };
  return call(s, launch, { host, narrow, https: !own, flags });
}

/** A server, and Alice and Bob with a browser each. */
async function twoPeople(s, launch, { host = 'localhost', ...server }, narrows) {
  const twocan = await startTwocan(s, server);
  const names = ['alice', 'bob'];
  const people = await Promise.all(
    names.map(async (name, index) => openPerson(s, name, await launch[index](), narrows[index])),
  );
  return { url: twocan.url('/r/tea').replace('localhost', host), people };
}

/** The first joins and waits, the second joins, and both hear and see each other. */
async function meet(url, [first, second]) {
  await first.join(url);
  await first.reaches('waiting');
  await second.join(url);
  await Promise.all([first.reaches('connected'), second.reaches('connected')]);
  await talk(first, second);
}

async function assertDirect(people, s) {
  for (const person of people) {
    const pair = await person.pair();
    s.state(`${person.name}: ${inWords(pair)}`);
    for (const candidate of [pair.local, pair.remote]) {
      assert.ok(['host', 'prflx', 'srflx'].includes(candidate.type), `${person.name} uses ${inWords(pair)}`);
      assert.equal(candidate.protocol, 'udp');
    }
  }
}

/** `host` is where the relay is, as far as the browser tells it: Firefox does not. */
async function assertRelayed(people, s, transport, host) {
  for (const person of people) {
    const pair = await person.pair();
    s.state(`${person.name}: ${inWords(pair)}`);
    assert.equal(pair.local.type, 'relay', `${person.name} uses ${inWords(pair)}`);
    // A check may come before the message that tells of the other's relayed address; it comes from there all the same,
    // which the other's own side of the pair shows.
    assert.ok(['relay', 'prflx'].includes(pair.remote.type), `${person.name} uses ${inWords(pair)}`);
    assert.equal(pair.local.relayProtocol, transport);
    const scheme = transport === 'tls' ? 'turns' : 'turn';
    if (host) assert.ok(pair.local.url.startsWith(`${scheme}:${host}:`), `the relay is ${pair.local.url}`);
  }
}
