import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { apart } from './build/apart.ts';
import { blocking } from './build/blocking.ts';
import { budget } from './build/budget.ts';
import { precompress } from './build/precompress.ts';
import { slim } from './build/slim.ts';

/** What a first visit may load of JavaScript and CSS, in bytes after gzip. */
const FIRST_LOAD = 45_000;
// Where `npm run dev` finds a running `twocan serve`.
const server = process.env.TWOCAN_SERVER ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [slim(), preact(), apart(), blocking(), budget(FIRST_LOAD), precompress()],
  build: {
    target: 'es2022',
    // The page's policy forbids inline code, and every asset is to be cached under its hash.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      // The server accepts pages of its own origin only.
      '/socket.io': { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
    },
  },
});
