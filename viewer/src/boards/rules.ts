// Rules for JSON: which members there may be, and with which values.

/**
 * By name of a member: true for any value, a list for those values alone, or rules for the members
 * of an object or of each object of a list.
 */
export interface Rules {
  readonly [member: string]: true | readonly unknown[] | Rules;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkMember(value: unknown, rule: Rules[string], what: string, path: string): string[] {
  if (rule === true) {
    return [];
  }
  if (Array.isArray(rule)) {
    const text = JSON.stringify(value);
    return rule.some((one) => JSON.stringify(one) === text)
      ? []
      : [`the ${what} “${path}” with the value ${text} is not supported`];
  }
  const inner = rule as Rules;
  return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) =>
    isObject(one) ? check(one, inner, what, `${path}.`) : [],
  );
}

/** Returns in words what of a value the rules do not know. */
export function check(value: object, rules: Rules, what: string, before = ''): string[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const rule = rules[name];
    return member === undefined || (rule === undefined && member === null)
      ? []
      : rule === undefined
        ? [`the ${what} “${before}${name}” is not supported`]
        : checkMember(member, rule, what, before + name);
  });
}
