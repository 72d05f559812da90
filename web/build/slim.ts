import type { Plugin } from 'vite';

const WEB_TRANSPORT = /\/engine\.io-client\/build\/esm\/transports\/webtransport\.js$/;
const ICON = /\/lucide-static\/icons\/[^/]+\.svg\?raw$/;

/**
 * Leaves out of the page what it never uses: the Socket.IO client's WebTransport, which the server
 * does not speak, and of each icon all but its strokes, since `Icon` draws what they have in common.
 */
export function slim(): Plugin {
  return {
    name: 'twocan:slim',
    // Before others make a module of an icon's text.
    enforce: 'pre',
    load: {
      filter: { id: [WEB_TRANSPORT, ICON] },
      async handler(id) {
        if (WEB_TRANSPORT.test(id)) return 'export class WT {}';
        const svg = await this.fs.readFile(id.replace('?raw', ''), { encoding: 'utf8' });
        const [, strokes] = /<svg[^>]*>\s*(.*?)\s*<\/svg>/s.exec(svg) ?? [];
        if (!strokes) return this.error(`${id} is no icon`);
        return `export default ${JSON.stringify(strokes.replace(/\s+</g, '<'))}`;
      },
    },
  };
}
