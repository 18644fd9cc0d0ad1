// The stacks of workers as the nested set that a flame graph draws, and as costs by route.
import type { ProfileStack } from './pprof';

/** Boxes in the order of depth first; each directly below its caller. */
export interface FlameRows {
  readonly level: number[];
  readonly label: string[];
  /** Nanoseconds of a function and of what it called. */
  readonly value: number[];
  /** Nanoseconds of the function alone. */
  readonly self: number[];
}

export interface Cost {
  readonly name: string;
  readonly nanoseconds: number;
  readonly samples: number;
}

interface Box {
  nanoseconds: number;
  self: number;
  readonly callees: Map<string, Box>;
}

/**
 * Adds stacks up.
 *
 * @param byRoute Whether routes are the first level, below the root.
 */
export function flameRows(stacks: readonly ProfileStack[], byRoute: boolean): FlameRows {
  const root: Box = { nanoseconds: 0, self: 0, callees: new Map() };
  for (const stack of stacks) {
    let box = root;
    box.nanoseconds += stack.nanoseconds;
    for (const label of byRoute ? [stack.route, ...stack.labels] : stack.labels) {
      let callee = box.callees.get(label);
      if (callee === undefined) {
        callee = { nanoseconds: 0, self: 0, callees: new Map() };
        box.callees.set(label, callee);
      }
      callee.nanoseconds += stack.nanoseconds;
      box = callee;
    }
    box.self += stack.nanoseconds;
  }
  return written(root);
}

function written(root: Box): FlameRows {
  const rows: FlameRows = { level: [], label: [], value: [], self: [] };
  const open: [string, Box, number][] = [['total', root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [label, box, level] = next;
    rows.level.push(level);
    rows.label.push(label);
    rows.value.push(box.nanoseconds);
    rows.self.push(box.self);
    // The widest first: it is taken from the end.
    const callees = [...box.callees].sort((a, b) => a[1].nanoseconds - b[1].nanoseconds);
    open.push(...callees.map(([name, callee]): [string, Box, number] => [name, callee, level + 1]));
  }
  return rows;
}

/** Costs by route or by kind, dearest first. */
export function costsBy(stacks: readonly ProfileStack[], key: 'route' | 'kind'): Cost[] {
  const costs = new Map<string, { nanoseconds: number; samples: number }>();
  for (const stack of stacks) {
    const cost = costs.get(stack[key]) ?? { nanoseconds: 0, samples: 0 };
    cost.nanoseconds += stack.nanoseconds;
    cost.samples += stack.samples;
    costs.set(stack[key], cost);
  }
  return [...costs]
    .map(([name, cost]) => ({ name, ...cost }))
    .sort((a, b) => b.nanoseconds - a.nanoseconds);
}
