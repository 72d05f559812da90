// UDP sockets of a test's own, which play the outside peer of a relay.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP socket on a free port of `host`, for the length of a test. */
export async function udpSocket(s, host) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  s.own(socket);
  // Where nobody listens yet, the answer is an ICMP error.
  socket.on('error', () => {});
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}
