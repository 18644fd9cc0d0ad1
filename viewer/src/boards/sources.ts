// The data sources, as they are provisioned for Grafana, and the workers of the service.
import { getJson } from '../data-sources/http';
import { interpolate, type Lookup } from './interpolate';
import type { SourceRef } from './model';

export interface ExemplarLink {
  name: string;
  datasourceUid?: string;
  url?: string;
  urlDisplayLabel?: string;
}

export interface SourceModel {
  name: string;
  uid: string;
  type: string;
  isDefault?: boolean;
  jsonData?: {
    timeInterval?: string;
    exemplarTraceIdDestinations?: ExemplarLink[];
    [option: string]: unknown;
  };
}

export interface ViewerModel {
  dataSources: SourceModel[];
  slots: number[];
}

let loaded: Promise<ViewerModel> | undefined;

/** Reads which data sources and workers there are; once. */
export function viewerModel(): Promise<ViewerModel> {
  loaded ??= getJson<ViewerModel>('/viewer.json').catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

/** Returns the data source that a panel or query names; the default one when it names none. */
export function sourceOf(
  sources: readonly SourceModel[],
  reference: SourceRef | undefined,
  lookup: Lookup,
): SourceModel {
  const uid = interpolate(reference?.uid ?? '', lookup);
  const found =
    uid === ''
      ? sources.find((source) => source.isDefault)
      : sources.find((source) => source.uid === uid || source.name === uid);
  if (found === undefined) {
    throw new Error(`there is no data source “${uid || 'default'}”`);
  }
  return found;
}
