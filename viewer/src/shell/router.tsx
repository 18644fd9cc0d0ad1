// Addresses: which page is shown, and what its address holds. The address is the only state of a
// page that a link carries, so everything that a reader chose is read from it and written to it.
import {
  createContext,
  useContext,
  useMemo,
  useSyncExternalStore,
  type AnchorHTMLAttributes,
  type MouseEvent,
} from 'react';

export interface Location {
  pathname: string;
  search: URLSearchParams;
}

export type Params = Readonly<Record<string, string>>;

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of [...listeners]) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener('popstate', notify);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.removeEventListener('popstate', notify);
    }
  };
}

const currentAddress = (): string => window.location.pathname + window.location.search;

/** Opens an address of the viewer: a new entry of the history, unless it replaces the present. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === currentAddress()) {
    return;
  }
  window.history[replace ? 'replaceState' : 'pushState'](null, '', to);
  notify();
}

/** Changes parts of the query of the present address; null removes one. */
export function setSearch(
  changes: Readonly<Record<string, string | readonly string[] | null>>,
  options: { replace?: boolean } = {},
): void {
  const search = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    search.delete(name);
    for (const each of value === null ? [] : typeof value === 'string' ? [value] : value) {
      search.append(name, each);
    }
  }
  const text = search.toString();
  navigate(window.location.pathname + (text ? `?${text}` : ''), options);
}

export function useLocation(): Location {
  const address = useSyncExternalStore(subscribe, currentAddress);
  return useMemo(() => {
    const url = new URL(address, 'http://viewer');
    return { pathname: url.pathname, search: url.searchParams };
  }, [address]);
}

export const ParamsContext = createContext<Params>({});

/** The named parts of the page's path, such as `uid` of `/d/:uid`. */
export const useParams = (): Params => useContext(ParamsContext);

/** Returns the named parts of a path, or null when the pattern does not match it. */
export function matchPath(pattern: string, pathname: string): Params | null {
  const wanted = pattern.split('/');
  const given = pathname.replace(/\/+$/, '').split('/');
  const params: Record<string, string> = {};
  // Grafana's addresses of boards may end with a slug, which names nothing.
  if (given.length > wanted.length + 1 || given.length < wanted.length) {
    return null;
  }
  if (given.length === wanted.length + 1 && wanted[1] !== 'd') {
    return null;
  }
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) {
      params[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) {
      return null;
    }
  }
  return params;
}

/** Whether a click opens the address here, and not in a new tab. */
function opensHere(event: MouseEvent, target: string | undefined): boolean {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return event.button === 0 && !modified && (target ?? '_self') === '_self';
}

export function Link({
  href,
  onClick,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        onClick?.(event);
        if (!event.defaultPrevented && href.startsWith('/') && opensHere(event, rest.target)) {
          event.preventDefault();
          navigate(href);
        }
      }}
    />
  );
}
