import { describe, expect, it } from 'vitest';

import { boardPath, countByState, parseRules, parseSilences, runbookName } from '../../src/alerts/alerts';
import type { RuleGroup } from '../../src/data-sources/alertmanager';
import { json } from '../fixtures';

const real = (json('prometheus-rules.json') as { data: { groups: RuleGroup[] } }).data.groups;

const active = (name: string, state: 'firing' | 'pending') => ({
  labels: { alertname: name, severity: 'page', service_name: 'serene' },
  annotations: { summary: `${name}!` },
  state,
  activeAt: '2026-11-27T00:00:00Z',
  value: '1.5e+00',
});
const rule = (name: string, severity: string, ...alerts: ReturnType<typeof active>[]) => ({
  type: 'alerting' as const,
  name,
  query: 'up == 0',
  duration: 60,
  labels: { severity },
  annotations: {},
  alerts,
});
const GROUPS: RuleGroup[] = [
  {
    name: 'all',
    file: '',
    rules: [
      rule('Quiet', 'page'),
      rule('Waiting', 'page', active('Waiting', 'pending')),
      rule('Ticket', 'ticket', active('Ticket', 'firing')),
      rule('Page', 'page', active('Page', 'firing')),
      rule('Muted', 'page', active('Muted', 'firing')),
      { type: 'recording', name: 'serene:recorded', query: '1' },
    ],
  },
];
const managed = (name: string, status: object) => ({
  labels: { ...active(name, 'firing').labels, added: 'by Alertmanager' },
  status,
});

describe('alerts', () => {
  it('are the rules of Prometheus, which are quiet here', () => {
    expect(parseRules(real, []).map(({ name, severity, state }) => [name, severity, state])).toEqual([
      ['RefundFailed', 'ticket', 'inactive'],
      ['SpansNotTaken', 'ticket', 'inactive'],
    ]);
  });

  it('come worst first: firing pages, then tickets, pending, silenced, quiet', () => {
    const rules = parseRules(GROUPS, [
      managed('Page', { state: 'active', silencedBy: [], inhibitedBy: [] }),
      managed('Muted', { state: 'suppressed', silencedBy: ['s1'], inhibitedBy: [] }),
    ]);
    expect(rules.map(({ name, state }) => [name, state])).toEqual([
      ['Page', 'firing'],
      ['Ticket', 'firing'],
      ['Waiting', 'pending'],
      ['Muted', 'silenced'],
      ['Quiet', 'inactive'],
    ]);
    expect(countByState(rules)).toEqual({ firing: 2, pending: 1, silenced: 1, inhibited: 0, inactive: 1 });
    expect(rules[3]!.alerts[0]).toMatchObject({ silencedBy: ['s1'], value: 1.5 });
  });

  it('are shown as firing where Alertmanager is away, and inhibited where another one is the cause', () => {
    const stateOf = (alertmanager: unknown) =>
      parseRules(GROUPS, alertmanager).find(({ name }) => name === 'Page')!.state;
    expect(stateOf(undefined)).toBe('firing');
    expect(stateOf([managed('Page', { inhibitedBy: ['other'] })])).toBe('inhibited');
  });

  it('name the problem of a rule that cannot be evaluated', () => {
    const broken = { ...rule('Broken', 'page'), health: 'err', lastError: 'many-to-many matching' };
    expect(parseRules([{ name: 'g', file: '', rules: [broken] }], [])[0]!.problem).toBe('many-to-many matching');
  });
});

describe('silences', () => {
  it('are those that hold, with their matchers', () => {
    const silence = (state: string) => ({
      id: state,
      createdBy: 'ada',
      comment: 'deploy',
      endsAt: '2026-11-27T01:00:00Z',
      status: { state },
      matchers: [
        { name: 'alertname', value: 'Page', isRegex: false, isEqual: true },
        { name: 'service_name', value: 'a|b', isRegex: true, isEqual: false },
      ],
    });
    expect(parseSilences([silence('active'), silence('expired')])).toEqual([
      {
        id: 'active',
        createdBy: 'ada',
        comment: 'deploy',
        endsUnixMs: Date.UTC(2026, 10, 27, 1),
        matchers: 'alertname="Page", service_name!~"a|b"',
      },
    ]);
    expect(parseSilences(undefined)).toEqual([]);
  });
});

describe('the ways from an alert', () => {
  it.each([
    ['docs/runbooks/database-slow.md', 'database-slow'],
    ['https://example.org/blob/main/docs/runbooks/hub-blocked.md#check', 'hub-blocked'],
    ['', ''],
  ])('lead to the runbook of %s', (annotation, name) => {
    expect(runbookName(annotation)).toBe(name);
  });

  it.each([
    ['/d/serene-service?from=now-1h&to=now&var-route=%2Fa', '/d/serene-service?from=now-1h&to=now&var-route=%2Fa'],
    ['http://grafana:3000/d/serene-home', '/d/serene-home'],
    ['/somewhere', ''],
  ])('lead to the board of %s', (annotation, path) => {
    expect(boardPath(annotation)).toBe(path);
  });
});
