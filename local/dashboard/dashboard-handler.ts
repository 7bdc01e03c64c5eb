import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequestGuard } from '../../console/request-guard.ts';
import { liveJson } from '../../console/live-element.ts';
import { type Answer, json, page, plainText, send } from '../../console/respond.ts';
import { placeTimes } from '../../console/shown-time.ts';
import { chosenZone } from '../../console/time-zone.ts';
import type { MetricStore } from '../aws/metrics/metric-query.ts';
import type { AlarmStates } from '../aws/metrics/stack-metrics.ts';
import type { StackDashboard } from '../template/stack-description.ts';
import type { Timers } from '../timers.ts';
import { readDashboard } from './dashboard-body.ts';
import {
  DASHBOARD_PATH,
  DASHBOARD_REFRESH_PATH,
  dashboardContent,
  dashboardPage,
  type ShownDashboards,
} from './dashboard-page.ts';
import { clockIn } from './time-axis.ts';
import { chosenRange } from './time-range.ts';

export type DashboardParts = {
  dashboards: readonly StackDashboard[];
  store: MetricStore;
  alarms: AlarmStates;
  timers: Timers;
  /** Of the console, e.g. `http://127.0.0.1:4566`. */
  origin: string;
};

/**
 * The dashboards of a stack's template, as pages of the console.
 *
 * @returns a handler that returns false, having touched nothing, for any other path
 */
export function createDashboardHandler(
  parts: DashboardParts,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { store, alarms, timers } = parts;
  const guard = createRequestGuard(parts.origin);
  const dashboards = parts.dashboards.map(readDashboard);

  const shown = (query: URLSearchParams, zone: string): ShownDashboards => {
    const nowMs = timers.nowMs();
    const range = chosenRange(query.get('range'), {
      ofTemplateMs: dashboards[0]?.rangeMs,
      measuredMs: nowMs - store.sinceMs,
    });
    return {
      dashboards,
      alarms: alarms.reports(),
      range,
      look: { store, nowMs, rangeMs: range.ms, clock: clockIn(zone) },
    };
  };
  const answer = (request: IncomingMessage, url: URL): Answer => {
    const refusal = guard.refusal(request);
    if (refusal !== undefined) return plainText(`${refusal}\n`, 403);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { ...plainText('This address does not accept this method.\n', 405), headers: { allow: 'GET, HEAD' } };
    }
    const zone = chosenZone(request.headers.cookie);
    const seen = shown(url.searchParams, zone);
    const reader = { zone, nowMs: seen.look.nowMs };
    if (url.pathname === DASHBOARD_PATH) return page(placeTimes(dashboardPage(seen, zone).text, reader));
    return json(liveJson(dashboardContent(seen), (markup) => placeTimes(markup, reader)));
  };

  return (request, response) => {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1');
    if (url?.pathname !== DASHBOARD_PATH && url?.pathname !== DASHBOARD_REFRESH_PATH) return false;
    send(response, answer(request, url));
    return true;
  };
}
