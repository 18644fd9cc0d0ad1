// Where Grafana's components find their icons; they read it when they are first drawn.
declare global {
  interface Window {
    __grafana_public_path__?: string;
  }
}

window.__grafana_public_path__ = '/public/';

export {};
