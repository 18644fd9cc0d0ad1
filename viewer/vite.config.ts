import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

import { assets } from './build/assets.ts';
import { licences } from './build/licences.ts';

const absent = fileURLToPath(new URL('./build/absent.ts', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^monaco-editor.*/, replacement: absent },
      { find: /^@monaco-editor\/react$/, replacement: absent },
      { find: /^@grafana\/assistant$/, replacement: absent },
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
});
