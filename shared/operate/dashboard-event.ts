import { isJsonObject } from '../runtime/json-object.ts';

/** What a CloudWatch dashboard says to a function that a widget of it names: the parameters, and where it was asked from. */
export type DashboardEvent =
  /** Asked for its documentation, by the editor of the dashboard. */
  { kind: 'describe' } | { kind: 'ask'; params: Readonly<Record<string, unknown>>; context: WidgetContext };

export type WidgetContext = {
  dashboardName: string;
  /** The time that the dashboard shows; undefined if it does not say. */
  shownFromMs: number | undefined;
  shownUntilMs: number | undefined;
};

const MAX_NAME_CHARACTERS = 255;
/** The last millisecond of the year 9999: later ones have no RFC 3339. */
const MAX_DATE_MS = 253_402_300_799_999;

/** Undefined if no dashboard sent it. */
export function readDashboardEvent(event: unknown): DashboardEvent | undefined {
  if (!isJsonObject(event)) return undefined;
  const { widgetContext, ...params } = event;
  if (isJsonObject(widgetContext)) return { kind: 'ask', params, context: readContext(widgetContext) };
  return event['describe'] === true ? { kind: 'describe' } : undefined;
}

function readContext({ dashboardName, timeRange }: Readonly<Record<string, unknown>>): WidgetContext {
  const range = isJsonObject(timeRange) ? timeRange : {};
  // A graph that somebody has zoomed into narrows the whole dashboard.
  const { start, end } = isJsonObject(range['zoom']) ? range['zoom'] : range;
  const isRange = isTime(start) && isTime(end) && start < end;
  return {
    dashboardName: typeof dashboardName === 'string' ? dashboardName.slice(0, MAX_NAME_CHARACTERS) : '',
    shownFromMs: isRange ? start : undefined,
    shownUntilMs: isRange ? end : undefined,
  };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_DATE_MS;
}
