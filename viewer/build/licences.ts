// The notices of everything that is in the bundle, with each package's own licence text.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

// Copied by `assets`, not bundled.
const COPIED = ['@fontsource/inter', '@fontsource/roboto-mono'];

// Whatever needs its source to be offered must not get in unnoticed.
const FORBIDDEN = /\b(AGPL|GPL|SSPL|BUSL)\b/;

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

/** The folder of the package that a module belongs to. */
function packageOf(module: string): string | undefined {
  const found = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module);
  return found?.[1];
}

function notice(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const licence = manifest.license ?? 'see its text';
  if (FORBIDDEN.test(licence)) {
    throw new Error(`${manifest.name} has the licence ${licence}, which must not be bundled`);
  }
  const file = readdirSync(folder).sort().find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : '(no text in the package)';
  return `${manifest.name} ${manifest.version}\nLicence: ${licence}\n\n${text}\n`;
}

export function licences(): Plugin {
  let root = '';
  return {
    name: 'serene-licences',
    apply: 'build',
    configResolved(config) {
      root = config.root;
    },
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) =>
        chunk.type === 'chunk' ? Object.keys(chunk.modules) : [],
      );
      const folders = new Set(modules.flatMap((module) => packageOf(module) ?? []));
      for (const name of COPIED) {
        folders.add(join(root, 'node_modules', name));
      }
      const notices = [...folders].map(notice).sort();
      const rule = `\n${'-'.repeat(80)}\n\n`;
      const source = ['What the viewer is made of, and under which licences.\n', ...new Set(notices)].join(rule);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
    },
  };
}
