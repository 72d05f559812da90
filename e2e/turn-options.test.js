// Every option of coturn's client that asks something of the server, or does something to it.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { certificate } from './lib/certificate.js';
import { assertNothingLost, credentials, echoPeer, startUclient, uclient } from './lib/coturn.js';
import { freePort } from './lib/ports.js';
import { relayedAddresses } from './lib/relayed.js';
import { scenario } from './lib/scenario.js';
import { startTwocan, TURN_SECRET } from './lib/server.js';
import { udpSocket } from './lib/udp.js';
import { until } from './lib/wait.js';

const HOST = '127.0.0.1';
const CLIENTS = 4;
const MESSAGES = 25;
const LOAD = ['-m', `${CLIENTS}`, '-n', `${MESSAGES}`, '-z', '5', '-l', '171'];
const RELAYED = ['-c', '-y', ...LOAD];
const OUTSIDE = ['--allow-peer', '127.0.0.0/8'];
/** Of messages this long the socket of a system holds three: they come one at a time, however busy the machine is. */
const HUGE = 60_001;
const ONE_BY_ONE = ['-m', '2', '-n', `${(CLIENTS * MESSAGES) / 2}`, '-z', '50'];
// coturn's client spends most of its time asleep.
const ASLEEP = { concurrency: 20 };

describe('turnutils_uclient loses nothing', ASLEEP, () => {
  for (const [name, flags] of [
    ['with messages that nobody may cut', ['-g']],
    ['with indications that nobody may cut', ['-g', '-s']],
    ['with padded ChannelData, over UDP as well', ['-D']],
    ['naming an origin', ['-o', 'https://example.org']],
    ['naming a bandwidth', ['-a', '100000']],
    ['naming IPv4', ['-X']],
    ['with requests for more channels and permissions than it uses', ['-G']],
    ['with requests for more permissions than it uses, sending indications', ['-G', '-s']],
    ['with channel numbers at random', ['-N']],
    ['though it would rather show an OAuth token', ['-J']],
    ['from another address', ['-L', '127.0.0.9']],
    ['from a network device', ['-d', 'lo']],
    ['with twenty clients', ['-m', '20', '-n', `${(CLIENTS * MESSAGES) / 20}`]],
    ...[28, 29, 30, 31, 1401, HUGE].flatMap((length) => [
      [`with messages of ${length} bytes`, ['-l', `${length}`, ...(length === HUGE ? ONE_BY_ONE : [])]],
      [`with messages of ${length} bytes over TCP`, ['-l', `${length}`, '-t']],
    ]),
  ]) {
    scenario(name, {}, async (s) => {
      const { turnPort } = await startTwocan(s);
      const result = await uclient(s, { host: HOST, port: turnPort, flags: [...RELAYED, ...flags] });
      assertNothingLost(result, CLIENTS * MESSAGES);
    });
  }

  for (const by of [[], ['-s']]) {
    scenario(`to an outside peer, uncut${by.length > 0 ? ', by indications' : ''}`, {}, async (s) => {
      const peer = await echoPeer(s, HOST);
      const { turnPort } = await startTwocan(s, { flags: OUTSIDE });
      const flags = ['-c', ...LOAD, '-g', ...by, '-e', HOST, '-r', `${peer}`];
      assertNothingLost(await uclient(s, { host: HOST, port: turnPort, flags }), CLIENTS * MESSAGES);
    });
  }

  scenario('and keeps its allocations while it hangs on', {}, async (s) => {
    const { turnPort, program } = await startTwocan(s);
    const client = startUclient(s, { host: HOST, port: turnPort, flags: [...RELAYED, '-h'] });
    await client.line(new RegExp(`tot_send_msgs=${CLIENTS * MESSAGES}, tot_recv_msgs=${CLIENTS * MESSAGES},`), 20_000);
    // A third of them belongs to its first try of the server.
    assert.equal(await relayedAddresses(program.pid), CLIENTS + CLIENTS / 2);
    assert.equal(client.exit, null);
  });

  scenario('with a password that it makes from the secret', {}, async (s) => {
    const { turnPort } = await startTwocan(s);
    const login = { username: 'alice', password: '' };
    const flags = [...RELAYED, '-W', TURN_SECRET];
    assertNothingLost(await uclient(s, { host: HOST, port: turnPort, flags, login }), CLIENTS * MESSAGES);
  });

  scenario('over TLS, with certificates on both sides and a cipher suite that it chose', {}, async (s) => {
    const suite = 'ECDHE-ECDSA-AES128-GCM-SHA256';
    const [server, client] = [await certificate(s, HOST), await certificate(s, 'alice')];
    const port = await freePort();
    await startTwocan(s, {
      flags: ['--turn-tls', `${HOST}:${port}`, '--tls-cert', server.cert, '--tls-key', server.key],
    });
    const flags = [...RELAYED, '-t', '-S', '-E', server.cert, '-i', client.cert, '-k', client.key, '-F', suite];
    const result = await uclient(s, { host: HOST, port, flags });
    assertNothingLost(result, CLIENTS * MESSAGES);
    assert.ok(result.output.includes(`connected with cipher ${suite}`), result.output);
  });

  scenario('over TLS that it wants without encryption, and gets encrypted', {}, async (s) => {
    const port = await freePort();
    await startTwocan(s, { flags: ['--turn-tls', `${HOST}:${port}`] });
    const result = await uclient(s, { host: HOST, port, flags: [...RELAYED, '-t', '-U'] });
    assertNothingLost(result, CLIENTS * MESSAGES);
    const ciphers = [...result.output.matchAll(/connected with cipher (\S+),/g)].map(([, cipher]) => cipher);
    assert.ok(ciphers.length > 0, result.output);
    assert.ok(!ciphers.some((cipher) => cipher.includes('NULL')), `${ciphers}`);
  });
});

