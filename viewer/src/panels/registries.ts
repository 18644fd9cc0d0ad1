// Grafana's registries, which are empty until they are filled; each once, before the first board.
import {
  locationUtil,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  type DataTransformerInfo,
} from '@grafana/data';

import { standardItems } from './field-config';

export function registerFieldOptions(): void {
  standardFieldConfigEditorRegistry.setInit(standardItems as never);
}

export function registerTransformations(): void {
  standardTransformersRegistry.setInit(() => {
    // Two of the exported names are of the same transformation.
    const byId = new Map(
      Object.values(standardTransformers).map((one) => [one.id, one as DataTransformerInfo]),
    );
    return [...byId.values()].map((transformation) => ({
      id: transformation.id,
      name: transformation.name,
      description: transformation.description,
      transformation: () => Promise.resolve(transformation),
      editor: () => null,
    })) as never;
  });
}

/**
 * Leaves the addresses of data links as they are: the check that Grafana's library has otherwise
 * decodes them, and a value with an ampersand ends there. The queries of our own links survive it,
 * for Grafana; boards are committed, and the page's policy forbids addresses that are scripts.
 */
export function registerLinks(): void {
  locationUtil.initialize({
    config: { appSubUrl: '', disableSanitizeHtml: true } as never,
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({ from: '', to: '' }),
  });
}
