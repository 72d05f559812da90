// The two sides that are compared: how each is served, and what a person does at its page.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { carryRooms } from '../signalling/reference/rooms.js';

/** The page and the server of this project. */
export const own = {
  name: 'twocan',
  serve: async (_s, twocan) => twocan.httpPort,
  // A sealed call, as 'Start a call' gives: 18 bytes behind the version of their format.
  link: (room) => `/#1${createHash('sha256').update(room).digest('base64url').slice(0, 24)}`,
  doing: () => ({
    theirs: 'video[aria-label="Their picture"]',
    presses: ['main[data-state="lobby"] button.primary'],
  }),
  waits: () => document.querySelector('main')?.dataset.state === 'waiting',
};

/** The two-person tutorial's page and server. */
export const plain = {
  name: 'plain client',
  serve: async (s) => {
    const server = createServer(async (request, response) => {
      const [file, type] = FILES[new URL(request.url, 'http://localhost').pathname] ?? [];
      if (file) response.writeHead(200, { 'content-type': type }).end(await readFile(new URL(file, import.meta.url)));
      else response.writeHead(404).end();
    });
    carryRooms(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    s.own(server, () => {
      server.closeAllConnections();
      server.close();
    });
    return server.address().port;
  },
  link: () => '/',
  // Who comes last calls.
  doing: (room, isLast) => ({
    theirs: '#theirs',
    fields: { '#room': room },
    presses: isLast ? ['#join', '#call'] : ['#join'],
  }),
  waits: () => document.querySelector('#state')?.textContent === 'waiting',
};

const FILES = {
  '/': ['plain/index.html', 'text/html; charset=utf-8'],
  '/client.js': ['plain/client.js', 'text/javascript'],
  '/socket.io.js': ['../../e2e/node_modules/socket.io-client/dist/socket.io.min.js', 'text/javascript'],
};
