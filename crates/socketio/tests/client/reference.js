// The reference server, doing what the example `echo` does.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Server } from 'socket.io';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3000' },
    'ping-interval': { type: 'string', default: '25000' },
    'ping-timeout': { type: 'string', default: '20000' },
  },
});

const http = createServer();
const io = new Server(http, {
  pingInterval: Number(values['ping-interval']),
  pingTimeout: Number(values['ping-timeout']),
  connectTimeout: 1000,
  maxHttpBufferSize: 1e6,
});

function serve(socket) {
  socket.emit('auth', socket.handshake.auth);
  socket.on('message', (...args) => socket.emit('message-back', ...args));
  socket.on('message-with-ack', (...args) => args.pop()(...args));
}

io.on('connection', serve);
io.of('/custom').on('connection', serve);
http.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});
