// @vitest-environment jsdom
import { applyFieldOverrides, createTheme, FieldType, type DataFrame } from '@grafana/data';
import { beforeAll, describe, expect, it } from 'vitest';

import { registryOf } from '../../src/panels/field-config';
import { registerFieldOptions, registerLinks } from '../../src/panels/registries';
import { replaced } from '../../src/panels/usePanelData';

const VARIABLES: Readonly<Record<string, string>> = { service: 'serene' };

/** The address of the link of a cell, as a panel makes it. */
function linked(url: string, row = 1): string | undefined {
  const frame: DataFrame = {
    name: 'found',
    length: 2,
    fields: [
      { name: 'Time', type: FieldType.time, values: [1000, 2000], config: {} },
      { name: 'route', type: FieldType.string, values: ['/a', '/b c'], config: { displayName: 'Route' } },
      {
        name: 'Value',
        type: FieldType.number,
        values: [1, 0.5],
        config: { unit: 's', links: [{ title: 'a link', url }] },
        labels: { http_route: '/b c' },
      },
    ],
  };
  const [applied] = applyFieldOverrides({
    data: [frame],
    fieldConfig: { defaults: {}, overrides: [] },
    fieldConfigRegistry: registryOf({}),
    replaceVariables: (text, scoped) => replaced(text, (name) => VARIABLES[name], scoped),
    theme: createTheme(),
  });
  return applied!.fields[2]!.getLinks?.({ valueRowIndex: row })[0]?.href;
}

describe('data links', () => {
  beforeAll(() => {
    registerFieldOptions();
    registerLinks();
  });

  it.each([
    ['/d/x?var-route=${__data.fields.Route:percentencode}', '/d/x?var-route=%2Fb%20c'],
    ['/d/x?var-route=${__data.fields.route}', '/d/x?var-route=/b c'],
    ['/d/x?var-route=${__field.labels.http_route:percentencode}', '/d/x?var-route=%2Fb%20c'],
    ['/trace/${__value.raw}', '/trace/0.5'],
    ['/x/${__value.text}', '/x/500 ms'],
    ['/x/${__value.time}', '/x/2000'],
    ['/x/${service}', '/x/serene'],
    ['/explore?q=a%20%26%26%20b', '/explore?q=a%20%26%26%20b'],
    ['/x/${__data.fields.Other}', '/x/'],
  ])('%s', (url, expected) => {
    expect(linked(url)).toBe(expected);
  });

  it('belong to their row', () => {
    expect(linked('/x/${__data.fields.Route}', 0)).toBe('/x//a');
  });
});
