// What signalling for two is on the stock socket.io: the rooms of the well-known tutorial, with nothing
// between the library and the wire.

import { Server } from 'socket.io';

const SEATS = 2;

/** Has an HTTP server carry the tutorial's rooms. */
export function carryRooms(http) {
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
}
