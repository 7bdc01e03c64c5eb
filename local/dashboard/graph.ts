import { type Html, html } from '../../console/html.ts';
import type { MetricWidget, Side } from './dashboard-body.ts';
import { scaleFigure, shownFigure } from './figures.ts';
import { heightOf, scaleOf, type Scale } from './scale.ts';
import { latest, type Look, type ShownLine } from './shown-metrics.ts';
import { placeOf, timeTicks, type TimeAxis } from './time-axis.ts';

/** Units of the drawing that is stretched over the plot; its strokes are not stretched. */
const DRAWING = 1000;
/** Colours of the stylesheet: `tone0` … */
export const TONES = 10;

type Graph = {
  title: string;
  lines: readonly ShownLine[];
  widget: MetricWidget;
  axis: TimeAxis;
  scales: Readonly<Record<Side, Scale>>;
  sides: readonly Side[];
};

/**
 * Lines over time. The plot stretches to the width of the widget; scales and times are separate drawings around it, so that
 * their text is not stretched.
 */
export function lineGraph(title: string, widget: MetricWidget, lines: readonly ShownLine[], look: Look): Html {
  const graph = graphOf(title, widget, lines, look);
  const { sides, scales } = graph;
  return html`<p class="units">
      <span>${unitOf(graph, 'left')}</span>
      <span>${sides.includes('right') ? unitOf(graph, 'right') : undefined}</span>
    </p>
    <div class="graph">
      ${figures('left', scales.left)} ${plot(graph)}
      ${sides.includes('right') ? figures('right', scales.right) : html`<span class="scale"></span>`}
      ${times(graph.axis)}
    </div>`;
}

function graphOf(title: string, widget: MetricWidget, lines: readonly ShownLine[], look: Look): Graph {
  const timelines = lines.map(({ timeline }) => timeline);
  const endMs = Math.max(look.nowMs, ...timelines.map(({ startMs, periodMs, count }) => startMs + periodMs * count));
  const startMs = Math.min(endMs - look.rangeMs, ...timelines.map((timeline) => timeline.startMs));
  const scale = (side: Side): Scale => {
    const drawn = lines.filter((line) => line.side === side).flatMap(({ values }) => values);
    const marks = widget.marks.filter((mark) => mark.side === side).map(({ value }) => value);
    return scaleOf([...drawn.filter((value) => value !== undefined), ...marks], widget.axes[side]);
  };
  const hasRight = lines.some(({ side }) => side === 'right');
  return {
    title,
    lines,
    widget,
    axis: { startMs, endMs, clock: look.clock },
    scales: { left: scale('left'), right: scale('right') },
    sides: hasRight ? ['left', 'right'] : ['left'],
  };
}

/** The axis's own label, or the unit of what is drawn on it. */
function unitOf({ lines, widget }: Graph, side: Side): string {
  const { label, showsUnits } = widget.axes[side];
  if (label !== undefined) return label;
  if (!showsUnits) return '';
  const units = new Set(lines.filter((line) => line.side === side).flatMap(({ unit }) => unit ?? []));
  const [only, ...more] = units;
  return more.length > 0 ? 'various units' : (only ?? '').toLowerCase();
}

function figures(side: Side, scale: Scale): Html {
  return html`<svg class="scale ${side}" aria-hidden="true">
    ${scale.ticks.map(
      (tick) =>
        html`<text x="${side === 'left' ? '100%' : '0'}" y="${percent(1 - heightOf(tick, scale))}" dy="0.32em"
          >${scaleFigure(tick)}</text
        >`,
    )}
  </svg>`;
}

function times(axis: TimeAxis): Html {
  return html`<svg class="times" aria-hidden="true">
    ${timeTicks(axis).map(
      (at) => html`<text x="${percent(placeOf(at, axis))}" y="1.5em">${axis.clock.timeOfDay(at)}</text>`,
    )}
  </svg>`;
}

