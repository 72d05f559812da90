import type { Plugin } from 'vite';

/**
 * Lets the first paint wait for the page's script, where the browser knows how: there is nothing to see before
 * it, and it knows which colours the person has chosen.
 */
export function blocking(): Plugin {
  return {
    name: 'twocan:blocking',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => html.replace('<script type="module"', '$& blocking="render"'),
    },
  };
}
