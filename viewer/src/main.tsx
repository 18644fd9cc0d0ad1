// The bundle's entry: Grafana's libraries are set up first, as they read globals when they load.
import './styles.css';

import { initPluginTranslations } from '@grafana/i18n';
import { createRoot } from 'react-dom/client';

import { registerFieldOptions, registerLinks, registerTransformations } from './panels/registries';

import { App } from './shell/App';
import { loadFonts } from './shell/fonts';

registerFieldOptions();
registerTransformations();
registerLinks();
await Promise.all([initPluginTranslations('viewer'), loadFonts()]);
const root = document.getElementById('root');
if (root === null) {
  throw new Error('the page has no element #root');
}
createRoot(root).render(<App />);
