// A wire to a port of loopback that holds back whatever goes through, each way.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Lays a wire to `port` that takes `ms` milliseconds each way; returns the port of its near end. */
export async function layWire(s, port, ms) {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    carry(near, far, ms);
    carry(far, near, ms);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  s.own(server);
  return server.address().port;
}

function carry(from, to, ms) {
  from.setNoDelay(true);
  // Timers of one length fire in the order in which they were set.
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), ms));
  from.on('end', () => setTimeout(() => to.end(), ms));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), ms + 1));
}
