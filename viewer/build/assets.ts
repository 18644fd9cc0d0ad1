// Files that Grafana's components load by address: icons and fonts, below `public/`.
import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';

const FONTS: Readonly<Record<string, string>> = {
  'inter/Inter-Regular.woff2': '@fontsource/inter/files/inter-latin-400-normal.woff2',
  'inter/Inter-Medium.woff2': '@fontsource/inter/files/inter-latin-500-normal.woff2',
  'inter/Inter-Italic.woff2': '@fontsource/inter/files/inter-latin-400-italic.woff2',
  'inter/Inter-MediumItalic.woff2': '@fontsource/inter/files/inter-latin-500-italic.woff2',
  // The names of Grafana's own copies.
  'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};

const ICONS = 'node_modules/@grafana/ui/dist/public/img/icons';

export function assets(): Plugin {
  let root = '';
  let out = '';
  return {
    name: 'serene-assets',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      out = resolve(config.root, config.build.outDir, 'public');
    },
    writeBundle() {
      cpSync(join(root, ICONS), join(out, 'build/img/icons'), { recursive: true });
      for (const [name, source] of Object.entries(FONTS)) {
        const to = join(out, 'fonts', name);
        mkdirSync(join(to, '..'), { recursive: true });
        copyFileSync(join(root, 'node_modules', source), to);
      }
    },
  };
}
