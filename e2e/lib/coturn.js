// coturn's own test programs, as clients of the server under test.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { freePort } from './ports.js';
import { Program, run } from './process.js';
import { TURN_SECRET } from './server.js';
import { udpSocket } from './udp.js';
import { until } from './wait.js';

/** A time-limited username and its password, for `seconds` from the present. */
export function credentials({ seconds = 3600, secret = TURN_SECRET, name = 'alice' } = {}) {
  const username = `${Math.floor(Date.now() / 1000) + seconds}:${name}`;
  return { username, password: createHmac('sha1', secret).update(username).digest('base64') };
}

/** Starts `turnutils_uclient` for the length of a test. */
export function startUclient(s, { host, port, flags = [], login = credentials() }) {
  const args = ['-v', '-u', login.username, '-w', login.password, '-p', `${port}`, ...flags, host];
  return s.program(new Program(`turnutils_uclient ${flags.join(' ')}`, 'turnutils_uclient', args));
}

/**
 * Runs `turnutils_uclient`, and returns `{code, output, sent, received, lost}`: it exits with 0 whatever it lost, so
 * the counts are what tells. They are `null` when it got no allocation.
 */
export async function uclient(s, options) {
  const program = startUclient(s, options);
  const { code, error } = await program.wait(30_000);
  if (error) throw new Error(`turnutils_uclient cannot run (install coturn): ${error.message}`);
  return { code, ...totals(program) };
}

/** What a run of `turnutils_uclient` has counted so far: `{output, sent, received, lost}`. */
export function totals({ output }) {
  const counted = [...output.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1);
  const lost = output.match(/Total lost packets (\d+)/);
  return {
    output,
    sent: counted ? Number(counted[1]) : null,
    received: counted ? Number(counted[2]) : null,
    lost: lost ? Number(lost[1]) : null,
  };
}

/** Every message was sent, and came back. */
export function assertNothingLost({ sent, received, lost, output }, expected) {
  assert.equal(sent, expected, output);
  assert.equal(received, sent, output);
  assert.equal(lost, 0, output);
}

/** Runs `turnutils_stunclient` and returns the address that the server saw, `{code, output, seen}`. */
export async function stunclient({ host, port, flags = [] }) {
  const { code, output } = await run('turnutils_stunclient', ['-p', `${port}`, ...flags, host]);
  return { code, output, seen: output.match(/UDP reflexive addr: (\S+)/)?.[1] };
}

/**
 * Starts `turnutils_peer`, which sends every datagram back, for the length of a test; returns its port once it
 * answers. It has the next higher port as well.
 */
export async function echoPeer(s, host) {
  const port = await freePort({ pair: true });
  s.program(new Program('turnutils_peer', 'turnutils_peer', ['-L', host, '-p', `${port}`]));
  const socket = await udpSocket(s, host);
  let answered = false;
  socket.on('message', () => {
    answered = true;
  });
  await until('the echo peer to answer', 5_000, () => {
    socket.send('hello', port, host, () => {});
    return answered;
  });
  return port;
}
