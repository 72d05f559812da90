// How a NAT behaves, as coturn's client finds out by the server's two addresses with two ports each.
import assert from 'node:assert/strict';
import { createNetwork, NAT, SERVER, SERVER_TOO, skipReason } from './lib/network.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const skip = await skipReason();
const ALICE = '192.168.11.2';
const GRID = [`${SERVER}:3479`, `${SERVER_TOO}:3478`, `${SERVER_TOO}:3479`].flatMap((address) => ['--turn', address]);

for (const { name, nat, mapping } of [
  { name: 'an endpoint-independent NAT', nat: NAT.endpointIndependent, mapping: 'Endpoint Independent' },
  { name: 'a symmetric NAT', nat: NAT.symmetric, mapping: 'Address and Port Dependent' },
]) {
  scenario(`turnutils_natdiscovery finds ${name}`, { skip }, async (s) => {
    const network = s.own(await createNetwork({ natA: nat, natB: NAT.endpointIndependent }));
    await startTwocan(s, { network, flags: GRID });
    assert.match(await discover(network, '-m'), new RegExp(`NAT with ${mapping} Mapping`));
    // Both let in only what an answer can be.
    assert.match(await discover(network, '-f'), /NAT with Address and Port Dependent Filtering/);
  });
}

async function discover(network, question) {
  const [command, ...args] = network.on('alice', 'turnutils_natdiscovery', question, '-L', ALICE, SERVER);
  const { output } = await run(command, args, { deadline: 30_000 });
  return output;
}
