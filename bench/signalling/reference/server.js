// What signalling for two costs on the stock socket.io: the rooms of the well-known tutorial, with nothing
// between the library and the wire. Usage: node server.js PORT [CERTIFICATE KEY]

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Server } from 'socket.io';

const SEATS = 2;

const [port, cert, key] = process.argv.slice(2);
const http = cert ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }) : createServer();
const io = new Server(http);

io.on('connection', (socket) => {
  const seated = new Set();

  const stand = (roomId) => {
    if (seated.delete(roomId)) {
      socket.to(roomId).emit('bye', { roomId, userId: socket.id });
      socket.leave(roomId);
    }
  };

  socket.on('join', ({ roomId }) => {
    const taken = io.sockets.adapter.rooms.get(roomId)?.size ?? 0;
    if (taken >= SEATS) {
      socket.emit('full', { roomId, userNum: taken });
      return;
    }
    seated.add(roomId);
    socket.join(roomId);
    socket.emit('joined', { roomId, userNum: taken + 1 });
    socket.to(roomId).emit('otherjoined', { roomId, userId: socket.id });
  });

  socket.on('message', ({ roomId, data }) => {
    socket.to(roomId).emit('message', data);
  });

  socket.on('leave', ({ roomId }) => {
    stand(roomId);
    socket.emit('leaved', { roomId });
  });

  socket.on('disconnect', () => {
    for (const roomId of seated) stand(roomId);
  });
});

http.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
