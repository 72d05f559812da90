// What a client learns of its own address and of its NAT, by coturn's clients: from the server's one address, and from
// two addresses with two ports each.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { stunclient } from './lib/coturn.js';
import { createNetwork, NAT, SERVER, SERVER_TOO, skipReason } from './lib/network.js';
import { freePort, withoutIpv6 } from './lib/ports.js';
import { run } from './lib/process.js';
import { scenario } from './lib/scenario.js';
import { startTwocan } from './lib/server.js';

const skip = await skipReason();
const HOST = '127.0.0.1';
const HOST_TOO = '127.0.0.2';
const ALICE = '192.168.11.2';
const ALICE_TOO = '192.168.11.3';
const GRID = [`${SERVER}:3479`, `${SERVER_TOO}:3478`, `${SERVER_TOO}:3479`].flatMap((address) => ['--turn', address]);

describe('turnutils_stunclient is told', () => {
  for (const { family, host, skip } of [
    { family: 'IPv4', host: HOST },
    { family: 'IPv6', host: '::1', skip: withoutIpv6 },
  ]) {
    scenario(`its own address, ${family}`, { skip }, async (s) => {
      const twocan = await startTwocan(s);
      const { code, seen, output } = await stunclient({ host, port: twocan.turnPort });
      assert.equal(code, 0, output);
      assert.match(seen ?? output, new RegExp(`^${host}:\\d+$`));
    });
  }

  scenario('the address that it chose', {}, async (s) => {
    const twocan = await startTwocan(s);
    const { seen } = await stunclient({ host: HOST, port: twocan.turnPort, flags: ['-L', '127.0.0.9'] });
    assert.match(seen, /^127\.0\.0\.9:\d+$/);
  });

  for (const flags of [[], ['-f']]) {
    scenario(
      `where the server's other address is, and hears from there${flags.length > 0 ? ', as it insists' : ''}`,
      {},
      async (s) => {
        const port = await startGrid(s);
        // An address that nobody else uses: it wants the second answer at the next higher port.
        const { output } = await stunclient({ host: HOST, port, flags: ['-L', '127.0.0.9', ...flags] });
        const origins = [...output.matchAll(/IPv4\. Response origin: : (\S+)/g)].map(([, origin]) => origin);
        const here = `${HOST}:${port}`;
        const there = `${HOST_TOO}:${port + 1}`;
        // It prints the first of all addresses twice. The last answer is to a request with PADDING.
        assert.deepEqual(origins, [here, here, there, there], output);
        assert.equal(output.match(/UDP reflexive addr: 127\.0\.0\.9:/g)?.length, 3, output);
      },
    );
  }
});

describe('turnutils_natdiscovery', () => {
  for (const { name, nat, mapping } of [
    { name: 'an endpoint-independent NAT', nat: NAT.endpointIndependent, mapping: 'Endpoint Independent' },
    { name: 'a symmetric NAT', nat: NAT.symmetric, mapping: 'Address and Port Dependent' },
  ]) {
    scenario(`finds ${name}, asking with padding and without`, { skip }, async (s) => {
      const network = await startBehind(s, nat);
      const ask = (...flags) => discover(onAlice(network, ...flags));
      // It waits a while for each answer that does not come.
      const both = (flag) => Promise.all([ask(flag), ask(flag, '-P')]);
      const [mappings, filterings, hairpins] = await Promise.all([both('-m'), both('-f'), both('-H')]);
      for (const output of mappings) assert.match(output, new RegExp(`NAT with ${mapping} Mapping`));
      // Both let in only what an answer can be.
      for (const output of filterings) assert.match(output, /NAT with Address and Port Dependent Filtering/);
      for (const output of hairpins) {
        assert.match(output, /RFC 5780 response 1/);
        assert.doesNotMatch(output, /successful hairpinning/);
      }
    });
  }

  for (const padded of [[], ['-P']]) {
    const how = padded.length > 0 ? 'with padding' : 'without padding';

    scenario(`finds no NAT where there is none, asking ${how}`, {}, async (s) => {
      const port = await startGrid(s);
      const clientPort = await freePort();
      const ask = (...flags) =>
        discover(['turnutils_natdiscovery', ...flags, ...padded, '-p', `${port}`, '-L', '127.0.0.9', HOST]);
      const mapping = await ask('-m', '-l', `${clientPort}`);
      assert.match(mapping, /No NAT! \(Endpoint Independent Mapping\)/);
      assert.ok(mapping.includes(`UDP reflexive addr: 127.0.0.9:${clientPort}`), mapping);
      assert.match(await ask('-f'), /NAT with Endpoint Independent Filtering!/);
      assert.match(await ask('-H'), /successful hairpinning/);
    });

    scenario(`finds that a NAT tells two addresses with one port apart, asking ${how}`, { skip }, async (s) => {
      const network = await startBehind(s, NAT.endpointIndependent);
      await network.exec('alice', 'ip', 'address', 'add', `${ALICE_TOO}/24`, 'dev', 'natA');
      const output = await discover(onAlice(network, '-c', '-A', ALICE_TOO, ...padded));
      assert.equal(new Set(reflexive(output)).size, 2, output);
    });
  }

  scenario('finds that a mapping lives for a second, by an answer to another socket', { skip }, async (s) => {
    const network = await startBehind(s, NAT.endpointIndependent);
    const output = await discover(onAlice(network, '-t', '-T', '1'));
    // The second question came from another socket, and its answer went to the first.
    assert.equal(new Set(reflexive(output)).size, 2, output);
  });
});

/** Starts a server on two addresses of this machine with two ports each; returns the lower port. */
async function startGrid(s) {
  const port = await freePort({ pair: true });
  const grid = [HOST, HOST_TOO].flatMap((host) => [`${host}:${port}`, `${host}:${port + 1}`]);
  await startTwocan(s, { flags: grid.flatMap((address) => ['--turn', address]) });
  return port;
}

/** Starts a server with two addresses on the internet; Alice is behind a NAT of this kind. */
async function startBehind(s, nat) {
  const network = s.own(await createNetwork({ natA: nat, natB: NAT.endpointIndependent }));
  await startTwocan(s, { network, flags: GRID });
  return network;
}

function onAlice(network, ...flags) {
  return network.on('alice', 'turnutils_natdiscovery', ...flags, '-L', ALICE, SERVER);
}

/** The addresses that the server saw, in their order. */
function reflexive(output) {
  return [...output.matchAll(/UDP reflexive addr: (\S+)/g)].map(([, address]) => address);
}

async function discover([command, ...args]) {
  const { output } = await run(command, args, { deadline: 30_000 });
  return output;
}
