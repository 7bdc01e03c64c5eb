import { type Html, html } from '../../console/html.ts';
import { layout, LOCAL_SHELL } from '../../console/layout.ts';
import { type LiveContent, type LiveElement, liveElement } from '../../console/live-element.ts';
import { RETENTION_MS } from '../aws/metrics/metric-query.ts';
import type { AlarmReport } from '../aws/metrics/stack-metrics.ts';
import { alarmWidget } from './alarm-widget.ts';
import { customWidget } from './custom-widget.ts';
import { type Dashboard, GRID_COLUMNS, type Widget } from './dashboard-body.ts';
import { metricWidget } from './metric-widget.ts';
import type { Look } from './shown-metrics.ts';
import { textWidget } from './text-widget.ts';
import { TIME_RANGES, type TimeRange } from './time-range.ts';

export type ShownDashboards = {
  dashboards: readonly Dashboard[];
  alarms: readonly AlarmReport[];
  range: TimeRange;
  look: Omit<Look, 'periods'>;
};

export const DASHBOARD_PATH = '/dashboard';
export const DASHBOARD_REFRESH_PATH = '/console/dashboard.json';

/** The page of a stack's dashboards. */
export function dashboardPage(shown: ShownDashboards, zone: string): Html {
  const { dashboards, range, look } = shown;
  const { elements } = dashboardContent(shown);
  return layout(
    { title: 'Dashboard', place: 'dashboard', refresh: `${DASHBOARD_REFRESH_PATH}?range=${range.name}` },
    html`<div class="dashboard-head">
        <h1>Dashboard</h1>
        <nav class="tabs" aria-label="Time shown">
          ${TIME_RANGES.map(
            ({ name, label }) =>
              html`<a
                href="${DASHBOARD_PATH}?range=${name}"
                ${name === range.name ? html` aria-current="page"` : undefined}
                >${label}</a
              >`,
          )}
        </nav>
        <p class="remark">${seenAs(shown)} Times in ${look.clock.timeZone}.</p>
      </div>
      ${dashboards.length === 0 ? html`<p class="empty">This stack has no dashboard.</p>` : undefined}
      ${dashboards.map(
        ({ name, widgets }, number) =>
          html`${dashboards.length > 1 ? html`<h2>${name}</h2>` : undefined}
            <div class="board">
              ${widgets.map((widget, index) => [
                ...gapBefore(widget, widgets[index - 1]),
                elements[keyOf(number, index)]?.markup,
              ])}
            </div>`,
      )}
      <script src="/console/assets/dashboard.js" defer></script>`,
    { ...LOCAL_SHELL, zone },
  );
}

function seenAs({ dashboards, range }: ShownDashboards): string {
  const isShortened = dashboards.some(({ adaptsPeriods }) => adaptsPeriods) && range.ms < RETENTION_MS;
  return `As CloudWatch would show it, ${isShortened ? 'by the minute' : 'in the periods of the template'}.`;
}

/** The parts of the page that change while it is open: every widget. */
export function dashboardContent(shown: ShownDashboards): LiveContent {
  const elements: Record<string, LiveElement> = {};
  shown.dashboards.forEach((dashboard, number) => {
    const look: Look = { ...shown.look, periods: dashboard.adaptsPeriods ? 'adapts' : 'own' };
    dashboard.widgets.forEach((widget, index) => {
      const key = keyOf(number, index);
      const place = { dashboard: number, widget: index };
      const className = `widget span${widget.width}`;
      elements[key] = liveElement(
        { key, tag: 'section', className },
        shownWidget(widget, { place, look, alarms: shown.alarms }),
      );
    });
  });
  return { elements, lists: {} };
}

function keyOf(dashboard: number, widget: number): string {
  return `widget-${dashboard}-${widget}`;
}

type Surroundings = {
  place: { dashboard: number; widget: number };
  look: Look;
  alarms: readonly AlarmReport[];
};

function shownWidget(widget: Widget, around: Surroundings): Html {
  return html`${widget.title === '' ? undefined : html`<h2>${widget.title}</h2>`} ${widgetContent(widget, around)}`;
}

function widgetContent(widget: Widget, { place, look, alarms }: Surroundings): Html {
  switch (widget.kind) {
    case 'metrics':
      return metricWidget(widget.title, widget.metrics, look);
    case 'alarms':
      return alarmWidget(widget.alarmArns, alarms);
    case 'text':
      return textWidget(widget.markdown);
    case 'custom':
      return customWidget(place, widget.title);
    case 'unknown':
      return html`<p class="absent">Not shown on this machine: ${widget.what}</p>`;
  }
}

/**
 * Columns left free in the template stay free: a widget starts at its own column, in the same row as the previous one or in
 * the next.
 */
function gapBefore(widget: Widget, before: Widget | undefined): Html[] {
  const reached = before === undefined ? 0 : before.x + before.width;
  const gaps = widget.x >= reached ? [widget.x - reached] : [GRID_COLUMNS - reached, widget.x];
  return gaps.filter((columns) => columns > 0).map((columns) => html`<span class="gap span${columns}"></span>`);
}
