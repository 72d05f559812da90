import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin, type Rolldown } from 'vite';

/** Files with an address of their own, from what they are made, and what they may have in bytes after gzip. */
const FILES = [
  { fileName: 'embed.js', from: 'src/embed/element.ts', limit: 1800 },
  { fileName: 'sw.js', from: 'src/worker/worker.ts', limit: 1800 },
];

/**
 * Builds what is no part of the page: the element that other sites load, and the service worker. Each is one file
 * under a name that stays, so it is built by itself and shares nothing with the page.
 */
export function apart(): Plugin {
  let root = '';
  return {
    name: 'twocan:apart',
    apply: 'build',
    configResolved(config) {
      root = config.root;
    },
    async generateBundle() {
      for (const { fileName, from, limit } of FILES) {
        const source = await bundled(join(root, from));
        const size = gzipSync(source, { level: 9 }).length;
        const result = `${fileName}: ${size} of ${limit} bytes (gzip)`;
        if (size > limit) this.error(result);
        this.info(result);
        this.emitFile({ type: 'asset', fileName, source });
      }
    },
  };
}

/** Everything that a module needs, in one. */
async function bundled(input: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: { write: false, target: 'es2022', rolldownOptions: { input } },
  })) as Rolldown.RolldownOutput;
  return result.output[0].code;
}