describe('the relay', ASLEEP, () => {
  scenario('knows no username with another separator than the colon', {}, async (s) => {
    const { turnPort } = await startTwocan(s);
    const login = { username: 'alice', password: '' };
    const flags = ['-c', '-y', '-W', TURN_SECRET, '-C', ';'];
    const result = await uclient(s, { host: HOST, port: turnPort, flags, login });
    assert.match(result.output, /Cannot complete Allocation/);
  });

  scenario('passes nothing on without a permission', {}, async (s) => {
    const peer = await udpSocket(s, HOST);
    const heard = [];
    peer.on('message', (data) => heard.push(data.length));
    const { turnPort } = await startTwocan(s, { flags: OUTSIDE });
    const flags = ['-c', '-n', '3', '-s', '-I', '-e', HOST, '-r', `${peer.address().port}`];
    const client = startUclient(s, { host: HOST, port: turnPort, flags });
    // It counts once a second: when it counts again, what it sent had a second to arrive.
    await until('everything to be sent', 15_000, () => client.output.match(/tot_send_msgs=3,/g)?.length >= 2);
    assert.deepEqual(heard, []);
    // The same with a permission does arrive.
    const allowed = flags.filter((flag) => flag !== '-I');
    startUclient(s, { host: HOST, port: turnPort, flags: allowed, login: credentials({ name: 'bob' }) });
    await until('the peer to hear', 15_000, () => heard.length === 3);
  });

  // Each of these does to the server what it can, in its own way, and need not come to an end.
  for (const [name, flags] of [
    ['clients that come and go without a word', ['-O', '-m', '200', '-G']],
    ['clients that come and go without a word over TCP', ['-O', '-m', '200', '-G', '-t']],
    ['clients that come and go without a word over TLS', ['-O', '-m', '50', '-G', '-t', '-S']],
    ['clients whose connections break in the middle', ['-B', '-m', '40', '-t']],
    ['clients whose TLS breaks in the middle', ['-B', '-m', '40', '-t', '-S']],
    ['messages with bytes changed at random', ['-R', '-N', '-G']],
    ['indications with bytes changed at random', ['-R', '-N', '-G', '-s']],
    ['messages with bytes changed at random over TCP', ['-R', '-N', '-G', '-t']],
    ['messages with bytes changed at random over TLS', ['-R', '-N', '-G', '-t', '-S']],
  ]) {
    scenario(`survives ${name}`, {}, async (s) => {
      const tlsPort = await freePort();
      const twocan = await startTwocan(s, { flags: ['--limits', 'off', '--turn-tls', `${HOST}:${tlsPort}`] });
      const port = flags.includes('-S') ? tlsPort : twocan.turnPort;
      for (const name of ['bob', 'carol', 'dave']) {
        const wild = ['-c', '-y', '-n', '50', '-z', '5', '-l', '171', ...flags];
        startUclient(s, { host: HOST, port, flags: wild, login: credentials({ name }) });
      }
      // Meanwhile, and a few seconds later, an orderly client is served.
      const orderly = [...RELAYED, ...flags.filter((flag) => ['-t', '-S'].includes(flag))];
      for (let round = 0; round < 2; round += 1) {
        assertNothingLost(await uclient(s, { host: HOST, port, flags: orderly }), CLIENTS * MESSAGES);
      }
      assert.equal(twocan.program.exit, null);
    });
  }
});
