// Before the bundle, because its modules read these when they load.
// Where Grafana's components find icons and fonts.
window.__grafana_public_path__ = '/public/';
// The validator of themes must not try whether it may compile code: the page's policy forbids it.
globalThis.__zod_globalConfig = { jitless: true };
