// @vitest-environment jsdom
// Every committed board is drawn whole, and what is not is named.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { place } from '../../src/boards/layout';
import { panelsOf, type Board, type Panel } from '../../src/boards/model';
import { allProblems, problemsOfPanel } from '../../src/boards/supported';
import { registerFieldOptions, registerTransformations } from '../../src/panels/registries';

registerFieldOptions();
registerTransformations();

// Vitest runs in viewer/.
const folder = '../dashboards/generated';
const boards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Board);

const panel: Panel = {
  id: 1,
  type: 'timeseries',
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  datasource: { type: 'prometheus', uid: 'prometheus' },
  targets: [{ refId: 'A', expr: 'up' }],
};

describe('boards', () => {
  it.each(boards.map((board) => [board.title, board] as const))('%s is drawn whole', (_, board) => {
    expect(allProblems(board)).toEqual([]);
  });

  it.each(boards.map((board) => [board.title, board] as const))('%s overlaps nowhere', (_, board) => {
    const placed = place(board.panels, () => false);
    expect(placed.filter((one) => one.panel.type !== 'row')).toHaveLength(panelsOf(board).length);
    const cells = placed.flatMap(({ x, y, w, h }) =>
      Array.from({ length: w * h }, (_one, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it.each([
    [{ type: 'geomap' }, 'panels of type “geomap” are not supported'],
    [{ repeat: 'route' }, 'the option of a panel “repeat” is not supported'],
    [{ options: { zoom: true } }, 'the option of a timeseries panel “zoom” is not supported'],
    [
      { fieldConfig: { defaults: { unit: 'parsecs' }, overrides: [] } },
      'the unit “parsecs” is not supported',
    ],
    [
      { fieldConfig: { defaults: { custom: { sparkle: 1 } }, overrides: [] } },
      'the field option custom “sparkle” is not supported',
    ],
    [
      {
        fieldConfig: {
          defaults: {},
          overrides: [{ matcher: { id: 'byMood', options: 'x' }, properties: [] }],
        },
      },
      'the matcher “byMood” of an override is not supported',
    ],
    [{ transformations: [{ id: 'shuffle', options: {} }] }, 'the transformation “shuffle” is not supported'],
    [{ title: '${service:sqlstring}' }, 'the format “sqlstring” of a variable is not supported'],
    [
      { datasource: { type: 'elasticsearch', uid: 'x' } },
      'data sources of type “elasticsearch” are not supported',
    ],
  ])('name what is not drawn: %j', (change, problem) => {
    expect(problemsOfPanel({ ...panel, ...change } as unknown as Panel)).toEqual([problem]);
  });
});
