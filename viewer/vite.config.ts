import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { assets } from './build/assets.ts';
import { licences } from './build/licences.ts';

const absent = fileURLToPath(new URL('./build/absent.ts', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^monaco-editor.*/, replacement: absent },
      { find: /^@monaco-editor\/react$/, replacement: absent },
    ],
  },
  build: {
    outDir: 'dist',
    target: 'es2022',
    sourcemap: false,
    // Sizes are tested, compressed, by tests/viewer.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 8000,
  },
  plugins: [assets(), licences()],
  test: {
    // Its modules name exports of CommonJS packages, which Node's own loader does not find.
    server: { deps: { inline: [/@grafana\//] } },
    setupFiles: ['./tests/setup.ts'],
  },
});
