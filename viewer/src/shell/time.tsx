// The time range and how often it is read again; both are part of the address, in Grafana's form.
import { dateMath, dateTime, isDateTime, type RawTimeRange, type TimeRange } from '@grafana/data';
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from 'react';

import { setSearch, useLocation } from './router';

export interface TimeState {
  range: TimeRange;
  /** Counts how often the range was read again; what depends on data reads it again with it. */
  tick: number;
  /** Interval such as "10s"; empty when nothing is read again by itself. */
  refresh: string;
  setRange(raw: RawTimeRange): void;
  setRefresh(interval: string): void;
  refreshNow(): void;
}

/** The range and refresh of a page that has none in its address. */
export interface TimeDefaults {
  from: string;
  to: string;
  refresh: string;
}

const DEFAULTS: TimeDefaults = { from: 'now-30m', to: 'now', refresh: '' };

const TimeContext = createContext<TimeState | null>(null);
interface DefaultsState {
  defaults: TimeDefaults;
  change(defaults: TimeDefaults): void;
}

const DefaultsContext = createContext<DefaultsState>({
  defaults: DEFAULTS,
  change: () => undefined,
});

/** Reads one end of a range: milliseconds since 1970, an ISO time, or an expression of now. */
export function parseEnd(text: string, roundUp: boolean): TimeRange['from'] {
  if (/^\d{9,}$/.test(text)) {
    return dateTime(Number(text));
  }
  const parsed = text.startsWith('now') ? dateMath.parse(text, roundUp) : dateTime(text);
  return parsed?.isValid() ? parsed : dateTime();
}

export function toRange(from: string, to: string): TimeRange {
  const raw = (text: string) => (text.startsWith('now') ? text : parseEnd(text, false));
  return {
    from: parseEnd(from, false),
    to: parseEnd(to, true),
    raw: { from: raw(from), to: raw(to) } as RawTimeRange,
  };
}

export const endToText = (end: RawTimeRange['from']): string =>
  isDateTime(end) ? String(end.valueOf()) : end;

/** Milliseconds of "10s", "5m" or "1h"; 0 for none. */
export function refreshMilliseconds(interval: string): number {
  const found = /^(\d+)(s|m|h|d)$/.exec(interval);
  const unit = { s: 1, m: 60, h: 3600, d: 86400 }[found?.[2] ?? 's'] ?? 1;
  return found ? Number(found[1]) * unit * 1000 : 0;
}

export function TimeProvider({ children }: { children: ReactNode }) {
  const { search } = useLocation();
  const [defaults, setDefaults] = useState(DEFAULTS);
  const [tick, setTick] = useState(0);
  const from = search.get('from') ?? defaults.from;
  const to = search.get('to') ?? defaults.to;
  const refresh = search.get('refresh') ?? defaults.refresh;
  const refreshNow = useCallback(() => setTick((count) => count + 1), []);
  // A hidden tab reads nothing: it starts again when it is shown.
  useEffect(() => {
    const period = refreshMilliseconds(refresh);
    if (period === 0) {
      return undefined;
    }
    const timer = setInterval(() => document.hidden || refreshNow(), period);
    return () => clearInterval(timer);
  }, [refresh, refreshNow]);
  const state = useMemo<TimeState>(
    () => ({
      range: toRange(from, to),
      tick,
      refresh,
      setRange: (raw) => setSearch({ from: endToText(raw.from), to: endToText(raw.to) }),
      setRefresh: (interval) => setSearch({ refresh: interval }),
      refreshNow,
    }),
    // The tick moves a range that ends now.
    [from, to, refresh, tick, refreshNow],
  );
  const held = useMemo(() => ({ defaults, change: setDefaults }), [defaults]);
  return (
    <DefaultsContext.Provider value={held}>
      <TimeContext.Provider value={state}>{children}</TimeContext.Provider>
    </DefaultsContext.Provider>
  );
}

/** The page's time range, refresh and their setters. */
export function useTimeRange(): TimeState {
  const state = useContext(TimeContext);
  if (state === null) {
    throw new Error('useTimeRange outside of TimeProvider');
  }
  return state;
}

/**
 * Sets what holds as long as the address has no range or refresh; a board's own, for one.
 *
 * Returns whether it holds already; until then, the range is not that of the page.
 */
export function useTimeDefaults(defaults: TimeDefaults | undefined): boolean {
  const { defaults: held, change } = useContext(DefaultsContext);
  const { from, to, refresh } = defaults ?? DEFAULTS;
  useEffect(() => {
    change({ from, to, refresh });
    return () => change(DEFAULTS);
  }, [change, from, to, refresh]);
  return held.from === from && held.to === to && held.refresh === refresh;
}
