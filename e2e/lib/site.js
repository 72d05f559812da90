// A site of somebody else, on a port of its own.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };

/**
 * Opens a site for the length of a test; `answer` gets a path and returns the text there, or nothing. Its `origin` is
 * another site than that of a server on `localhost`.
 */
export async function openSite(s, answer) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const text = await answer(pathname);
    if (text === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  s.own(server, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}
