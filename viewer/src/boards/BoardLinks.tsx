// The links of a board: to the other boards with its tags, and to addresses.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

import { Link } from '../shell/router';
import { useTimeRange } from '../shell/time';
import { interpolate } from './interpolate';
import { allBoards, type Snapshot } from './load';
import { followed } from './links';
import type { Board, PanelLink } from './model';
import { lookupOf, searchOf } from './variables';

interface Target {
  title: string;
  href: string;
  blank: boolean;
  tooltip: string;
  current: boolean;
}

/** The query that a link takes along: the range, and the variables. */
function carried(link: PanelLink, snapshot: Snapshot): string {
  const search = link.includeVars ? searchOf(snapshot.variables) : new URLSearchParams();
  if (link.keepTime) {
    const { from, to } = snapshot.range.raw;
    search.set('from', typeof from === 'string' ? from : String(from.valueOf()));
    search.set('to', typeof to === 'string' ? to : String(to.valueOf()));
  }
  return search.toString();
}

function targetsOf(link: PanelLink, snapshot: Snapshot, boards: readonly Board[]): Target[] {
  const query = carried(link, snapshot);
  const append = (address: string) =>
    query === '' ? address : `${address}${address.includes('?') ? '&' : '?'}${query}`;
  const common = { blank: link.targetBlank === true, tooltip: link.tooltip ?? '' };
  if (link.type === 'dashboards') {
    const tags = link.tags ?? [];
    return boards
      .filter((board) => tags.every((tag) => board.tags?.includes(tag)))
      .map((board) => ({
        ...common,
        title: board.title,
        href: append(`/d/${board.uid}`),
        current: board.uid === snapshot.board.uid,
      }));
  }
  const lookup = lookupOf(snapshot.variables, snapshot.range);
  const href = followed(append(interpolate(link.url ?? '', lookup)));
  return [{ ...common, title: interpolate(link.title, lookup), href, current: false }];
}

export function BoardLinks({ board, snapshot }: { board: Board; snapshot: Snapshot | undefined }) {
  const styles = useStyles2(getStyles);
  const [boards, setBoards] = useState<readonly Board[]>([]);
  const { tick } = useTimeRange();
  useEffect(() => {
    let wanted = true;
    allBoards().then(
      (found) => wanted && setBoards(found),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [tick]);
  if (snapshot === undefined) {
    return <nav aria-label="Links of this board" className={styles.links} />;
  }
  const targets = (board.links ?? []).flatMap((link) => targetsOf(link, snapshot, boards));
  return (
    <nav aria-label="Links of this board" className={styles.links}>
      {targets.map(({ title, href, blank, tooltip, current }) => (
        <Link
          key={href}
          href={href}
          title={tooltip || undefined}
          target={blank ? '_blank' : undefined}
          rel={blank ? 'noreferrer' : undefined}
          aria-current={current ? 'page' : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  links: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5),
    minHeight: 30,
    a: {
      padding: theme.spacing(0.25, 1),
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: theme.shape.radius.default,
      color: theme.colors.text.primary,
      '&:hover': { background: theme.colors.action.hover },
      '&[aria-current]': { background: theme.colors.action.selected },
    },
  }),
});
