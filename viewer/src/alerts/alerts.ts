// Alerts as Prometheus evaluates them and Alertmanager delivers them, joined.
//
// Prometheus knows every rule, its expression and which of its alerts are pending or firing;
// Alertmanager knows which of the firing ones are silenced or inhibited. An alert is the same one in
// both where its labels are: Alertmanager may add some (external labels), and loses none.
import type { AlertRule as RuleModel, RuleAlert, RuleGroup } from '../data-sources/alertmanager';

export type AlertState = 'firing' | 'pending' | 'silenced' | 'inhibited' | 'inactive';
type Labels = Readonly<Record<string, string>>;

export interface Alert {
  readonly state: AlertState;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly activeSinceUnixMs: number;
  readonly value: number;
  readonly silencedBy: readonly string[];
}

export interface AlertRule {
  readonly name: string;
  readonly group: string;
  readonly query: string;
  readonly forSeconds: number;
  readonly severity: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The worst state of its alerts; `inactive` without any. */
  readonly state: AlertState;
  readonly alerts: readonly Alert[];
  /** What Prometheus says is wrong with the rule itself, or empty. */
  readonly problem: string;
}

export interface Silence {
  readonly id: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly endsUnixMs: number;
  readonly matchers: string;
}

/** Worst first. */
export const STATES: readonly AlertState[] = ['firing', 'pending', 'silenced', 'inhibited', 'inactive'];
const SEVERITIES = ['page', 'ticket'];

/** What Prometheus adds, where a rule cannot be evaluated. */
type RawRule = RuleModel & { health?: string; lastError?: string };

interface RawManaged {
  labels?: Record<string, string>;
  status?: { state?: string; silencedBy?: string[]; inhibitedBy?: string[] };
}

/**
 * The rules with their alerts, the worst first.
 *
 * @param groups Of Prometheus' answer to `/api/v1/rules`.
 * @param managed Alertmanager's answer to `/api/v2/alerts`; `undefined` where it is away.
 */
export function parseRules(groups: readonly RuleGroup[], managed: unknown): AlertRule[] {
  const delivered = Array.isArray(managed) ? (managed as RawManaged[]) : [];
  return groups
    .flatMap(({ name, rules }) =>
      rules.filter((rule) => rule.type === 'alerting').map((rule) => ruleOf(rule, name, delivered)),
    )
    .sort(
      (a, b) =>
        STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
        rank(a.severity) - rank(b.severity) ||
        a.name.localeCompare(b.name),
    );
}

function rank(severity: string): number {
  const place = SEVERITIES.indexOf(severity);
  return place < 0 ? SEVERITIES.length : place;
}

function ruleOf(raw: RawRule, group: string, delivered: readonly RawManaged[]): AlertRule {
  const alerts = (raw.alerts ?? [])
    .map((alert) => alertOf(alert, delivered))
    .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
  return {
    name: raw.name,
    group,
    query: raw.query,
    forSeconds: raw.duration ?? 0,
    severity: raw.labels?.['severity'] ?? '',
    labels: raw.labels ?? {},
    annotations: raw.annotations ?? {},
    state: alerts[0]?.state ?? 'inactive',
    alerts,
    problem: raw.health === 'err' ? raw.lastError || 'The rule could not be evaluated.' : '',
  };
}

function alertOf(raw: RuleAlert, delivered: readonly RawManaged[]): Alert {
  const { labels, annotations } = raw;
  const status = delivered.find((each) => contains(each.labels ?? {}, labels))?.status;
  const firing = raw.state === 'firing';
  const silencedBy = firing ? (status?.silencedBy ?? []) : [];
  const inhibited = firing && (status?.inhibitedBy ?? []).length > 0;
  return {
    state: !firing ? 'pending' : silencedBy.length > 0 ? 'silenced' : inhibited ? 'inhibited' : 'firing',
    labels,
    annotations,
    activeSinceUnixMs: Date.parse(raw.activeAt) || 0,
    value: Number(raw.value),
    silencedBy,
  };
}

function contains(outer: Labels, inner: Labels): boolean {
  return Object.entries(inner).every(([name, value]) => outer[name] === value);
}

/** Alertmanager's answer to `/api/v2/silences`; those that are over left out. */
export function parseSilences(answer: unknown): Silence[] {
  type Raw = {
    id?: string;
    createdBy?: string;
    comment?: string;
    endsAt?: string;
    status?: { state?: string };
    matchers?: { name: string; value: string; isRegex?: boolean; isEqual?: boolean }[];
  };
  const raw = Array.isArray(answer) ? (answer as Raw[]) : [];
  return raw
    .filter((each) => each.status?.state === 'active' || each.status?.state === 'pending')
    .map((each) => ({
      id: each.id ?? '',
      createdBy: each.createdBy ?? '',
      comment: each.comment ?? '',
      endsUnixMs: Date.parse(each.endsAt ?? '') || 0,
      matchers: (each.matchers ?? [])
        .map(({ name, value, isRegex = false, isEqual = true }) => {
          const operator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
          return `${name}${operator}"${value}"`;
        })
        .join(', '),
    }));
}

/** How many alerts are in each state; of rules that are inactive, the rules. */
export function countByState(rules: readonly AlertRule[]): Record<AlertState, number> {
  const counts: Record<AlertState, number> = { firing: 0, pending: 0, silenced: 0, inhibited: 0, inactive: 0 };
  for (const rule of rules) {
    if (rule.alerts.length === 0) {
      counts.inactive += 1;
    }
    for (const alert of rule.alerts) {
      counts[alert.state] += 1;
    }
  }
  return counts;
}

/** The name of a runbook, from a path or a URL that ends with it; empty for any other text. */
export function runbookName(annotation: string): string {
  const match = /([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.md)?(?:[?#].*)?$/.exec(annotation.trim());
  return match?.[1] ?? '';
}

/** The board's address within the viewer; empty for the address of another site. */
export function boardPath(annotation: string): string {
  try {
    const url = new URL(annotation, 'http://viewer');
    return url.pathname.startsWith('/d/') ? `${url.pathname}${url.search}${url.hash}` : '';
  } catch {
    return '';
  }
}
