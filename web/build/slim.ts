import type { Plugin } from 'vite';

/** Modules of the Socket.IO client, and what stands in for each. */
const UNUSED = new Map([
  ['engine.io-client/build/esm/transports/webtransport.js', 'export class WT {}'],
  [
    'socket.io-parser/build/esm/is-binary.js',
    'export const isBinary = () => false; export const hasBinary = isBinary;',
  ],
  [
    'socket.io-parser/build/esm/binary.js',
    'const none = () => { throw new Error("binary"); };' +
      'export { none as deconstructPacket, none as reconstructPacket };',
  ],
  ['engine.io-parser/build/esm/contrib/base64-arraybuffer.js', 'export const decode = () => null;'],
]);
const PACKAGE = /\/node_modules\/((?:engine|socket)\.io-[^?]*)$/;
const ICON = /\/lucide-static\/icons\/[^/]+\.svg\?raw$/;

/**
 * Leaves out of the page what it never uses: of the Socket.IO client WebTransport, which the server does not
 * speak, and binary messages, which it refuses; of each icon all but its strokes, since `Icon` draws what they
 * have in common.
 */
export function slim(): Plugin {
  return {
    name: 'twocan:slim',
    // Before others make a module of an icon's text.
    enforce: 'pre',
    load: {
      filter: { id: [PACKAGE, ICON] },
      async handler(id) {
        const [, module] = PACKAGE.exec(id) ?? [];
        if (module) return UNUSED.get(module);
        const svg = await this.fs.readFile(id.replace('?raw', ''), { encoding: 'utf8' });
        const [, strokes] = /<svg[^>]*>\s*(.*?)\s*<\/svg>/s.exec(svg) ?? [];
        if (!strokes) return this.error(`${id} is no icon`);
        return `export default ${JSON.stringify(strokes.replace(/\s+</g, '<'))}`;
      },
    },
  };
}
