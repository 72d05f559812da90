// Calls across NATs: which path the media takes, and that it takes one wherever the networks leave any.
import assert from 'node:assert/strict';
import { chromium } from './lib/browsers.js';
import { createNetwork, NAT, skipReason } from './lib/network.js';
import { inWords, openPerson, talk } from './lib/person.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const skip = await skipReason();

scenario('both behind endpoint-independent NATs: direct', { skip }, async (s) => {
  const { alice, bob } = await callAcross(s, { natA: NAT.endpointIndependent, natB: NAT.endpointIndependent });
  for (const pair of [alice, bob]) {
    assert.ok(!relayed(pair), inWords(pair));
    assert.equal(pair.local.protocol, 'udp');
  }
});

for (const defaultRoute of [true, false]) {
  const server = defaultRoute ? 'whose router drops what is for nobody' : 'without a default route';
  scenario(`both behind symmetric NATs, a server ${server}: relayed over UDP`, { skip }, async (s) => {
    const { alice, bob } = await callAcross(s, { natA: NAT.symmetric, natB: NAT.symmetric, defaultRoute });
    for (const pair of [alice, bob]) {
      assert.ok(relayed(pair), inWords(pair));
      if (pair.local.type === 'relay') assert.equal(pair.local.relayProtocol, 'udp');
    }
  });
}

scenario('one behind a NAT that drops UDP: relayed over TCP', { skip }, async (s) => {
  const { alice, bob } = await callAcross(s, { natA: NAT.withoutUdp, natB: NAT.endpointIndependent });
  assert.equal(alice.local.type, 'relay', inWords(alice));
  assert.equal(alice.local.relayProtocol, 'tcp', inWords(alice));
  assert.equal(bob.remote.type, 'relay', inWords(bob));
});

scenario('both behind NATs that drop UDP: relayed over TCP on both sides', { skip }, async (s) => {
  const { alice, bob } = await callAcross(s, { natA: NAT.withoutUdp, natB: NAT.withoutUdp });
  for (const pair of [alice, bob]) {
    assert.equal(pair.local.type, 'relay', inWords(pair));
    assert.equal(pair.local.relayProtocol, 'tcp', inWords(pair));
    assert.equal(pair.remote.type, 'relay', inWords(pair));
  }
});

/** A call between Alice and Bob across a network; returns the selected pair of each. */
async function callAcross(s, options) {
  const network = s.own(await createNetwork(options));
  const twocan = await startTwocan(s, { network });
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map(async (host) => {
      const wrap = (executable) => network.wrapper(host, executable);
      const browser = s.own(await chromium({ wrap, secureOrigin: twocan.origin }));
      return openPerson(s, host, browser);
    }),
  );
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await Promise.all([alice.reaches('connected'), bob.reaches('connected')]);
  await talk(alice, bob);
  const pairs = { alice: await alice.pair(), bob: await bob.pair() };
  for (const [name, pair] of Object.entries(pairs)) s.state(`${name}: ${inWords(pair)}`);
  return pairs;
}

function relayed({ local, remote }) {
  return local.type === 'relay' || remote.type === 'relay';
}