function plot(graph: Graph): Html {
  const { lines, axis, scales, widget } = graph;
  const isEmpty = lines.every(({ values }) => latest(values) === undefined);
  return html`<svg class="plot" role="img" aria-label="${description(graph)}">
    ${scales.left.ticks.map((tick) => level('grid', 1 - heightOf(tick, scales.left)))}
    ${timeTicks(axis).map((at) => {
      const x = percent(placeOf(at, axis));
      return html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="100%" />`;
    })}
    <svg viewBox="0 0 ${DRAWING} ${DRAWING}" preserveAspectRatio="none" width="100%" height="100%">
      ${lines.map((line, index) => drawnLine(line, index % TONES, graph))}
    </svg>
    ${widget.marks.map(({ value, label, side }) => {
      const y = 1 - heightOf(value, scales[side]);
      return html`${level('mark', y)}<text class="mark" x="4" y="${percent(y)}" dy="-4">${label}</text>`;
    })}
    ${isEmpty ? html`<text class="nothing" x="50%" y="50%">nothing in this time</text>` : columns(graph)}
  </svg>`;
}

function level(className: 'grid' | 'mark', fromTop: number): Html {
  const y = percent(fromTop);
  return html`<line class="${className}" x1="0" x2="100%" y1="${y}" y2="${y}" />`;
}

/** Consecutive periods are joined; one between gaps is a point. */
function drawnLine({ timeline, values, side }: ShownLine, tone: number, { axis, scales }: Graph): Html {
  const joined: string[] = [];
  const points: string[] = [];
  let last: string | undefined;
  values.forEach((value, index) => {
    if (value === undefined) return;
    const atMs = timeline.startMs + (index + 0.5) * timeline.periodMs;
    last = `${coordinate(placeOf(atMs, axis))} ${coordinate(1 - heightOf(value, scales[side]))}`;
    const isJoined = values[index - 1] !== undefined;
    joined.push(`${isJoined ? 'L' : 'M'}${last}`);
    if (!isJoined && values[index + 1] === undefined) points.push(`M${last}h.01`);
  });
  // The newest figure is the one people look for.
  if (last !== undefined) points.push(`M${last}h.01`);
  return html`<path class="line ${side} tone${tone}" d="${joined.join('')}" /><path
      class="point tone${tone}"
      d="${points.join('')}"
    />`;
}

/** What is shown when the pointer is over a period. */
function columns({ lines, axis }: Graph): Html[] {
  const [first] = lines;
  if (first === undefined) return [];
  const { startMs, periodMs, count } = first.timeline;
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const atMs = startMs + index * periodMs;
    const told = lines.flatMap(({ label, timeline, values }) => {
      const value = values[Math.floor((atMs - timeline.startMs) / timeline.periodMs)];
      return value === undefined ? [] : [`${label}: ${shownFigure(value)}`];
    });
    if (told.length === 0) return [];
    const until = axis.clock.timeOfDay(atMs + periodMs);
    return [
      html`<rect
        class="column"
        x="${percent(placeOf(atMs, axis))}"
        width="${percent(periodMs / (axis.endMs - axis.startMs))}"
        height="100%"
        ><title>${[`${axis.clock.timeOfDay(atMs)} – ${until}`, ...told].join('\n')}</title></rect
      >`,
    ];
  });
}

function description({ title, lines, axis }: Graph): string {
  const from = axis.clock.timeOfDay(axis.startMs);
  const each = lines.map(({ label, values }) => {
    const measured = values.filter((value) => value !== undefined);
    if (measured.length === 0) return `${label}: nothing`;
    return `${label}: latest ${shownFigure(latest(values))}, highest ${shownFigure(Math.max(...measured))}`;
  });
  return `${title}, ${from} to ${axis.clock.timeOfDay(axis.endMs)}. ${each.join('; ')}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

function coordinate(share: number): number {
  return Number((share * DRAWING).toFixed(1));
}
