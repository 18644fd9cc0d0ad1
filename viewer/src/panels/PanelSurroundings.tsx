// What Grafana's components expect around a panel: events, the shared crosshair, and the legend,
// where a click shows one series alone and a click with Ctrl hides or shows one more.
import {
  EventBusSrv,
  getFieldDisplayName,
  type DataFrame,
  type EventBus,
} from '@grafana/data';
import { DashboardCursorSync } from '@grafana/schema';
import { PanelContextProvider, SeriesVisibilityChangeMode, type PanelContext } from '@grafana/ui';
import { useMemo, useState, type ReactNode } from 'react';

/** The names that are shown; null for all. */
export type Shown = ReadonlySet<string> | null;

/** What is shown after a click on a name of the legend. */
export function afterClick(shown: Shown, name: string, all: readonly string[], adds: boolean): Shown {
  if (!adds) {
    return shown?.size === 1 && shown.has(name) ? null : new Set([name]);
  }
  const next = new Set(shown ?? all);
  if (!next.delete(name)) {
    next.add(name);
  }
  return next.size === 0 || next.size === all.length ? null : next;
}

function namesOf(frames: readonly DataFrame[]): string[] {
  return frames.flatMap((frame) =>
    frame.fields
      .filter((field) => field.type !== 'time')
      .map((field) => getFieldDisplayName(field, frame, [...frames])),
  );
}

function hide(frames: readonly DataFrame[], shown: Shown): DataFrame[] {
  if (shown === null) {
    return [...frames];
  }
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const isShown = field.type === 'time' || shown.has(getFieldDisplayName(field, frame, [...frames]));
      const hideFrom = { viz: true, tooltip: true, legend: false };
      const config = { ...field.config, custom: { ...field.config.custom, hideFrom } };
      return isShown ? field : { ...field, config };
    }),
  }));
}

// One for a page: a panel that is hovered moves the crosshair of all.
const pageEvents: EventBus = new EventBusSrv();

interface Props {
  frames: DataFrame[];
  children(frames: DataFrame[]): ReactNode;
}

export function PanelSurroundings({ frames, children }: Props) {
  const [shown, setShown] = useState<Shown>(null);
  const names = useMemo(() => namesOf(frames), [frames]);
  const context = useMemo<PanelContext>(
    () => ({
      eventsScope: 'board',
      eventBus: pageEvents,
      sync: () => DashboardCursorSync.Crosshair,
      onToggleSeriesVisibility: (label, mode) => {
        if (typeof label === 'string') {
          const adds = mode === SeriesVisibilityChangeMode.AppendToSelection;
          setShown((before) => afterClick(before, label, names, adds));
        }
      },
    }),
    [names],
  );
  const visible = useMemo(() => hide(frames, shown), [frames, shown]);
  return <PanelContextProvider value={context}>{children(visible)}</PanelContextProvider>;
}
