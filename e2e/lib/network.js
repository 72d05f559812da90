// A small internet of network namespaces: a server, a router between, and two homes behind NATs.
//
//   alice 192.168.11.2 ── natA 9.9.2.2 ─┐
//                                       ├─ router ── server 9.9.1.2
//   bob   192.168.22.2 ── natB 9.9.3.2 ─┘
//
// The router drops whatever is for none of its three networks. The 9.9.0.0/16 addresses exist only inside; they are
// taken because the documentation ranges are special-purpose addresses, to which a relay rightly refuses to send.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Program, run } from './process.js';

const PREFIX = 'twocan-e2e';

/** What a NAT does to the traffic of its home. */
export const NAT = {
  /** One public port for an inner socket, whatever it talks to (RFC 4787: endpoint-independent mapping). */
  endpointIndependent: { masquerade: 'masquerade' },
  /** Another public port for each destination (endpoint-dependent mapping). */
  symmetric: { masquerade: 'masquerade random,fully-random' },
  /** TCP only. */
  withoutUdp: { masquerade: 'masquerade', passes: 'meta l4proto tcp' },
  /** The port of the secure web, and nothing else. */
  onlyWeb: { masquerade: 'masquerade', passes: 'tcp dport 443' },
};

/** The address of the server inside. */
export const SERVER = '9.9.1.2';
/** A second address of the server, for what compares two destinations. */
export const SERVER_TOO = '9.9.1.3';

const SYSCTLS = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv4.ip_forward=1'];

const made = new Set();
process.on('exit', () => {
  for (const namespace of made) removeNow(namespace);
});

/** Why no network can be made here, or `null` when it can. */
export async function unavailable() {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid() !== 0) return 'network namespaces need root';
  const name = `${PREFIX}-${process.pid}-try`;
  try {
    await ip('netns', 'add', name);
    made.add(name);
    await inside(name, 'ip', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right');
    await inside(name, 'nft', 'add table ip nat { chain post { type nat hook postrouting priority srcnat; }; }');
    return null;
  } catch (error) {
    return `network namespaces cannot be made: ${error.message}`;
  } finally {
    if (made.has(name)) await remove(name);
  }
}

/**
 * The `skip` option of tests that need namespaces: the reason, or `false`.
 * On a CI machine's root a lack of them is an error: tests that never run there prove nothing.
 */
