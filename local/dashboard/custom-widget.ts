import { type Html, html } from '../../console/html.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { Widget } from './dashboard-body.ts';
import { textWidget } from './text-widget.ts';

/** Where the frame of a custom widget, and what its function answers, are found. */
export const WIDGET_FRAME_PATH = '/console/dashboard/frame';
export const WIDGET_CALL_PATH = '/console/dashboard/call';

export type CustomWidget = Extract<Widget, { kind: 'custom' }>;

/** What is asked of a function on behalf of a widget. */
export type WidgetAsk = { dashboardName: string; widget: CustomWidget; nowMs: number; rangeMs: number };

export type FunctionAnswer = { ok: true; answer: unknown } | { ok: false; errorType: string; errorMessage: string };

/** The place of a custom widget: the page's script puts a frame there, and asks the function. */
export function customWidget(key: { dashboard: number; widget: number }, title: string): Html {
  return html`<div class="custom" data-dashboard="${key.dashboard}" data-widget="${key.widget}" data-title="${title}">
    <p class="remark"><button type="button" data-ask>Refresh</button> <span data-said role="status"></span></p>
    <noscript><p class="absent">This widget needs the page's script.</p></noscript>
  </div>`;
}

/** The event as CloudWatch sends it: the parameters, and beside them where they come from. */
export function widgetEvent(
  params: JsonObject,
  forms: JsonObject,
  { dashboardName, widget, nowMs, rangeMs }: WidgetAsk,
): JsonObject {
  return {
    ...params,
    widgetContext: {
      dashboardName,
      widgetId: `widget-${widget.x}-${widget.y}`,
      accountId: '000000000000',
      locale: 'en',
      timezone: { label: 'UTC', offsetISO: '+00:00', offsetInMinutes: 0 },
      period: 300,
      isAutoPeriod: true,
      timeRange: { mode: 'relative', start: nowMs - rangeMs, end: nowMs, relativeStart: rangeMs },
      theme: 'light',
      linkCharts: true,
      title: widget.title,
      forms: { all: forms },
      params: widget.params,
      width: 588,
      height: 369,
    },
  };
}

/** Text is markup, an object with `markdown` is Markdown, and all else is shown as JSON. */
export function answerMarkup(answered: FunctionAnswer): string {
  if (!answered.ok) return html`<p><strong>${answered.errorType}</strong> ${answered.errorMessage}</p>`.text;
  const { answer } = answered;
  if (typeof answer === 'string') return answer;
  if (isJsonObject(answer) && typeof answer['markdown'] === 'string') return textWidget(answer['markdown']).text;
  return html`<pre>${JSON.stringify(answer, null, 2)}</pre>`.text;
}
