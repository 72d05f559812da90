// A program for inside a namespace: UDP sockets that do what lines of JSON on standard input say, and that report each
// datagram as a line of JSON. Commands: {id, bind: port}, {id, send: text, address, port}.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const sockets = new Map();
const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, bind, send, address, port } = JSON.parse(line);
  if (bind !== undefined) {
    const socket = createSocket('udp4');
    socket.on('message', (data, from) => report({ id, received: `${data}`, address: from.address, port: from.port }));
    socket.bind(bind, () => report({ id, bound: socket.address().port }));
    sockets.set(id, socket);
  } else {
    sockets.get(id).send(send, port, address, (error) => error && report({ id, error: error.message }));
  }
}
process.exit(0);
