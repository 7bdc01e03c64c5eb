import { type Html, html } from '../../console/html.ts';
import { shownTime } from '../../console/shown-time.ts';
import type { AlarmReport } from '../aws/metrics/stack-metrics.ts';
import type { Comparison, StackAlarm } from '../template/stack-description.ts';
import { shownFigure, shownSpan } from './figures.ts';

const STATES: Readonly<Record<AlarmReport['state'], { className: string; word: string }>> = {
  OK: { className: 'ok', word: 'OK' },
  ALARM: { className: 'alarm', word: 'In alarm' },
  INSUFFICIENT_DATA: { className: 'unknown', word: 'Insufficient data' },
  NOT_EVALUATED: { className: 'elsewhere', word: 'Not evaluated here' },
};

const SIGNS: Readonly<Record<Comparison, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

/** The states of the alarms a widget names, in its order. */
export function alarmWidget(arns: readonly string[], reports: readonly AlarmReport[]): Html {
  const shown = arns.map((arn) => ({ arn, report: reports.find(({ alarm }) => alarm.arn === arn) }));
  const names = shortNames(shown.map(({ arn, report }) => report?.alarm.logicalId ?? arn));
  return html`<ul class="alarms">
    ${shown.map(({ report }, index) => (report === undefined ? stranger(names[index]) : tile(report, names[index])))}
  </ul>`;
}

function stranger(name: string | undefined): Html {
  return html`<li class="elsewhere"><strong>${name}</strong> <span class="state">Not of this stack</span></li>`;
}

function tile({ alarm, state, since, because, value }: AlarmReport, name: string | undefined): Html {
  const { className, word } = STATES[state];
  const says = saysHere(alarm.description);
  const last = because === undefined && value !== undefined ? html`, last ${shownFigure(value)}` : undefined;
  return html`<li class="${className}" title="${says}">
    <strong title="${alarm.name}">${name}</strong>
    <span class="state">${word}</span>
    <span class="rule">${because ?? rule(alarm)}${last}</span>
    ${state === 'ALARM' ? html`<span class="says">Since ${shownTime(since, 'clock')}. ${says}</span>` : undefined}
  </li>`;
}

/** A description without its links to the AWS console: this machine has no account behind it. */
function saysHere(description: string): string {
  const lines = description.split('\n').filter((line) => line !== '' && !/: https:\/\/\S+\.console\.\S+$/.test(line));
  return lines.map((line) => line.replace(/^- /, '')).join(' ');
}

function rule({ watches, comparison, threshold, datapointsToAlarm, evaluationPeriods, periodMs }: StackAlarm): string {
  const limit = `${watches} ${SIGNS[comparison]} ${shownFigure(threshold)}`;
  if (evaluationPeriods === 1) return `${limit} in ${shownSpan(periodMs)}`;
  return `${limit} in ${datapointsToAlarm} of ${evaluationPeriods} × ${shownSpan(periodMs)}`;
}

/**
 * The distinctive part of an alarm's logical id: without the CDK's hash and without what all of the stack's alarms begin and
 * end with, in words. `SurehookDeadLettersAlarm88BCF55F` → `Dead letters`.
 */
export function shortNames(logicalIds: readonly string[]): string[] {
  const words = logicalIds.map(
    (id) => id.replace(/[0-9A-F]{8}$/, '').match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g) ?? [id],
  );
  const most = Math.min(...words.map(({ length }) => length)) - 1;
  const shared = (wordAt: (from: readonly string[], index: number) => string | undefined): number => {
    let count = 0;
    while (count < most && words.length > 1 && new Set(words.map((one) => wordAt(one, count))).size === 1) count += 1;
    return count;
  };
  const first = shared((one, index) => one[index]);
  const last = Math.min(
    shared((one, index) => one.at(-1 - index)),
    most - first,
  );
  return words.map((one) => {
    const [head = '', ...rest] = one.slice(first, one.length - last);
    return [head, ...rest.map((word) => word.toLowerCase())].join(' ');
  });
}
