// The tutorial's way to call: a plain page on an origin of its own, which uses the server for its signalling only.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { openPerson } from './person.js';
import { freePort } from './ports.js';
import { until } from './wait.js';

const FILES = {
  '/': [new URL('../../bench/setup/plain/index.html', import.meta.url), 'text/html; charset=utf-8'],
  '/client.js': [new URL('../../bench/setup/plain/client.js', import.meta.url), 'text/javascript'],
  '/socket.io.js': [
    new URL('../node_modules/socket.io-client/dist/socket.io.min.js', import.meta.url),
    'text/javascript',
  ],
};

/** Serves the tutorial's page for the length of a test; returns its origin. */
export async function serveTutorial(s) {
  const server = createServer(async (request, response) => {
    const [file, type] = FILES[new URL(request.url, 'http://localhost').pathname] ?? [];
    if (file) response.writeHead(200, { 'content-type': type }).end(await readFile(file));
    else response.writeHead(404).end();
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  s.own(server, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

/** Opens the tutorial's page and joins a room; `state()` reads the tutorial's state. */
export async function joinTutorial(s, name, browser, { page, server, room }) {
  const person = await openPerson(s, name, browser);
  person.theirs = '#theirs';
  person.state = () => person.page.evaluate(() => document.getElementById('state').textContent);
  person.status = person.state;
  await person.visit(`${page}/?server=${encodeURIComponent(server)}`);
  await person.reaches('disconnect');
  await person.type('Room', room);
  await person.press('join');
  await until(`${name} to have joined`, 10_000, async () => (await person.state()) !== 'disconnect');
  return person;
}
