// coturn's own test programs, as clients of the server under test.
import { createHmac } from 'node:crypto';
import { Program, run } from './process.js';
import { TURN_SECRET } from './server.js';

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
  const { output } = program;
  const totals = [...output.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1);
  const lost = output.match(/Total lost packets (\d+)/);
  return {
    code,
    output,
    sent: totals ? Number(totals[1]) : null,
    received: totals ? Number(totals[2]) : null,
    lost: lost ? Number(lost[1]) : null,
  };
}

/** Runs `turnutils_stunclient` and returns the address that the server saw, `{code, seen}`. */
export async function stunclient({ host, port }) {
  const { code, output } = await run('turnutils_stunclient', ['-p', `${port}`, host]);
  return { code, output, seen: output.match(/UDP reflexive addr: (\S+)/)?.[1] };
}

/** Starts `turnutils_peer`, which sends every datagram back, for the length of a test. */
export function echoPeer(s, { host, port }) {
  return s.program(new Program('turnutils_peer', 'turnutils_peer', ['-L', host, '-p', `${port}`]));
}
