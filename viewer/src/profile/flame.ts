// The stacks of workers as the boxes of a flame graph, and as costs by route, kind and function.
import type { ProfileStack } from './pprof';

/** One function within its callers. */
export interface Box {
  readonly label: string;
  readonly level: number;
  /** Nanoseconds of other boxes to its left. */
  readonly start: number;
  /** Nanoseconds of the function and of what it called. */
  readonly value: number;
  /** Nanoseconds of the function alone. */
  readonly self: number;
  /** Index of its caller; -1 of the root. */
  readonly parent: number;
  /** Indices of what it called, the widest first. */
  readonly callees: readonly number[];
}

export interface Cost {
  readonly name: string;
  readonly nanoseconds: number;
  readonly samples: number;
}

interface Sum {
  nanoseconds: number;
  self: number;
  readonly callees: Map<string, Sum>;
}

/**
 * Adds stacks up to boxes within boxes; the first one is the root.
 *
 * @param byRoute Whether routes are the first level, below the root.
 */
export function flameBoxes(stacks: readonly ProfileStack[], byRoute: boolean): Box[] {
  const root: Sum = { nanoseconds: 0, self: 0, callees: new Map() };
  for (const stack of stacks) {
    let sum = root;
    sum.nanoseconds += stack.nanoseconds;
    for (const label of byRoute ? [stack.route, ...stack.labels] : stack.labels) {
      let callee = sum.callees.get(label);
      if (callee === undefined) {
        callee = { nanoseconds: 0, self: 0, callees: new Map() };
        sum.callees.set(label, callee);
      }
      callee.nanoseconds += stack.nanoseconds;
      sum = callee;
    }
    sum.self += stack.nanoseconds;
  }
  return placed(root);
}

function placed(root: Sum): Box[] {
  const boxes: (Box & { callees: number[] })[] = [];
  const open: { label: string; sum: Sum; level: number; start: number; parent: number }[] = [
    { label: 'all', sum: root, level: 0, start: 0, parent: -1 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { label, sum, level, start, parent } = next;
    const index = boxes.length;
    boxes.push({ label, level, start, value: sum.nanoseconds, self: sum.self, parent, callees: [] });
    boxes[parent]?.callees.push(index);
    let at = start;
    const below = [...sum.callees]
      .sort((a, b) => b[1].nanoseconds - a[1].nanoseconds)
      .map(([name, callee]) => {
        const place = { label: name, sum: callee, level: level + 1, start: at, parent: index };
        at += callee.nanoseconds;
        return place;
      });
    open.push(...below.reverse());
  }
  return boxes;
}

/** A box as it is drawn: parts of the width of the box that is shown whole. */
export interface Drawn {
  readonly index: number;
  readonly left: number;
  readonly width: number;
}

/**
 * The boxes to draw when one is shown at full width: what it called, and its callers above it.
 *
 * @param least Part of the width below which a box is left out.
 */
export function drawnBoxes(boxes: readonly Box[], focus: number, least: number): Drawn[] {
  const whole = boxes[focus];
  if (whole === undefined || whole.value === 0) {
    return [];
  }
  const drawn: Drawn[] = [];
  for (let at = whole.parent; at >= 0; at = boxes[at]!.parent) {
    drawn.unshift({ index: at, left: 0, width: 1 });
  }
  const open = [focus];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const box = boxes[index]!;
    const width = box.value / whole.value;
    if (width >= least) {
      drawn.push({ index, left: (box.start - whole.start) / whole.value, width });
      open.push(...[...box.callees].reverse());
    }
  }
  return drawn;
}

export interface FunctionCost {
  readonly label: string;
  readonly self: number;
  /** A function that calls itself is counted once. */
  readonly total: number;
}

/** Functions by the time that they took themselves, dearest first. */
export function functionCosts(boxes: readonly Box[]): FunctionCost[] {
  const costs = new Map<string, { self: number; total: number }>();
  for (const box of boxes.slice(1)) {
    const cost = costs.get(box.label) ?? { self: 0, total: 0 };
    cost.self += box.self;
    if (!isBelowItself(boxes, box)) {
      cost.total += box.value;
    }
    costs.set(box.label, cost);
  }
  return [...costs].map(([label, cost]) => ({ label, ...cost })).sort((a, b) => b.self - a.self);
}

function isBelowItself(boxes: readonly Box[], box: Box): boolean {
  for (let at = box.parent; at >= 0; at = boxes[at]!.parent) {
    if (boxes[at]!.label === box.label) {
      return true;
    }
  }
  return false;
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
