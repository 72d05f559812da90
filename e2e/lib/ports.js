// Free ports, below the range from which the kernel gives ports to clients: a port of a server that is down for a
// moment is not taken by somebody else meanwhile, nor by a client that connects to itself.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const FROM = 20_000;
const TO = 32_000;
/** Ports of one process of tests: two that run at the same time would else take a free port both. */
const PART = 1_000;
/** The `skip` option of tests that need IPv6: the reason, or `false`. */
export const withoutIpv6 = (await udpFree(0, '::1')) ? false : 'this machine has no IPv6 loopback address';
const HOSTS = withoutIpv6 ? ['127.0.0.1'] : ['127.0.0.1', '::1'];
const given = new Set();
const first = await takePart();

/**
 * A port that is free on every loopback address, for TCP and for UDP, and that was not given before; with `pair` the
 * next higher one is so too, and given as well.
 */
export async function freePort({ pair = false } = {}) {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(first + 1, first + PART - 1);
    const ports = pair ? [port, port + 1] : [port];
    if (ports.some((one) => given.has(one))) continue;
    const free = await Promise.all(
      ports.flatMap((one) => HOSTS.flatMap((host) => [tcpFree(one, host), udpFree(one, host)])),
    );
    if (free.every(Boolean)) {
      for (const one of ports) given.add(one);
      return port;
    }
  }
  throw new Error(`found no free port from ${first} to ${first + PART}`);
}

/** The first port of a part that no other process has; it is held as long as this one lives. */
async function takePart() {
  for (let port = FROM; port < TO; port += PART) if (await hold(port)) return port;
  throw new Error(`too many tests run at the same time: every part of the ports from ${FROM} to ${TO} is taken`);
}

function hold(port) {
  return new Promise((resolve) => {
    const guard = createServer();
    guard.once('error', () => resolve(false));
    guard.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      guard.unref();
      resolve(true);
    });
  });
}

function tcpFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function udpFree(port, address) {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
