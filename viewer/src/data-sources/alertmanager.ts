// Alerts: those that Alertmanager routes, and those that Prometheus' rules see.
import { getJson } from './http';
import type { Labels } from './prometheus';

export interface RuleAlert {
  labels: Labels;
  annotations: Labels;
  state: 'firing' | 'pending' | 'inactive';
  activeAt: string;
  value: string;
}

export interface AlertRule {
  type: 'alerting' | 'recording';
  name: string;
  state?: 'firing' | 'pending' | 'inactive';
  labels?: Labels;
  annotations?: Labels;
  alerts?: RuleAlert[];
  query: string;
  duration?: number;
}

export interface RuleGroup {
  name: string;
  file: string;
  rules: AlertRule[];
}

/**
 * Whether an alert is for a person: those of the severity `none` only let Alertmanager hold others
 * back.
 */
export const isForPeople = (labels: Labels | undefined): boolean => labels?.['severity'] !== 'none';

/** Alerts that are pending or firing, as Prometheus' rules see them, for a person. */
export async function activeAlerts(signal?: AbortSignal): Promise<RuleAlert[]> {
  const answer = await getJson<{ data: { alerts: RuleAlert[] } }>('/prom/api/v1/alerts', {}, signal);
  return answer.data.alerts.filter(({ labels }) => isForPeople(labels));
}

/** Every alerting rule for a person, with its alerts. */
export async function alertRules(signal?: AbortSignal): Promise<RuleGroup[]> {
  const answer = await getJson<{ data: { groups: RuleGroup[] } }>(
    '/prom/api/v1/rules',
    { type: 'alert' },
    signal,
  );
  return answer.data.groups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ labels }) => isForPeople(labels)),
  }));
}
