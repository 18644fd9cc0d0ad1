// The colours of a flame graph: one for each package, so that own code and each library stand out.

// Light enough for dark text on either ground (at least 7 to 1).
const COLOURS = [
  '#f4b266', '#8fc1e8', '#a8d5a2', '#e8a0a8', '#c9b1ea', '#e6d27a', '#8fd6cf', '#e8b4d8', '#c5cf8a', '#b9c4d0',
];
const ROUTE = '#d5d9de';
const OWN = new Map([
  ['service', '#f4b266'],
  ['telemetry', '#8fc1e8'],
]);

/** The package of `module:function`; empty for a route or for the whole. */
export function groupOf(label: string): string {
  const module = /^([\w.]+):/.exec(label)?.[1] ?? '';
  return module.split('.')[0] ?? '';
}

/** @param level of the box: the whole and routes have a colour of their own. */
export function groupColour(label: string, level: number): string {
  const group = groupOf(label);
  if (group === '' || level === 0) {
    return ROUTE;
  }
  let hash = 0;
  for (const character of group) {
    hash = (hash * 31 + character.charCodeAt(0)) % 9973;
  }
  return OWN.get(group) ?? COLOURS[2 + (hash % (COLOURS.length - 2))]!;
}
