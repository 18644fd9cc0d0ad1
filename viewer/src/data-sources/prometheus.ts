// Prometheus' HTTP API: queries, exemplars, and the values of labels.
import { getJson, postForm } from './http';

const BASE = '/prom/api/v1';

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [seconds: number, value: string];

export interface Series {
  metric: Labels;
  values: readonly Sample[];
}

export interface Instant {
  metric: Labels;
  value: Sample;
}

export interface Exemplar {
  labels: Labels;
  value: string;
  timestamp: number;
}

export interface ExemplarSeries {
  seriesLabels: Labels;
  exemplars: readonly Exemplar[];
}

interface Answer<T> {
  data: T;
  warnings?: string[];
}

interface Result<T> {
  resultType: string;
  result: T;
}

/** Reads series over time; times and step in seconds. */
export async function queryRange(
  query: string,
  window: { start: number; end: number; step: number },
  signal?: AbortSignal,
): Promise<Series[]> {
  const parameters = { query, ...window };
  const answer = await postForm<Answer<Result<Series[]>>>(`${BASE}/query_range`, parameters, signal);
  return answer.data.result;
}

/** Reads values at one time, in seconds. */
export async function queryInstant(
  query: string,
  time: number,
  signal?: AbortSignal,
): Promise<Instant[]> {
  const answer = await postForm<Answer<Result<Instant[] | Sample>>>(
    `${BASE}/query`,
    { query, time },
    signal,
  );
  const { resultType, result } = answer.data;
  return resultType === 'scalar'
    ? [{ metric: {}, value: result as Sample }]
    : (result as Instant[]);
}

/** Reads the exemplars of the series that a query selects. */
export async function queryExemplars(
  query: string,
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<ExemplarSeries[]> {
  const parameters = { query, ...window };
  return (await postForm<Answer<ExemplarSeries[]>>(`${BASE}/query_exemplars`, parameters, signal))
    .data;
}

/** Reads the values of a label, of the series that a selector matches or of all. */
export async function labelValues(
  label: string,
  selector: string | undefined,
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<string[]> {
  const parameters = { ...window, 'match[]': selector };
  return (await getJson<Answer<string[]>>(`${BASE}/label/${label}/values`, parameters, signal)).data;
}

/** Reads the names of labels. */
export async function labelNames(
  selector: string | undefined,
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<string[]> {
  const parameters = { ...window, 'match[]': selector };
  return (await postForm<Answer<string[]>>(`${BASE}/labels`, parameters, signal)).data;
}
