// Where panels are: Grafana's grid of 24 columns, in which rows can be closed.
import type { Panel } from './model';

export const COLUMNS = 24;

export interface Placed {
  panel: Panel;
  x: number;
  y: number;
  w: number;
  h: number;
}

const below = (a: Panel, b: Panel): number =>
  a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x;

/** A row and its panels; the first has no row when panels come before any. */
export interface Section {
  row?: Panel;
  panels: Panel[];
}

/** The panels of a board by row; a closed row holds its own, an open one those that follow it. */
export function sectionsOf(panels: readonly Panel[]): Section[] {
  const sections: Section[] = [{ panels: [] }];
  for (const panel of [...panels].sort(below)) {
    if (panel.type === 'row') {
      sections.push({ row: panel, panels: [...(panel.panels ?? [])].sort(below) });
    } else {
      sections.at(-1)!.panels.push(panel);
    }
  }
  return sections.filter(({ row, panels: own }) => row !== undefined || own.length > 0);
}

/**
 * Places the panels of a board, without a gap where a row is closed.
 *
 * @param closed whether a row is closed.
 */
export function place(panels: readonly Panel[], closed: (row: Panel) => boolean): Placed[] {
  const placed: Placed[] = [];
  let y = 0;
  for (const { row, panels: own } of sectionsOf(panels)) {
    if (row !== undefined) {
      placed.push({ panel: row, x: 0, y, w: COLUMNS, h: 1 });
      y += 1;
    }
    if (row !== undefined && closed(row)) {
      continue;
    }
    const top = Math.min(...own.map((panel) => panel.gridPos.y));
    let bottom = 0;
    for (const panel of own) {
      const { x, w, h } = panel.gridPos;
      const offset = panel.gridPos.y - top;
      placed.push({ panel, x, y: y + offset, w, h });
      bottom = Math.max(bottom, offset + h);
    }
    y += bottom;
  }
  return placed;
}
