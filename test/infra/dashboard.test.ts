// Real: the template of the stack, docs/runbook.md, the metrics that shared/observe/metric-names.ts declares.
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, expect, test } from 'vitest';
import { METRICS_NAMESPACE } from '../../shared/observe/metric-names.ts';
import { runbookAnchor } from '../../infra/alarm-text.ts';
import { RUNBOOK_OF_BOXES } from '../../infra/dashboard.ts';
import { ALARM_HEADINGS, REPORTED } from '../support/stack/alarm-facts.ts';
import { resourcesOf, templateOf, theFunction, theResource } from '../support/stack/synthesized-stack.ts';

let template: Template;

beforeAll(() => {
  template = templateOf({ alarmEmail: 'on-call@example.com' });
});

/** The body's literal parts; logical ids stand where a deployment puts names. */
function dashboardText(from = template): string {
  const { DashboardBody } = theResource(from, 'AWS::CloudWatch::Dashboard').resource.Properties as {
    DashboardBody: { 'Fn::Join': [string, (string | Record<string, unknown>)[]] };
  };
  const parts = DashboardBody['Fn::Join'][1];
  return parts.map((part) => (typeof part === 'string' ? part : [Object.values(part)[0]].flat()[0])).join('');
}

test('shows every alarm first', () => {
  const { widgets } = JSON.parse(dashboardText()) as {
    widgets: { type: string; properties: { alarms?: string[] } }[];
  };
  expect(widgets[0]?.type).toBe('alarm');
  expect(widgets[0]?.properties.alarms).toEqual([...resourcesOf(template, 'AWS::CloudWatch::Alarm')].map(([id]) => id));
});

test('shows dead letters by reason, outcomes, latency, lateness, queues and the database', () => {
  const { widgets } = JSON.parse(dashboardText()) as { widgets: { type: string; properties: { title: string } }[] };
  const titled = widgets.filter(({ type }) => type !== 'text');
  expect(titled.map(({ properties }) => properties.title)).toEqual([
    'Alarms',
    'In the time shown',
    'Dead letters and endpoints',
    'Dead letters',
    'Dead letters by reason',
    'Deliveries by outcome',
    'Attempts and how long they take',
    'Age of the oldest due delivery',
    'What heals itself',
    'Endpoints that are down',
    'Longest time an endpoint has been down',
    'Delivery queue',
    'Intake queue',
    'Dead-letter queues',
    'Errors and throttles of functions',
    'Invocations at once',
    'Duration of functions, p95',
    'Database capacity',
    'Database work',
  ]);
});

test('names the runbook of what it shows, and links to it where a team keeps it', () => {
  expect(RUNBOOK_OF_BOXES.filter((heading) => !ALARM_HEADINGS.includes(runbookAnchor(heading).slice(1)))).toEqual([]);
  const textOf = (from: Template) =>
    (JSON.parse(dashboardText(from)) as { widgets: { type: string; properties: { markdown: string } }[] }).widgets
      .filter(({ type }) => type === 'text')
      .map(({ properties }) => properties.markdown);
  const linked = templateOf({ runbookUrl: 'https://wiki.example.com/webhooks' });
  expect(textOf(linked)).toEqual([
    expect.stringContaining('[Dead letters](https://wiki.example.com/webhooks#dead-letters) · '),
  ]);
  expect(textOf(template)).toEqual([
    expect.stringMatching(/^The runbook \(docs\/runbook\.md of surehook [\d.]+\): \*\*Dead letters\*\*/),
  ]);
});

test('has one widget that a function draws, unless it is not wanted', () => {
  const widgetsOf = (from: Template) =>
    (JSON.parse(dashboardText(from)) as { widgets: { type: string; properties: object }[] }).widgets.filter(
      ({ type }) => type === 'custom',
    );
  const { id } = theFunction(template, 'Widget');
  expect(widgetsOf(template)).toMatchObject([
    { properties: { endpoint: id, updateOn: { refresh: true, resize: false, timeRange: true } } },
  ]);
  const without = templateOf({ dashboardWidget: false });
  expect(widgetsOf(without)).toEqual([]);
  expect(() => theFunction(without, 'Widget')).toThrow('0 of AWS::Lambda::Function');
});

test('shows only metrics that functions report', () => {
  const ours = new RegExp(`\\["${METRICS_NAMESPACE}","(\\w+)"`, 'g');
  const shown = [...dashboardText().matchAll(ours)].map(([, name]) => name);
  expect([shown.length > 10, shown.filter((name = '') => !REPORTED.includes(name))]).toEqual([true, []]);
});
