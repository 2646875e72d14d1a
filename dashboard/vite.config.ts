import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vite';

const sdk = fileURLToPath(new URL('../sdk/typescript/src/', import.meta.url));

export default defineConfig({
  // The SDK's own source: what it does on a line that fails is not written a second time.
  resolve: {
    alias: [
      {find: /^@mlgraph\/client\/(.*)$/, replacement: `${sdk}$1`},
      {find: /^@mlgraph\/client$/, replacement: `${sdk}index.ts`},
    ],
  },
  esbuild: {jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none'},
  build: {
    target: 'es2022',
    emptyOutDir: true,
    modulePreload: false, // its polyfill is of no use where the page has one script
    assetsInlineLimit: 0, // data: is not in the page's policy
    reportCompressedSize: false,
  },
});
