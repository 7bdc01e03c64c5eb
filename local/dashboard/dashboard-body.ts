import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { MetricQuery, StackDashboard } from '../template/stack-description.ts';

/** CloudWatch's grid. */
export const GRID_COLUMNS = 24;
/** For a widget that names none. */
const DEFAULT_SIZE = 6;
const DEFAULT_PERIOD_SECONDS = 300;

export type Dashboard = {
  name: string;
  /** The range it opens with; undefined if the template leaves that to the console. */
  rangeMs: number | undefined;
  /** Whether graphs of a shorter range use a shorter period than their own: CloudWatch's default. */
  adaptsPeriods: boolean;
  /** From top left, row by row. */
  widgets: readonly Widget[];
};

export type Widget = { x: number; y: number; width: number; height: number; title: string } & (
  | { kind: 'metrics'; metrics: MetricWidget }
  | { kind: 'alarms'; alarmArns: readonly string[] }
  | { kind: 'text'; markdown: string }
  /** What a function of the stack draws. */
  | { kind: 'custom'; functionArn: string; params: JsonObject }
  /** `what` describes it for people. */
  | { kind: 'unknown'; what: string }
);

export type Side = 'left' | 'right';

export type MetricWidget = {
  view: 'timeSeries' | 'singleValue' | 'bar';
  entries: readonly MetricEntry[];
  /** One figure for the whole range instead of one for each period. */
  isForWholeRange: boolean;
  axes: Readonly<Record<Side, AxisSettings>>;
  legend: 'bottom' | 'right' | 'hidden';
  marks: readonly Mark[];
};

export type MetricEntry = {
  query: MetricQuery;
  label: string | undefined;
  side: Side;
  /** Those not drawn are there for expressions. */
  isDrawn: boolean;
  periodMs: number;
};

export type AxisSettings = {
  min: number | undefined;
  max: number | undefined;
  label: string | undefined;
  showsUnits: boolean;
};

/** A horizontal annotation. */
type Mark = { value: number; label: string; side: Side };

const VIEWS = ['timeSeries', 'singleValue', 'bar'] as const;

/** Reads a dashboard's body as far as it can be shown here; what it cannot read becomes a widget that says so. */
export function readDashboard({ name, body }: StackDashboard): Dashboard {
  const root = isJsonObject(body) ? body : {};
  const widgets = objects(root['widgets']).map(readWidget);
  return {
    name,
    rangeMs: durationMs(root['start']),
    adaptsPeriods: root['periodOverride'] !== 'inherit',
    widgets: widgets.sort((one, other) => one.y - other.y || one.x - other.x),
  };
}

function readWidget(widget: JsonObject): Widget {
  const properties = isJsonObject(widget['properties']) ? widget['properties'] : {};
  const width = Math.min(GRID_COLUMNS, Math.max(1, whole(widget['width']) ?? DEFAULT_SIZE));
  const place = {
    x: Math.min(GRID_COLUMNS - width, Math.max(0, whole(widget['x']) ?? 0)),
    y: whole(widget['y']) ?? 0,
    width,
    height: whole(widget['height']) ?? DEFAULT_SIZE,
    title: text(properties['title']) ?? '',
  };
  const type = text(widget['type']) ?? '';
  if (type === 'text') return { ...place, kind: 'text', markdown: text(properties['markdown']) ?? '' };
  if (type === 'alarm') return { ...place, kind: 'alarms', alarmArns: texts(properties['alarms']) };
  const endpoint = text(properties['endpoint']);
  if (type === 'custom' && endpoint !== undefined) {
    const params = isJsonObject(properties['params']) ? properties['params'] : {};
    return { ...place, kind: 'custom', functionArn: endpoint, params };
  }
  if (type !== 'metric') return { ...place, kind: 'unknown', what: `a widget of the type ${type}` };
  const view = VIEWS.find((known) => known === (properties['view'] ?? 'timeSeries'));
  if (view === undefined) return { ...place, kind: 'unknown', what: `the view ${text(properties['view']) ?? ''}` };
  return { ...place, kind: 'metrics', metrics: readMetricWidget(properties, view) };
}

function readMetricWidget(properties: JsonObject, view: MetricWidget['view']): MetricWidget {
  const axes = isJsonObject(properties['yAxis']) ? properties['yAxis'] : {};
  const legend = isJsonObject(properties['legend']) ? properties['legend']['position'] : undefined;
  const annotations = isJsonObject(properties['annotations']) ? properties['annotations'] : {};
  return {
    view,
    entries: list(properties['metrics']).flatMap((row) => readEntry(row, properties)),
    isForWholeRange: properties['setPeriodToTimeRange'] === true,
    axes: { left: readAxis(axes['left']), right: readAxis(axes['right']) },
    legend: legend === 'right' || legend === 'hidden' ? legend : 'bottom',
    marks: objects(annotations['horizontal']).flatMap((mark) => {
      const value = number(mark['value']);
      return value === undefined ? [] : [{ value, label: text(mark['label']) ?? '', side: sideOf(mark) }];
    }),
  };
}

/** One row of `metrics`: namespace, name, dimensions in turn, and options; or only options with an expression. */
function readEntry(row: unknown, properties: JsonObject): MetricEntry[] {
  const cells = list(row);
  const options = cells.find(isJsonObject) ?? {};
  const [namespace, name, ...rest] = texts(cells.filter((cell) => !isJsonObject(cell)));
  const periodSeconds = number(options['period']) ?? number(properties['period']) ?? DEFAULT_PERIOD_SECONDS;
  const id = text(options['id']);
  const common = {
    // CloudWatch treats an empty label as none.
    label: text(options['label']) || undefined,
    side: sideOf(options),
    isDrawn: options['visible'] !== false,
    periodMs: Math.max(60, periodSeconds) * 1000,
  };
  const expression = text(options['expression']);
  if (expression !== undefined) return [{ ...common, query: { kind: 'expression', id, expression } }];
  if (namespace === undefined || name === undefined) return [];
  const dimensions: Record<string, string> = {};
  for (let index = 0; index + 1 < rest.length; index += 2) dimensions[rest[index] ?? ''] = rest[index + 1] ?? '';
  const stat = text(options['stat']) ?? text(properties['stat']) ?? 'Average';
  return [{ ...common, query: { kind: 'metric', id, stat, metric: { namespace, name, dimensions } } }];
}

function readAxis(value: unknown): AxisSettings {
  const axis = isJsonObject(value) ? value : {};
  return {
    min: number(axis['min']),
    max: number(axis['max']),
    label: text(axis['label']),
    showsUnits: axis['showUnits'] !== false,
  };
}

function sideOf(options: JsonObject): Side {
  return options['yAxis'] === 'right' ? 'right' : 'left';
}

/** `-PT3H`, `-P1D`; undefined for an absolute time, for which no data is kept here. */
function durationMs(start: unknown): number | undefined {
  const [matched, days, hours, minutes] = /^-P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(text(start) ?? '') ?? [];
  if (matched === undefined) return undefined;
  return ((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) * 60_000;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function objects(value: unknown): JsonObject[] {
  return list(value).filter(isJsonObject);
}

function texts(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function whole(value: unknown): number | undefined {
  return Number.isInteger(value) ? number(value) : undefined;
}
