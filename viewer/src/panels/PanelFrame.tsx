// The frame of a panel: title, description, menu, state of its queries, and the panel inside.
import type { GrafanaTheme2 } from '@grafana/data';
import { css } from '@emotion/css';
import { Icon, Menu, PanelChrome, useStyles2, useTheme2 } from '@grafana/ui';
import { useEffect, useMemo, useRef, useState, type RefObject } from 'react';

import { followed } from '../boards/links';
import { interpolate, type Lookup } from '../boards/interpolate';
import type { Snapshot } from '../boards/load';
import type { Panel } from '../boards/model';
import type { ExemplarPoint } from '../data-sources/frames';
import { problemsOfPanel } from '../boards/supported';
import { lookupOf } from '../boards/variables';
import { ErrorBoundary } from '../shell/ErrorBoundary';
import { setSearch } from '../shell/router';
import { PanelSurroundings } from './PanelSurroundings';
import { componentOf } from './components';
import { useFields, usePanelData, type PanelData } from './usePanelData';

const NO_EXEMPLARS: readonly ExemplarPoint[] = [];

interface Props {
  panel: Panel;
  snapshot: Snapshot | undefined;
  /** Whether it is the only panel of the page. */
  isViewed: boolean;
}

/** The size of an element, and whether it has come near the window. */
function useSize(ref: RefObject<HTMLElement | null>) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) {
      return undefined;
    }
    const resized = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    const seen = new IntersectionObserver(
      (entries) => setSeen(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: '400px' },
    );
    resized.observe(element);
    seen.observe(element);
    return () => {
      resized.disconnect();
      seen.disconnect();
    };
  }, [ref]);
  return { ...size, isSeen };
}

function PanelMenu({ panel, lookup, isViewed }: { panel: Panel; lookup: Lookup; isViewed: boolean }) {
  const id = String(panel.id);
  const inspect = (tab: string) => () => setSearch({ inspect: id, inspectTab: tab });
  return (
    <Menu>
      <Menu.Item
        label={isViewed ? 'Back to the board' : 'View'}
        icon="eye"
        onClick={() => setSearch({ viewPanel: isViewed ? null : id })}
      />
      <Menu.Item label="Inspect data" icon="table" onClick={inspect('data')} />
      <Menu.Item label="Inspect query" icon="search" onClick={inspect('query')} />
      <Menu.Item label="Inspect JSON" icon="brackets-curly" onClick={inspect('json')} />
      {(panel.links ?? []).map((link) => (
        <Menu.Item
          key={link.title}
          label={interpolate(link.title, lookup)}
          icon="link"
          url={followed(interpolate(link.url ?? '', lookup))}
          target={link.targetBlank ? '_blank' : '_self'}
        />
      ))}
    </Menu>
  );
}

function Inside({
  panel,
  snapshot,
  data,
  lookup,
  width,
  height,
}: {
  panel: Panel;
  snapshot: Snapshot;
  data: PanelData;
  lookup: Lookup;
  width: number;
  height: number;
}) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const frames = useFields(panel, data.transformed, lookup, theme, 'browser');
  const Component = componentOf(panel.type);
  const needsData = (panel.targets ?? []).length > 0;
  if (Component === undefined || (needsData && data.read === undefined)) {
    return data.error ? <p className={styles.message}>{data.error}</p> : null;
  }
  return (
    <PanelSurroundings frames={frames}>
      {(shown) => (
        <Component
          panel={panel}
          frames={shown}
          exemplars={data.read?.exemplars ?? NO_EXEMPLARS}
          notes={snapshot.notes}
          range={data.range ?? snapshot.range}
          timeZone="browser"
          width={width}
          height={height}
          lookup={lookup}
        />
      )}
    </PanelSurroundings>
  );
}

function Unsupported({ problems }: { problems: readonly string[] }) {
  const styles = useStyles2(getStyles);
  return (
    <div role="alert" className={styles.message} data-testid="unsupported">
      <Icon name="exclamation-triangle" /> Not drawn as Grafana would: {problems.join('; ')}
    </div>
  );
}

export function PanelFrame({ panel, snapshot, isViewed }: Props) {
  const styles = useStyles2(getStyles);
  const ref = useRef<HTMLDivElement>(null);
  const { width, height, isSeen } = useSize(ref);
  const reading = snapshot?.reading;
  const lookup = useMemo<Lookup>(
    () => (reading ? lookupOf(reading.variables, reading.range) : () => undefined),
    [reading],
  );
  const problems = useMemo(() => problemsOfPanel(panel), [panel]);
  const data = usePanelData(panel, reading, lookup, width, isSeen && problems.length === 0);
  const title = snapshot ? interpolate(panel.title ?? '', lookup) : (panel.title ?? '');
  return (
    <div
      ref={ref}
      className={styles.frame}
      data-panel={panel.id}
      data-panel-type={panel.type}
      data-panel-state={problems.length > 0 ? 'Unsupported' : data.state}
    >
      {width > 0 && height > 0 ? (
        <PanelChrome
          title={title}
          description={panel.description ? () => interpolate(panel.description ?? '', lookup) : ''}
          width={width}
          height={height}
          padding={panel.type === 'table' ? 'none' : 'md'}
          displayMode={panel.transparent ? 'transparent' : 'default'}
          loadingState={data.state}
          statusMessage={data.error ?? ''}
          menu={<PanelMenu panel={panel} lookup={lookup} isViewed={isViewed} />}
        >
          {(innerWidth: number, innerHeight: number) =>
            problems.length > 0 ? (
              <Unsupported problems={problems} />
            ) : snapshot && innerWidth > 0 && innerHeight > 0 ? (
              <ErrorBoundary>
                <Inside
                  panel={panel}
                  snapshot={snapshot}
                  data={data}
                  lookup={lookup}
                  width={innerWidth}
                  height={innerHeight}
                />
              </ErrorBoundary>
            ) : null
          }
        </PanelChrome>
      ) : null}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  frame: css({ width: '100%', height: '100%', minHeight: 'inherit' }),
  message: css({
    margin: 0,
    padding: theme.spacing(1),
    overflow: 'auto',
    height: '100%',
    color: theme.colors.text.secondary,
  }),
});
