import { type Html, html } from '../../console/html.ts';
import type { MetricWidget } from './dashboard-body.ts';
import { shownFigure } from './figures.ts';
import { lineGraph, TONES } from './graph.ts';
import { type Absence, latest, type Look, shownMetrics, type ShownLine } from './shown-metrics.ts';

/** A widget of metrics in the view it asks for. */
export function metricWidget(title: string, widget: MetricWidget, look: Look): Html {
  const { lines, absences } = shownMetrics(widget, look);
  if (lines.length === 0 && absences.length > 0) return absent(absences);
  switch (widget.view) {
    case 'timeSeries':
      return html`<div class="framed ${widget.legend}">
        <div>${lineGraph(title, widget, lines, look)}</div>
        ${widget.legend === 'hidden' ? undefined : legend(lines, absences)}
      </div>`;
    case 'singleValue':
      return singleValues(lines, absences);
    case 'bar':
      return bars(lines, absences);
  }
}

function absent(absences: readonly Absence[]): Html {
  return html`<div class="absent">
    ${absences.map(({ label, because }) => html`<p>${label} <span class="why">${because}</span></p>`)}
  </div>`;
}

function legend(lines: readonly ShownLine[], absences: readonly Absence[]): Html {
  return html`<ul class="legend">
    ${lines.map(
      ({ label, values, side }, index) =>
        html`<li>
          <svg class="key" aria-hidden="true"><path class="line ${side} tone${index % TONES}" d="M1 5H17" /></svg>
          <span>${label}</span> <b>${shownFigure(latest(values))}</b>
          ${side === 'right' ? html`<span class="why">right</span>` : undefined}
        </li>`,
    )}
    ${absences.map(({ label, because }) => html`<li>${label} <span class="why">${because}</span></li>`)}
  </ul>`;
}

function singleValues(lines: readonly ShownLine[], absences: readonly Absence[]): Html {
  return html`<dl class="values">
    ${lines.map(
      ({ label, values }) =>
        html`<div>
          <dd class="${latest(values) === undefined ? 'none' : 'some'}">${shownFigure(latest(values))}</dd>
          <dt>${label}</dt>
        </div>`,
    )}
    ${absences.map(
      ({ label, because }) =>
        html`<div>
          <dd class="why">${because}</dd>
          <dt>${label}</dt>
        </div>`,
    )}
  </dl>`;
}

/** One bar for each metric, by its latest figure. */
function bars(lines: readonly ShownLine[], absences: readonly Absence[]): Html {
  const longest = Math.max(0, ...lines.map(({ values }) => latest(values) ?? 0));
  return html`<table class="bars">
    ${lines.map(({ label, values }, index) => {
      const share = longest === 0 ? 0 : Math.max(0, latest(values) ?? 0) / longest;
      return html`<tr>
        <th scope="row">${label}</th>
        <td>
          <svg aria-hidden="true">
            <rect class="tone${index % TONES}" width="${(share * 100).toFixed(1)}%" height="100%" rx="2" />
          </svg>
        </td>
        <td class="figure">${shownFigure(latest(values))}</td>
      </tr>`;
    })}
    ${absences.map(
      ({ label, because }) =>
        html`<tr>
          <th scope="row">${label}</th>
          <td class="why">${because}</td>
        </tr>`,
    )}
  </table>`;
}
