import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequestGuard } from '../../console/request-guard.ts';
import { liveJson } from '../../console/live-element.ts';
import { type Answer, json, page, plainText, SECURITY_HEADERS, send } from '../../console/respond.ts';
import { placeTimes } from '../../console/shown-time.ts';
import { chosenZone } from '../../console/time-zone.ts';
import type { MetricStore } from '../aws/metrics/metric-query.ts';
import type { AlarmStates } from '../aws/metrics/stack-metrics.ts';
import type { StackDashboard } from '../template/stack-description.ts';
import type { Timers } from '../timers.ts';
import { WIDGET_CALL_PATH, WIDGET_FRAME_PATH } from './custom-widget.ts';
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
import { answerWidgetCall, type WidgetCallParts } from './widget-call.ts';
import { widgetFrame } from './widget-frame.ts';

export type DashboardParts = {
  dashboards: readonly StackDashboard[];
  store: MetricStore;
  alarms: AlarmStates;
  timers: Timers;
  /** Of the console, e.g. `http://127.0.0.1:4566`. */
  origin: string;
  /** Invokes a function for a custom widget. */
  invoke: WidgetCallParts['invoke'];
};

/**
 * The dashboards of a stack's template, as pages of the console.
 *
 * @returns a handler that returns false, having touched nothing, for any other path
 */
export function createDashboardHandler(
  parts: DashboardParts,
): (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean> {
  const { store, alarms, timers } = parts;
  const guard = createRequestGuard(parts.origin);
  const dashboards = parts.dashboards.map(readDashboard);

  const rangeOf = (asked: string | null) => {
    const nowMs = timers.nowMs();
    const ofTemplateMs = dashboards[0]?.rangeMs;
    return { nowMs, range: chosenRange(asked, { ofTemplateMs, measuredMs: nowMs - store.sinceMs }) };
  };
  const shown = (query: URLSearchParams, zone: string): ShownDashboards => {
    const { nowMs, range } = rangeOf(query.get('range'));
    const look = { store, nowMs, rangeMs: range.ms, clock: clockIn(zone) };
    return { dashboards, alarms: alarms.reports(), range, look };
  };
  const answer = ({ headers }: IncomingMessage, url: URL): Answer => {
    if (url.pathname === WIDGET_FRAME_PATH) return widgetFrame();
    const zone = chosenZone(headers.cookie);
    const seen = shown(url.searchParams, zone);
    const reader = { zone, nowMs: seen.look.nowMs };
    if (url.pathname === DASHBOARD_REFRESH_PATH) {
      return json(liveJson(dashboardContent(seen), (markup) => placeTimes(markup, reader)));
    }
    return { ...page(placeTimes(dashboardPage(seen, zone).text, reader)), headers: WITH_FRAMES };
  };
  const call = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    const { nowMs, range } = rangeOf(url.searchParams.get('range'));
    return answerWidgetCall(request, { dashboards, invoke: parts.invoke }, { nowMs, rangeMs: range.ms });
  };

  return (request, response) => {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1');
    if (url === null || !PATHS.has(url.pathname)) return false;
    const refusal = guard.refusal(request);
    const isCall = url.pathname === WIDGET_CALL_PATH;
    if (refusal !== undefined) send(response, plainText(`${refusal}\n`, 403));
    else if (!methodsOf(url).includes(request.method ?? '')) {
      const refused = plainText('This address does not accept this method.\n', 405);
      send(response, { ...refused, headers: { allow: methodsOf(url).join(', ') } });
    } else if (isCall) {
      return call(request, url).then((answered) => {
        send(response, answered);
        return true;
      });
    } else send(response, answer(request, url));
    return true;
  };
}

const PATHS: ReadonlySet<string> = new Set([
  DASHBOARD_PATH,
  DASHBOARD_REFRESH_PATH,
  WIDGET_FRAME_PATH,
  WIDGET_CALL_PATH,
]);

/** A call may change something: only a page of the console may send it. */
function methodsOf({ pathname }: URL): readonly string[] {
  return pathname === WIDGET_CALL_PATH ? ['POST'] : ['GET', 'HEAD'];
}

/** The page holds frames, of this console alone. */
const WITH_FRAMES = {
  'content-security-policy': `${SECURITY_HEADERS['content-security-policy']}; frame-src 'self'`,
};
