import { describe, expect, it } from 'vitest';

import { followed } from '../../src/boards/links';

const explore = (query: object, range = {}): string =>
  `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify({ a: { queries: [query], range } }))}`;

describe('followed', () => {
  it('opens an alert of Grafana’s list on the page of alerts', () => {
    expect(followed('/alerting/list?search=DatabaseSlow')).toBe('/alerts?search=DatabaseSlow');
    expect(followed('/alerting/list?search=a%20b%26c')).toBe('/alerts?search=a%20b%26c');
    expect(followed('/alerting/list')).toBe('/alerts');
  });

  it('opens a trace of Explore on its page', () => {
    const id = '092faffb9a354adc8bb69db5c713381c';
    expect(followed(explore({ query: id }))).toBe(`/trace/${id}`);
  });

  it('opens a query of Explore on the page of its data source, with its range', () => {
    const range = { from: '1000', to: '2000' };
    expect(followed(explore({ query: '{ duration > 1s }', datasource: { type: 'tempo' } }, range))).toBe(
      '/search?q=%7B+duration+%3E+1s+%7D&from=1000&to=2000',
    );
    expect(followed(explore({ expr: '{a="b"}', datasource: { type: 'loki' } }))).toBe(
      '/logs?q=%7Ba%3D%22b%22%7D',
    );
  });

  it.each([
    '/d/serene-home?from=now-1h&to=now',
    '/alerting/listed?search=a',
    '/explorer?panes={}',
    '/explore?panes=broken',
    'https://example.org/alerting/list?search=a',
  ])('leaves %s as it is', (address) => {
    expect(followed(address)).toBe(address);
  });
});
