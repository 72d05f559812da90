// Two people in a call across a network of the test's own, each in a browser inside their home.
import { chromium } from './browsers.js';
import { createNetwork, NAT } from './network.js';
import { openPerson, talk } from './person.js';
import { startTwocan } from './server.js';

/** NATs between which a call is direct. */
export const DIRECT = { natA: NAT.endpointIndependent, natB: NAT.endpointIndependent };
/** NATs between which it needs the relay. */
export const RELAYED = { natA: NAT.symmetric, natB: NAT.symmetric };

/**
 * Alice and Bob talk across a network with these NATs. `flags`: of the server; `before`: called with the network
 * before the server starts; `options`: how `openPerson` opens Alice's page and Bob's.
 */
export async function callAcross(s, nats, { flags = [], before, options = [{}, {}] } = {}) {
  const network = s.own(await createNetwork(nats));
  await before?.(network);
  const twocan = await startTwocan(s, { network, flags });
  const people = await Promise.all(
    ['alice', 'bob'].map(async (host, at) => {
      const wrap = (executable) => network.wrapper(host, executable);
      const browser = s.own(await chromium({ wrap, secureOrigin: twocan.origin }));
      return openPerson(s, host, browser, options[at]);
    }),
  );
  const [alice, bob] = people;
  await alice.join(twocan.url('/r/tea'));
  await alice.reaches('waiting');
  await bob.join(twocan.url('/r/tea'));
  await talk(alice, bob);
  return { network, twocan, people };
}
