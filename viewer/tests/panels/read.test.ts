// @vitest-environment jsdom
import { FieldType } from '@grafana/data';
import { describe, expect, it } from 'vitest';

import { spansOf } from '../../src/boards/annotations';
import { followed } from '../../src/boards/links';
import { exemplarPoints, heatmapFrame, legendOf, rangeFrames, tableFrame } from '../../src/data-sources/frames';
import { density, formatDuration, parseDuration } from '../../src/data-sources/interval';
import { afterClick } from '../../src/panels/PanelSurroundings';
import { positionOf } from '../../src/panels/HeatmapPanel';
import { thinned } from '../../src/panels/Overlay';

const options = { refId: 'A', legend: '{{route}} of {{ none }}', expression: 'x', step: 15_000 };

describe('$__rate_interval', () => {
  it.each([
    // Range of an hour, 1,000 points: a step of 5 s, and at least four scrapes.
    [3_600_000, 1000, 5000, { step: 5000, rateInterval: 20_000 }],
    // Few points: the step and one scrape.
    [3_600_000, 100, 5000, { step: 30_000, rateInterval: 35_000 }],
    [86_400_000, 1000, 15_000, { step: 60_000, rateInterval: 75_000 }],
  ])('of %d ms with %d points at a scrape of %d ms', (range, points, scrape, expected) => {
    expect(density(range, points, scrape)).toEqual(expected);
  });

  it('is written as a duration', () => {
    expect([20_000, 60_000, 90_000, 7_200_000, 500].map(formatDuration)).toEqual([
      '20s', '1m', '90s', '2h', '500ms',
    ]);
    expect(['5s', '1m30s', '1h', 'x'].map(parseDuration)).toEqual([5000, 90_000, 3_600_000, undefined]);
  });
});

describe('frames of Prometheus', () => {
  const series = [{ metric: { __name__: 'x', route: '/a' }, values: [[1, '1.5'], [2, 'NaN']] as const }];

  it('have a time and a value, named by the legend', () => {
    const [frame] = rangeFrames(series, options);
    expect(frame?.fields.map(({ name, values }) => [name, values])).toEqual([
      ['Time', [1000, 2000]],
      ['Value', [1.5, NaN]],
    ]);
    expect(frame?.fields[1]?.labels).toEqual({ route: '/a' });
    expect(frame?.name).toBe('/a of ');
    expect(frame?.fields[0]?.config.interval).toBe(15_000);
  });

  it('without a legend have metric and labels as their name', () => {
    expect(legendOf({ __name__: 'x', a: '1' }, { ...options, legend: '' })).toBe('x{a="1"}');
    expect(legendOf({}, { ...options, legend: '' })).toBe('x');
  });

  it('of a table have a column for each label', () => {
    const frame = tableFrame([{ metric: { b: '2', a: '1' }, values: [[1, '3']] }], options, 'Value #A');
    expect(frame.fields.map(({ name, type, values }) => [name, type, values])).toEqual([
      ['Time', FieldType.time, [1000]],
      ['a', FieldType.string, ['1']],
      ['b', FieldType.string, ['2']],
      ['Value #A', FieldType.number, [3]],
    ]);
  });

  it('of a heatmap have what fell into each bucket', () => {
    const bucket = (le: string, ...counts: string[]) => ({
      metric: { le },
      values: counts.map((count, index) => [index + 1, count] as const),
    });
    const frame = heatmapFrame([bucket('+Inf', '7', '9'), bucket('0.1', '1', '2'), bucket('0.5', '4', '4')], options);
    expect(frame.fields.slice(1).map(({ name, values }) => [name, values])).toEqual([
      ['0.1', [1, 2]],
      ['0.5', [3, 2]],
      ['+Inf', [3, 5]],
    ]);
  });

  it('of exemplars are in order of time', () => {
    const exemplar = (timestamp: number) => ({ labels: { trace_id: 'a' }, value: '0.2', timestamp });
    const points = exemplarPoints([{ seriesLabels: {}, exemplars: [exemplar(2), exemplar(1)] }]);
    expect(points.map(({ time, value }) => [time, value])).toEqual([[1000, 0.2], [2000, 0.2]]);
  });
});

describe('a panel', () => {
  it('shows one series alone after a click on its name, and all after another', () => {
    const all = ['a', 'b', 'c'];
    const one = afterClick(null, 'a', all, false);
    expect(one).toEqual(new Set(['a']));
    expect(afterClick(one, 'a', all, false)).toBeNull();
    expect(afterClick(null, 'a', all, true)).toEqual(new Set(['b', 'c']));
    expect(afterClick(new Set(['b', 'c']), 'a', all, true)).toBeNull();
  });

  it('draws the highest of dots that lie on each other', () => {
    const dot = (left: number, value: number) => ({
      point: { time: 0, value, labels: {}, seriesLabels: {} },
      left,
      top: 0,
    });
    expect(thinned([dot(1, 1), dot(2, 3), dot(50, 2)]).map(({ point }) => point.value)).toEqual([3, 2]);
  });

  it('places a value within its bucket', () => {
    expect([0.05, 0.3, 9].map((value) => positionOf(value, [0.1, 0.5, Infinity]))).toEqual([0.5, 1.5, 2.5]);
  });

  it('joins annotations that are a step apart', () => {
    expect(spansOf([0, 60, 120, 300], 60)).toEqual([{ start: 0, end: 120 }, { start: 300, end: 300 }]);
  });
});

describe('links to Grafana’s Explore', () => {
  const explore = (pane: object) => `/explore?panes=${encodeURIComponent(JSON.stringify({ a: pane }))}`;

  it.each([
    [{ queries: [{ query: '0af7651916cd43dd8448eb211c80319c' }] }, '/trace/0af7651916cd43dd8448eb211c80319c'],
    [
      { queries: [{ query: '{ duration > 1s }' }], range: { from: 'now-1h', to: 'now' } },
      '/search?q=%7B+duration+%3E+1s+%7D&from=now-1h&to=now',
    ],
    [{ queries: [{ expr: '{a="b"}', datasource: { type: 'loki' } }] }, '/logs?q=%7Ba%3D%22b%22%7D'],
  ])('lead to the viewer’s pages: %j', (pane, expected) => {
    expect(followed(explore(pane))).toBe(expected);
  });

  it('of other addresses stay', () => {
    expect(followed('/d/serene-service?var-route=x')).toBe('/d/serene-service?var-route=x');
  });
});
