// The NATs of the test network do what the tests of calls believe of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createNetwork, NAT, SERVER, SERVER_TOO, skipReason } from './lib/network.js';
import { scenario } from './lib/scenario.js';
import { until } from './lib/wait.js';

const AGENT = fileURLToPath(new URL('./lib/udp-agent.js', import.meta.url));
const skip = await skipReason();

scenario(
  'an endpoint-independent NAT shows one port to every destination, and holes can be punched',
  { skip },
  async (s) => {
    const network = await open(s, { natA: NAT.endpointIndependent, natB: NAT.endpointIndependent });
    const { alice, bob, server } = await threeAgents(s, network);
    const a = await seenAddress(alice, server);
    const b = await seenAddress(bob, server);
    assert.equal(a.ports.size, 1, `alice is seen on the ports ${[...a.ports]}`);
    assert.equal(a.address, '9.9.2.2');
    assert.equal(b.address, '9.9.3.2');

    // Both send to the other's seen address: the first of the two packets opens a hole and is dropped.
    const [portA] = a.ports;
    const [portB] = b.ports;
    await until('both to hear the other', 5_000, () => {
      alice.send('main', 'from alice', b.address, portB);
      bob.send('main', 'from bob', a.address, portA);
      return alice.heard('main', 'from bob') && bob.heard('main', 'from alice');
    });
  },
);

scenario(
  'a symmetric NAT shows another port to each destination, and a hole for one helps no other',
  { skip },
  async (s) => {
    const network = await open(s, { natA: NAT.symmetric, natB: NAT.symmetric });
    const { alice, bob, server } = await threeAgents(s, network);
    const a = await seenAddress(alice, server);
    const b = await seenAddress(bob, server);
    assert.ok(a.ports.size > 1, `alice is seen on the ports ${[...a.ports]}`);
    assert.ok(b.ports.size > 1, `bob is seen on the ports ${[...b.ports]}`);

    for (let round = 0; round < 20; round += 1) {
      for (const port of b.ports) alice.send('main', 'from alice', b.address, port);
      for (const port of a.ports) bob.send('main', 'from bob', a.address, port);
    }
    // The server's answers travel behind those packets on the same wires.
    await seenAddress(alice, server, 'afterwards');
    await seenAddress(bob, server, 'afterwards');
    assert.equal(alice.heard('main', 'from bob'), undefined);
    assert.equal(bob.heard('main', 'from alice'), undefined);
  },
);

scenario('a NAT lets nobody in who was not spoken to', { skip }, async (s) => {
  const network = await open(s, { natA: NAT.endpointIndependent, natB: NAT.endpointIndependent });
  const { alice, server } = await threeAgents(s, network);
  const a = await seenAddress(alice, server);
  const [port] = a.ports;
  await server.bind('stranger', 5999);
  server.send('stranger', 'unasked', a.address, port);
  await seenAddress(alice, server, 'afterwards');
  assert.equal(alice.heard('main', 'unasked'), undefined);
});

scenario('a NAT without UDP passes TCP only', { skip }, async (s) => {
  const network = await open(s, { natA: NAT.withoutUdp, natB: NAT.endpointIndependent });
  const { alice, bob, server } = await threeAgents(s, network);
  alice.send('main', 'hello', SERVER, 5001);
  await seenAddress(bob, server);
  // TCP takes the way that the datagram took before it.
  const listen = "require('node:net').createServer((c) => c.end('open')).listen(7000, () => console.log('listening'))";
  const tcp = s.program(network.start('server', 'tcp', process.execPath, ['-e', listen]));
  await tcp.line(/listening/);
  const connect = `require('node:net').connect(7000, '${SERVER}').pipe(process.stdout)`;
  assert.equal(await network.exec('alice', process.execPath, '-e', connect), 'open');
  assert.equal(server.heard('one', 'hello'), undefined);
});

scenario(
  'the router swallows what is for nobody; a server without a default route is told at once',
  { skip },
  async (s) => {
    const routed = await open(s, { natA: NAT.symmetric, natB: NAT.symmetric });
    const server = await agent(s, routed, 'server');
    await server.bind('main', 0);
    server.send('main', 'into the void', '192.168.11.2', 9);
    server.send('main', 'to oneself', SERVER, server.port('main'));
    await until('the packet after', 5_000, () => server.heard('main', 'to oneself'));
    assert.equal(server.failed('main'), undefined);
    await routed.close();

    const unrouted = await open(s, { natA: NAT.symmetric, natB: NAT.symmetric, defaultRoute: false });
    const lonely = await agent(s, unrouted, 'server');
    await lonely.bind('main', 0);
    lonely.send('main', 'into the void', '192.168.11.2', 9);
    const failed = await until('an error', 5_000, () => lonely.failed('main'));
    assert.match(failed.error, /ENETUNREACH/);
  },
);

async function open(s, options) {
  return s.own(await createNetwork(options));
}

async function threeAgents(s, network) {
  const [alice, bob, server] = await Promise.all(['alice', 'bob', 'server'].map((host) => agent(s, network, host)));
  await Promise.all([alice.bind('main', 5000), bob.bind('main', 5000)]);
  await Promise.all([server.bind('one', 5001), server.bind('two', 5002)]);
  return { alice, bob, server };
}

/** A UDP agent on a host. */
async function agent(s, network, host) {
  const program = s.program(network.start(host, 'udp', process.execPath, [AGENT], { stdin: 'pipe' }));
  if (!program.pid) await once(program.child, 'spawn');
  const reports = [];
  program.onLine((line) => reports.push(JSON.parse(line)));
  const tell = (command) => program.child.stdin.write(`${JSON.stringify(command)}\n`);
  return {
    bind: async (id, port) => {
      tell({ id, bind: port });
      await until(`${host} to bind`, 5_000, () => reports.find((report) => report.id === id && report.bound));
    },
    port: (id) => reports.find((report) => report.id === id && report.bound).bound,
    host,
    send: (id, text, address, port) => tell({ id, send: text, address, port }),
    heard: (id, text) => reports.find((report) => report.id === id && report.received === text),
    failed: (id) => reports.find((report) => report.id === id && report.error),
  };
}

/** Sends to two ports and two addresses of the server, hears one answer, and tells how the server saw the sender. */
async function seenAddress(client, server, word = 'hello') {
  const ways = [SERVER, SERVER_TOO].flatMap((address) => ['one', 'two'].map((id) => ({ address, id })));
  const greeting = ({ address, id }) => `${word} from ${client.host} to ${id} at ${address}`;
  for (const way of ways) client.send('main', greeting(way), way.address, server.port(way.id));
  const seen = [];
  for (const way of ways) {
    const { id } = way;
    const text = greeting(way);
    seen.push(await until(`${id} of the server to hear ${text}`, 5_000, () => server.heard(id, text)));
  }
  server.send('one', `${word} back`, seen[0].address, seen[0].port);
  await until('the answer', 5_000, () => client.heard('main', `${word} back`));
  return { address: seen[0].address, ports: new Set(seen.map((report) => report.port)) };
}
