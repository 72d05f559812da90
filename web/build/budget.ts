import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/**
 * Ends the build with an error if what the page needs before it shows anything, its JavaScript and CSS
 * together, has more than `limit` bytes after gzip: what is only used later is to be loaded later.
 */
export function budget(limit: number): Plugin {
  return {
    name: 'twocan:budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const first = new Set<string>();
      for (const output of Object.values(bundle)) {
        if (output.type === 'chunk' && output.isEntry) collect(output, bundle, first);
      }
      let total = 0;
      for (const name of first) {
        const output = bundle[name];
        if (!output) continue;
        total += gzipSync(output.type === 'chunk' ? output.code : output.source, {
          level: 9,
        }).length;
      }
      const result = `first load: ${total} of ${limit} bytes (gzip)`;
      if (total > limit) this.error(`${result}. Load later what the first screen does not need.`);
      this.info(result);
    },
  };
}

function collect(chunk: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle, into: Set<string>) {
  if (into.has(chunk.fileName)) return;
  into.add(chunk.fileName);
  for (const css of chunk.viteMetadata?.importedCss ?? []) into.add(css);
  for (const name of chunk.imports) {
    const imported = bundle[name];
    if (imported?.type === 'chunk') collect(imported, bundle, into);
  }
}
