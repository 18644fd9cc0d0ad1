import { afterEach, describe, expect, it, vi } from 'vitest';

import { activeAlerts, alertRules } from '../../src/data-sources/alertmanager';

const alert = (alertname: string, severity: string) => ({ labels: { alertname, severity }, state: 'firing' });
const rule = (name: string, severity: string) => ({ name, type: 'alerting', labels: { severity } });

const answer = (data: object) =>
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify({ status: 'success', data }))));

describe('alerts of Prometheus', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('are those for a person: not those that hold others back', async () => {
    answer({ alerts: [alert('HubBlocked', 'page'), alert('CauseFiredRecently', 'none'), { labels: {} }] });
    expect((await activeAlerts()).map(({ labels }) => labels['alertname'])).toEqual(['HubBlocked', undefined]);
  });

  it('have rules for a person', async () => {
    const rules = [rule('HubBlocked', 'page'), rule('CauseFiredRecently', 'none'), { name: 'Plain', type: 'alerting' }];
    answer({ groups: [{ name: 'serene', file: 'rules.yml', rules }] });
    expect((await alertRules()).map(({ name, rules: shown }) => [name, shown.map((one) => one.name)])).toEqual([
      ['serene', ['HubBlocked', 'Plain']],
    ]);
  });
});
