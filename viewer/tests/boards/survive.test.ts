// @vitest-environment jsdom
// The links of every committed board lead in Grafana to what they name, although its library decodes
// their addresses before they are followed.
import { textUtil } from '@grafana/data';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { AllText, interpolate, type Value } from '../../src/boards/interpolate';
import { panelsOf, type Board } from '../../src/boards/model';

// Vitest runs in viewer/.
const folder = '../dashboards/generated';
const boards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Board);

const VALUES: Readonly<Record<string, Value>> = {
  datasource: 'prometheus',
  __url_time_range: 'from=now-1h&to=now',
  __from: '1795737300000',
  __to: '1795740900000',
  __field: '/api/v1/sessions/<uuid:session_id>/payment',
  __data: 'web-1/0',
};

/** What a board's variables stand for at All. */
function allOf(board: Board): Record<string, Value> {
  const all = (board.templating?.list ?? []).map(({ name, allValue }) => [name, new AllText(String(allValue))] as const);
  return { ...Object.fromEntries(all), ...VALUES };
}

const CHOSEN: Readonly<Record<string, Value>> = {
  environment: ['production', 'staging'],
  service: 'serene',
  version: ['0.1.0', '0.1.1'],
  instance: ['web-1/0', 'web-1/1'],
  route: '/api/v1/blog/posts/<slug>',
  ...VALUES,
};

function addressesOf(board: Board): string[] {
  return panelsOf(board).flatMap((panel) => {
    const links = (panel.fieldConfig?.defaults as { links?: { url: string }[] } | undefined)?.links ?? [];
    return links.map(({ url }) => url);
  });
}

/** The parameters of an address as Grafana reads them, Explore's panes as what their JSON is. */
function read(address: string): Record<string, unknown> {
  const { pathname, searchParams } = new URL(address, 'http://grafana');
  const parameters = [...searchParams].map(([name, value]) => [name, name === 'panes' ? JSON.parse(value) : value] as const);
  return { pathname, ...Object.fromEntries(parameters) };
}

describe('links', () => {
  it.each(boards.flatMap((board) => addressesOf(board).map((address) => [board.title, address, board] as const)))(
    'of %s survive: %s',
    (_, address, board) => {
      for (const values of [allOf(board), CHOSEN]) {
        const filled = interpolate(address, (name) => values[name]);
        expect(filled).not.toContain('${');
        expect(read(textUtil.sanitizeUrl(filled))).toEqual(read(filled));
      }
    },
  );

  it('with conditions of TraceQL hold all of them', () => {
    const addresses = boards.flatMap((board) => addressesOf(board).map((one) => interpolate(one, (name) => allOf(board)[name])));
    const queries = addresses
      .filter((one) => one.startsWith('/explore'))
      .map((one) => JSON.stringify(read(textUtil.sanitizeUrl(one))['panes']));
    expect(queries.filter((one) => one.includes('&& duration > 300ms')).length).toBeGreaterThan(0);
    expect(queries.filter((one) => one.includes('service_name=~\\".+\\"')).length).toBeGreaterThan(0);
  });

  it('without the escapes would not survive', () => {
    const pane = encodeURIComponent('{"a":{"query":"{ a=1 && b=~\\".+\\" }"}}');
    expect(() => read(textUtil.sanitizeUrl(`/explore?panes=${pane}`))).toThrow();
  });
});
