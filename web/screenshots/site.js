/** A site that shows a call in a small frame: the address behind its name is the room. */
import { createServer } from 'node:http';

const STYLE = `
  :root { color-scheme: light dark; }
  body { max-width: 640px; margin: 24px; font: 16px/1.5 Georgia, serif; }
  h1 { margin: 0 0 12px; font-size: 24px; }
  iframe { width: 480px; max-width: 100%; height: 320px; border: 0; border-radius: 8px; }`;
const ALLOWED = 'camera; microphone; display-capture; autoplay; fullscreen; picture-in-picture';

/** Listens on `port`; `base` is the address of the server that is framed. */
export async function openSite(port, base) {
  const server = createServer(({ url }, answer) => {
    if (url === '/favicon.ico') return answer.writeHead(204).end();
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
      <title>The garden club</title><style>${STYLE}</style>
      <h1>The garden club</h1><p>Questions about your beans? Talk to us.</p>
      <iframe src="${base}/r${url}" allow="${ALLOWED}" referrerpolicy="origin" title="Call"></iframe>
      <p>We are here on weekdays from nine to five.</p></html>`);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}
