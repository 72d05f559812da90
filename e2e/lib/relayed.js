// The relayed addresses of a running server, as the system sees them from outside.
import { readdir, readFile, readlink } from 'node:fs/promises';

const RELAY_PORTS = { from: 49_152, to: 65_535 };

/** How many UDP sockets a process has on relay ports: as many as it has relayed addresses. */
export async function relayedAddresses(pid) {
  const own = new Set();
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    // It may be closed by the time that it is looked at.
    own.add(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => null));
  }
  const tables = await Promise.all(['udp', 'udp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')));
  const sockets = tables.flatMap((table) => table.trim().split('\n').slice(1));
  return sockets.filter((line) => {
    const [, local, , , , , , , , inode] = line.trim().split(/\s+/);
    const port = Number.parseInt(local.split(':')[1], 16);
    return port >= RELAY_PORTS.from && port <= RELAY_PORTS.to && own.has(`socket:[${inode}]`);
  }).length;
}