export async function skipReason() {
  const reason = await unavailable();
  if (reason && process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(`on CI, ${reason}`);
  return reason ?? false;
}

/** Removes the namespaces that a run left behind which did not live to tidy up. */
export async function removeLeftovers() {
  const listing = await run('ip', ['netns', 'list']);
  for (const line of listing.output.split('\n')) {
    const [, name, pid] = line.match(new RegExp(`^(${PREFIX}-(\\d+)-\\w+)`)) ?? [];
    if (name && !existsSync(`/proc/${pid}`)) await remove(name);
  }
}

/** Makes the network. `defaultRoute: false` leaves the server without any route beyond the two NATs' networks. */
export async function createNetwork({ natA, natB, defaultRoute = true }) {
  await removeLeftovers();
  const network = new Network();
  try {
    await network.build(natA, natB, defaultRoute);
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

class Network {
  #folder = null;

  #name(host) {
    return `${PREFIX}-${process.pid}-${host}`;
  }

  async build(natA, natB, defaultRoute) {
    this.#folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}-`));
    const hosts = ['router', 'server', 'natA', 'natB', 'alice', 'bob'];
    for (const host of hosts) {
      await ip('netns', 'add', this.#name(host));
      made.add(this.#name(host));
    }
    await Promise.all(hosts.map((host) => this.exec(host, 'sysctl', '-qw', ...SYSCTLS)));
    await this.#link('router', 'server', '9.9.1.1/24', `${SERVER}/24`);
    await this.#link('router', 'natA', '9.9.2.1/24', '9.9.2.2/24');
    await this.#link('router', 'natB', '9.9.3.1/24', '9.9.3.2/24');
    await this.#link('natA', 'alice', '192.168.11.1/24', '192.168.11.2/24');
    await this.#link('natB', 'bob', '192.168.22.1/24', '192.168.22.2/24');
    await this.#ip('server', `address add ${SERVER_TOO}/24 dev router`);

    await this.#ip('router', 'route add blackhole default');
    await this.#ip('natA', 'route add default via 9.9.2.1');
    await this.#ip('natB', 'route add default via 9.9.3.1');
    await this.#ip('alice', 'route add default via 192.168.11.1');
    await this.#ip('bob', 'route add default via 192.168.22.1');
    const beyond = defaultRoute ? ['default'] : ['9.9.2.0/24', '9.9.3.0/24'];
    for (const destination of beyond) await this.#ip('server', `route add ${destination} via 9.9.1.1`);
    await this.exec('natA', 'nft', ruleset(natA));
    await this.exec('natB', 'nft', ruleset(natB));
  }

  /** Joins two hosts; each calls its end by the other's name. */
  async #link(one, other, addressOne, addressOther) {
    await ip(
      'link',
      'add',
      other,
      'netns',
      this.#name(one),
      'type',
      'veth',
      'peer',
      'name',
      one,
      'netns',
      this.#name(other),
    );
    for (const [host, device, address] of [
      [one, other, addressOne],
      [other, one, addressOther],
    ]) {
      await this.#ip(host, 'link set lo up');
      await this.#ip(host, `address add ${address} dev ${device}`);
      await this.#ip(host, `link set ${device} up`);
    }
  }

  #ip(host, words) {
    return ip('-n', this.#name(host), ...words.split(' '));
  }

  /** Runs a command on a host to its end; fails unless it succeeds. Returns its output. */
  exec(host, command, ...args) {
    return inside(this.#name(host), command, ...args);
  }

  /** The command line that runs `command` on a host. */
  on(host, command, ...args) {
    return ['ip', 'netns', 'exec', this.#name(host), command, ...args];
  }

  /** Starts a program on a host. */
  start(host, name, command, args, options) {
    const [ipCommand, ...rest] = this.on(host, command, ...args);
    return new Program(`${name} on ${host}`, ipCommand, rest, options);
  }

  /** A script that runs `executable` on a host: what a browser driver takes as the browser. */
  async wrapper(host, executable) {
    const script = path.join(this.#folder, `${host}-${path.basename(executable)}`);
    await writeFile(script, `#!/bin/sh\nexec ${this.on(host, executable).join(' ')} "$@"\n`);
    await chmod(script, 0o755);
    return script;
  }

  /** Lets a NAT carry nothing more, in either direction, without a word to anybody. */
  cut(nat) {
    const chains = ['forward', 'input', 'output'].map((hook) => {
      return `chain ${hook} { type filter hook ${hook} priority -300; drop; }`;
    });
    return this.exec(nat, 'nft', `table ip cut { ${chains.join('; ')}; }`);
  }

  /** Lets it carry again. */
  mend(nat) {
    return this.exec(nat, 'nft', 'delete table ip cut');
  }

  /** Gives Alice another address in her home, as another network would. */
  async readdress() {
    await this.#ip('alice', 'address delete 192.168.11.2/24 dev natA');
    await this.#ip('alice', 'address add 192.168.11.3/24 dev natA');
    await this.#ip('alice', 'route add default via 192.168.11.1');
  }

  /** Lets a home send only so much (kbit/s), with a queue of 300 ms, as the modem of a slow line has. */
  narrow(host, kbits) {
    const device = host === 'alice' ? 'natA' : 'natB';
    const limit = ['rate', `${kbits}kbit`, 'burst', '4kb', 'latency', '300ms'];
    return this.exec(host, 'tc', 'qdisc', 'replace', 'dev', device, 'root', 'tbf', ...limit);
  }

  /** How many packets a home sends while something goes on that are marked as sound (RFC 8837: expedited forwarding). */
  async countMarked(host, during) {
    const chain = 'chain out { type filter hook output priority 0; ip dscp ef counter; };';
    await this.exec(host, 'nft', `table ip marked { ${chain} }`);
    await during();
    const listing = await this.exec(host, 'nft', 'list table ip marked');
    await this.exec(host, 'nft', 'delete table ip marked');
    return Number(listing.match(/counter packets (\d+)/)[1]);
  }

  /** Takes the network down. What still runs inside must have been ended before. */
  async close() {
    for (const name of [...made]) {
      if (name.startsWith(this.#name(''))) await remove(name);
    }
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * The rules of a NAT. New connections from outside are dropped before conntrack remembers them: a packet that comes
 * before the hole is punched would otherwise take the very port that the mapping needs, in the NAT's own name.
 */
function ruleset({ masquerade, passes }) {
  return `
    table ip nat {
      chain postrouting { type nat hook postrouting priority srcnat; oifname "router" ${masquerade}; }
    }
    table ip filter {
      chain input { type filter hook input priority filter; iifname "router" ct state new drop; }
      chain forward {
        type filter hook forward priority filter;
        iifname "router" ct state new drop;
        ${passes ? `oifname "router" ct state new ${passes} accept; oifname "router" ct state new drop;` : ''}
      }
    }`;
}

async function ip(...args) {
  return succeed('ip', args);
}

function inside(namespace, command, ...args) {
  return succeed('ip', ['netns', 'exec', namespace, command, ...args]);
}

async function succeed(command, args) {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} failed: ${output}`);
  return output;
}

async function remove(namespace) {
  made.delete(namespace);
  // A namespace lives on unseen while a program runs in it, so the programs go first, each by its pid.
  const pids = (await run('ip', ['netns', 'pids', namespace])).output.split('\n').filter((line) => /^\d+$/.test(line));
  for (const pid of pids) endNow(Number(pid));
  await ip('netns', 'delete', namespace);
}

function removeNow(namespace) {
  try {
    const pids = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
    for (const pid of pids.split('\n').filter(Boolean)) endNow(Number(pid));
    execFileSync('ip', ['netns', 'delete', namespace]);
  } catch (error) {
    console.error(`the network namespace ${namespace} stays behind: ${error.message}`);
  }
}

function endNow(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
