// What is around every page: navigation, the field for a request's id, time range, refresh, theme.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import { Suspense, useEffect, type ReactNode } from 'react';

import { followed } from '../boards/links';
import { RequestField } from '../search/RequestField';
import { ErrorBoundary } from './ErrorBoundary';
import { PAGES } from './pages';
import { Link, matchPath, navigate, ParamsContext, useLocation } from './router';
import { useMode } from './theme';
import { TimeControls } from './TimeControls';
import { useTimeRange } from './time';

function Navigation() {
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const { range } = useTimeRange();
  const ends = new URLSearchParams();
  for (const end of ['from', 'to'] as const) {
    const raw = range.raw[end];
    ends.set(end, typeof raw === 'string' ? raw : String(raw.valueOf()));
  }
  const named = PAGES.filter((page) => page.name !== undefined && !page.path.includes(':'));
  return (
    <nav aria-label="Pages" className={styles.navigation}>
      {named.map((page) => (
        <Link
          key={page.path}
          href={`${page.path || '/'}?${ends.toString()}`}
          className={styles.page}
          aria-current={matchPath(page.path, pathname) ? 'page' : undefined}
        >
          {page.name}
        </Link>
      ))}
    </nav>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const styles = useStyles2(getStyles);
  const { mode, toggle } = useMode();
  const other = mode === 'dark' ? 'light' : 'dark';
  return (
    <div className={styles.shell}>
      <header className={styles.header}>
        <Link href="/" className={styles.brand} aria-label="Serene, all boards">
          <img src="/favicon.svg" alt="" width={22} height={22} />
          Serene
        </Link>
        <Navigation />
        <span className={styles.space} />
        <RequestField />
        <TimeControls />
        <IconButton
          name="adjust-circle"
          size="lg"
          tooltip={`Use the ${other} theme`}
          onClick={toggle}
        />
      </header>
      <main className={styles.main}>{children}</main>
      <footer className={styles.footer}>
        A compatible viewer for Grafana dashboards: it draws the committed boards with Grafana’s
        open libraries, and only reads. <a href="/licences.txt">Licences</a>
      </footer>
    </div>
  );
}

/** The page of the present address. */
export function CurrentPage() {
  const { pathname, search } = useLocation();
  const given = `${pathname}?${search.toString()}`;
  const own = followed(given);
  // A data link of a table's cell or of a series has Grafana's address.
  useEffect(() => {
    if (own !== given) {
      navigate(own, { replace: true });
    }
  }, [own, given]);
  if (own !== given) {
    return null;
  }
  for (const { path, component: Component } of PAGES) {
    const params = matchPath(path, pathname);
    if (params !== null) {
      return (
        <ParamsContext.Provider value={params}>
          <ErrorBoundary key={pathname}>
            <Suspense fallback={<p role="status">Loading…</p>}>
              <Component />
            </Suspense>
          </ErrorBoundary>
        </ParamsContext.Provider>
      );
    }
  }
  return (
    <div role="alert">
      <h1>No such page</h1>
      <p>
        The viewer has no page at this address. <Link href="/">All boards</Link>
      </p>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  shell: css({ minHeight: '100vh', display: 'flex', flexDirection: 'column' }),
  header: css({
    position: 'sticky',
    top: 0,
    zIndex: theme.zIndex.navbarFixed,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(0.75, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  brand: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    fontWeight: theme.typography.fontWeightMedium,
    color: theme.colors.text.primary,
    marginRight: theme.spacing(1),
  }),
  navigation: css({ display: 'flex', gap: theme.spacing(0.5) }),
  page: css({
    padding: theme.spacing(0.5, 1),
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.secondary,
    '&[aria-current]': {
      color: theme.colors.text.primary,
      background: theme.colors.action.selected,
    },
    '&:hover': { color: theme.colors.text.primary, background: theme.colors.action.hover },
  }),
  space: css({ flex: 1 }),
  main: css({ flex: 1, padding: theme.spacing(1.5, 2), minWidth: 0 }),
  footer: css({
    padding: theme.spacing(1, 2),
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
    borderTop: `1px solid ${theme.colors.border.weak}`,
    a: { color: theme.colors.text.link, textDecoration: 'underline' },
  }),
});
