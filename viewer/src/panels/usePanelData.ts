// Reads what a panel shows, at each new snapshot of its board, while the panel can be seen.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  colorManipulator,
  LoadingState,
  type DataFrame,
  type GrafanaTheme2,
  type TimeRange,
  transformDataFrame,
} from '@grafana/data';
import { useEffect, useMemo, useRef, useState } from 'react';
import { lastValueFrom } from 'rxjs';

import { interpolate, type Lookup } from '../boards/interpolate';
import type { Reading } from '../boards/load';
import type { Panel } from '../boards/model';
import { wasAborted } from '../data-sources/http';
import { registryOf } from './field-config';
import { macro, type DataContext } from './macros';
import { readPanel, type Read } from './read';
import { rulesOf } from './option-rules';

export interface PanelData {
  state: LoadingState;
  error?: string;
  read?: Read;
  /** With transformations, without field options. */
  transformed: DataFrame[];
  range?: TimeRange;
}

const NONE: PanelData = { state: LoadingState.Loading, transformed: [] };

async function transformed(panel: Panel, read: Read, lookup: Lookup): Promise<DataFrame[]> {
  const steps = (panel.transformations ?? []).filter((step) => !step.disabled);
  if (steps.length === 0) {
    return read.frames;
  }
  const context = { interpolate: (text: string) => interpolate(text, lookup) };
  return lastValueFrom(transformDataFrame(steps, read.frames, context));
}

/**
 * Reads a panel.
 *
 * @param points the most points that are drawn: its width in pixels.
 * @param isSeen whether it is in sight; one that is not keeps what it had.
 */
export function usePanelData(
  panel: Panel,
  reading: Reading | undefined,
  lookup: Lookup,
  points: number,
  isSeen: boolean,
): PanelData {
  const [data, setData] = useState(NONE);
  const doneFor = useRef<Reading>(undefined);
  // A little more or less width needs no other points.
  const rounded = Math.max(100, Math.round(points / 50) * 50);
  useEffect(() => {
    if (reading === undefined || !isSeen || points === 0 || doneFor.current === reading) {
      return undefined;
    }
    const abort = new AbortController();
    const { variables, range, viewer } = reading;
    const context = { variables, range, sources: viewer.dataSources, points: rounded, signal: abort.signal };
    setData((last) => ({ ...last, state: LoadingState.Loading }));
    readPanel(panel, context)
      .then(async (read) => ({ read, frames: await transformed(panel, read, lookup) }))
      .then(({ read, frames }) => {
        abort.signal.throwIfAborted();
        doneFor.current = reading;
        setData({ state: LoadingState.Done, read, transformed: frames, range });
      })
      .catch((error: unknown) => {
        if (!wasAborted(error)) {
          const reason = error instanceof Error ? error.message : String(error);
          setData((last) => ({ ...last, state: LoadingState.Error, error: reason, range }));
        }
      });
    return () => abort.abort();
  }, [panel, reading, lookup, rounded, points === 0, isSeen]);
  return data;
}

// Panels that write values in the colours of their thresholds, or on them.
const TEXT_PANELS = new Set(['stat', 'table', 'bargauge', 'gauge']);
// WCAG 2.2, 1.4.3.
const LEAST_CONTRAST = 4.5;

/** A colour that can be read on white, and white on it: Grafana's green and orange are too light. */
export function readable(colour: string): string {
  const { darken, getContrastRatio } = colorManipulator;
  let darker = colour;
  for (let step = 1; step < 20 && getContrastRatio(darker, '#ffffff') < LEAST_CONTRAST; step += 1) {
    darker = darken(colour, step / 20);
  }
  return darker;
}

function legible(frame: DataFrame): void {
  for (const field of frame.fields) {
    const display = field.display;
    if (display !== undefined) {
      field.display = (value, decimals) => {
        const shown = display(value, decimals);
        return shown.color ? { ...shown, color: readable(shown.color) } : shown;
      };
    }
  }
}

/** The frames with the panel's field options applied. */
export function useFields(
  panel: Panel,
  frames: DataFrame[],
  lookup: Lookup,
  theme: GrafanaTheme2,
  timeZone: string,
): DataFrame[] {
  const registry = useMemo(
    () => registryOf(rulesOf(panel.type)?.custom ?? {}),
    [panel.type],
  );
  return useMemo(() => {
    const applied = applyFieldOverrides({
      data: frames,
      fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
      fieldConfigRegistry: registry,
      replaceVariables: (text, scoped) => replaced(text, lookup, scoped),
      theme,
      timeZone,
    });
    cacheFieldDisplayNames(applied);
    if (theme.isLight && TEXT_PANELS.has(panel.type)) {
      applied.forEach(legible);
    }
    return applied;
  }, [panel, frames, lookup, registry, theme, timeZone]);
}

interface Scoped {
  __dataContext?: { value: DataContext };
}

const isMacro = /^__(field|data|value|series|cell|calendar)$/;

/** Fills in variables, those of a field, a row or a value among them. */
export function replaced(text: string, lookup: Lookup, scoped: object = {}): string {
  const context = (scoped as Scoped).__dataContext?.value;
  return interpolate(text, (name, path) => {
    if (!isMacro.test(name)) {
      return lookup(name, path);
    }
    const found = context && macro(name, path, context);
    return found === undefined || found === null ? '' : String(found);
  });
}
