// Reads of the alerts: the rules from Prometheus, and what Alertmanager made of their alerts.
import { alertRules } from '../data-sources/alertmanager';
import { getJson, SourceError, wasAborted } from '../data-sources/http';
import { parseRules, parseSilences, type AlertRule, type Silence } from './alerts';

export interface AlertState {
  rules: AlertRule[];
  silences: Silence[];
  /** Why nothing is known of silences; empty where Alertmanager answered. */
  alertmanagerProblem: string;
}

/** Without Alertmanager the rules are still known: it is named as away, and the rest is shown. */
export async function readAlerts(signal?: AbortSignal): Promise<AlertState> {
  const [groups, managed] = await Promise.all([alertRules(signal), readManaged(signal)]);
  return {
    rules: parseRules(groups, managed.alerts),
    silences: parseSilences(managed.silences),
    alertmanagerProblem: managed.problem,
  };
}

async function readManaged(
  signal?: AbortSignal,
): Promise<{ alerts: unknown; silences: unknown; problem: string }> {
  try {
    const [alerts, silences] = await Promise.all([
      getJson<unknown>('/alertmanager/api/v2/alerts', {}, signal),
      getJson<unknown>('/alertmanager/api/v2/silences', {}, signal),
    ]);
    return { alerts, silences, problem: '' };
  } catch (error) {
    if (wasAborted(error) || !(error instanceof SourceError)) {
      throw error;
    }
    return { alerts: undefined, silences: undefined, problem: error.message };
  }
}
