// Real: the metric store, the embedded format's reader, the alarms, the queues. Double: the clock, turned by hand.
import { describe, expect, it, test } from 'vitest';
import { createAlarmStates } from '../../local/aws/metrics/alarm-states.ts';
import { embeddedMetrics } from '../../local/aws/metrics/embedded-metrics.ts';
import { evaluateQuery } from '../../local/aws/metrics/metric-query.ts';
import { createMetricStore, MAX_KEPT_VALUES, type MetricStore } from '../../local/aws/metrics/metric-store.ts';
import { createStackMetrics } from '../../local/aws/metrics/stack-metrics.ts';
import { timelineUntil, type Series } from '../../local/aws/metrics/timeline.ts';
import { createQueues } from '../../local/aws/sqs/queues.ts';
import type { MetricQuery, StackAlarm } from '../../local/template/stack-description.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const NOON = Date.parse('2026-11-23T12:00:00.000Z');
const MINUTE = 60_000;
const DURATION = { namespace: 'Surehook', name: 'AttemptDuration', dimensions: { service: 'surehook' } };

function emf(members: Record<string, unknown>, directives: unknown): string {
  return JSON.stringify({ _aws: { Timestamp: NOON, CloudWatchMetrics: directives }, ...members });
}

describe('a line of the embedded metric format', () => {
  it('gives every value of every metric under every set of dimensions, of every directive', () => {
    const line = emf({ service: 's', reason: 'dns', Deaths: 2, Took: [10, 20] }, [
      {
        Namespace: 'A',
        Dimensions: [['service'], ['service', 'reason']],
        Metrics: [{ Name: 'Deaths', Unit: 'Count' }],
      },
      { Namespace: 'B', Dimensions: [[]], Metrics: [{ Name: 'Took', Unit: 'Milliseconds' }] },
    ]);
    const value = (namespace: string, name: string, dimensions: Record<string, string>) => ({
      namespace,
      name,
      dimensions,
    });
    expect(embeddedMetrics(line)).toEqual([
      { metric: value('A', 'Deaths', { service: 's' }), value: 2, unit: 'Count', atMs: NOON },
      { metric: value('A', 'Deaths', { service: 's', reason: 'dns' }), value: 2, unit: 'Count', atMs: NOON },
      { metric: value('B', 'Took', {}), value: 10, unit: 'Milliseconds', atMs: NOON },
      { metric: value('B', 'Took', {}), value: 20, unit: 'Milliseconds', atMs: NOON },
    ]);
  });

  it.each([
    ['a plain line', 'delivered 42 "_aws"'],
    ['a JSON line of a log', '{"level":"INFO","message":"_aws"}'],
    [
      'a line that was cut off',
      emf({ N: 1 }, [{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'N' }] }]).slice(0, -1),
    ],
    [
      'no time stamp',
      '{"_aws":{"CloudWatchMetrics":[{"Namespace":"A","Dimensions":[[]],"Metrics":[{"Name":"N"}]}]},"N":1}',
    ],
    ['null for metadata', '{"_aws":null}'],
    ['a namespace of AWS', emf({ N: 1 }, [{ Namespace: 'AWS/SQS', Dimensions: [[]], Metrics: [{ Name: 'N' }] }])],
    ['text for a value', emf({ N: '1' }, [{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'N' }] }])],
    ['text among the values', emf({ N: [1, '2'] }, [{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'N' }] }])],
    ['a dimension without a value', emf({ N: 1 }, [{ Namespace: 'A', Dimensions: [['x']], Metrics: [{ Name: 'N' }] }])],
    [
      'a dimension from the prototype',
      emf({ N: 1 }, [{ Namespace: 'A', Dimensions: [['toString']], Metrics: [{ Name: 'N' }] }]),
    ],
    ['no list of directives', emf({ N: 1 }, { Namespace: 'A' })],
  ])('gives nothing for %s', (_what, line) => {
    expect(embeddedMetrics(line)).toEqual([]);
  });

  it('keeps its good metrics when one is malformed', () => {
    const line = emf({ Good: 1, Bad: {} }, [
      { Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'Bad' }, null, { Name: 'Good' }] },
    ]);
    expect(embeddedMetrics(line).map(({ metric }) => metric.name)).toEqual(['Good']);
  });
});

describe('the figures of a metric', () => {
  const figures = (
    store: MetricStore,
    stat: string,
    { nowMs, periodMs = 5 * MINUTE }: { nowMs: number; periodMs?: number },
  ) => {
    const query: MetricQuery = { kind: 'metric', id: undefined, metric: DURATION, stat };
    const timeline = timelineUntil(nowMs, { rangeMs: 2 * periodMs, periodMs });
    const result = evaluateQuery(query, { store, timeline, others: [] });
    return result.kind === 'series' ? result.series[0]?.values : result;
  };
  const record = (store: MetricStore, minute: number, ...values: number[]) => {
    for (const value of values)
      store.record({ metric: DURATION, value, unit: 'Milliseconds', atMs: NOON + minute * MINUTE });
  };

  test.each([
    ['Sum', [60, 1000]],
    ['SampleCount', [3, 1]],
    ['Average', [20, 1000]],
    ['Minimum', [10, 1000]],
    ['Maximum', [30, 1000]],
    ['p50', [20, 1000]],
    ['p95', [30, 1000]],
  ])('%s is taken over the minutes of a period', async (stat, expected) => {
    const timers = new ManualTimers(NOON);
    const store = createMetricStore({ timers });
    await timers.advance(7 * MINUTE);
    record(store, 0, 30);
    record(store, 4, 10, 20);
    record(store, 5, 1000);
    expect(figures(store, stat, { nowMs: timers.nowMs() })).toEqual(expected);
  });

  it('has a hole where nothing was reported', () => {
    const store = createMetricStore({ timers: new ManualTimers(NOON) });
    record(store, 0, 5);
    expect(figures(store, 'Sum', { nowMs: NOON, periodMs: MINUTE })).toEqual([undefined, 5]);
  });

  it('has percentiles right to half a per cent of a hundred thousand values', () => {
    const store = createMetricStore({ timers: new ManualTimers(NOON) });
    for (let value = 1; value <= 100_000; value++) record(store, 0, value * 1.0001);
    const [, p99] = figures(store, 'p99', { nowMs: NOON, periodMs: MINUTE }) as Series;
    expect(Math.abs((p99 ?? 0) - 99_000) / 99_000).toBeLessThan(0.005);
    expect(figures(store, 'Maximum', { nowMs: NOON, periodMs: MINUTE })).toEqual([undefined, 100_000 * 1.0001]);
  });

  it('says that a statistic is not computed here instead of another figure', () => {
    const store = createMetricStore({ timers: new ManualTimers(NOON) });
    expect(figures(store, 'tm99', { nowMs: NOON })).toEqual({ kind: 'not evaluated', because: 'the statistic tm99' });
  });

  it('is forgotten after three hours', async () => {
    const timers = new ManualTimers(NOON);
    const store = createMetricStore({ timers });
    record(store, 0, 5);
    await timers.advance(179 * MINUTE);
    expect(store.all()).toEqual([DURATION]);
    await timers.advance(2 * MINUTE);
    expect(store.all()).toEqual([]);
  });

  it('is not kept for more than a thousand metrics, until others have been silent for three hours', async () => {
    const timers = new ManualTimers(NOON);
    const store = createMetricStore({ timers });
    const recordRun = (run: number) =>
      store.record({ metric: { ...DURATION, dimensions: { run: String(run) } }, value: 1, atMs: timers.nowMs() });
    for (let run = 0; run < 1_200; run++) recordRun(run);
    expect(store.all()).toHaveLength(1_000);
    await timers.advance(181 * MINUTE);
    recordRun(5_000);
    expect(store.all().map(({ dimensions }) => dimensions)).toEqual([{ run: '5000' }]);
  });

  it('is kept with no more values than allowed in all: the oldest minute of every metric goes first', () => {
    const timers = new ManualTimers(NOON + 10 * MINUTE);
    // Room for two minutes of two metrics with ten values each, and their cost.
    const store = createMetricStore({ timers, maxKeptValues: 4 * 14 });
    for (let minute = 0; minute < 5; minute++) {
      for (const name of ['A', 'B']) {
        const metric = { ...DURATION, name };
        for (let value = 1; value <= 10; value++) store.record({ metric, value, atMs: NOON + minute * MINUTE });
        expect(store.kept()).toBeLessThanOrEqual(4 * 14);
      }
    }
    const timeline = { startMs: NOON, periodMs: MINUTE, count: 5 };
    const minutes = store.read({ ...DURATION, name: 'B' }, timeline)?.map(([kept]) => kept?.sum);
    expect(minutes).toEqual([undefined, undefined, undefined, 55, 55]);
  });

  it('takes no more memory after a day than after four hours, at 1,500 different values a minute', async () => {
    const timers = new ManualTimers(NOON);
    const store = createMetricStore({ timers });
    const hour = async (): Promise<number> => {
      for (let minute = 0; minute < 60; minute++) {
        for (let value = 1; value <= 1_500; value++) record(store, (timers.nowMs() - NOON) / MINUTE, value);
        await timers.advance(MINUTE);
      }
      return store.kept();
    };
    const kept: number[] = [];
    for (let hours = 0; hours < 24; hours++) kept.push(await hour());
    expect(new Set(kept.slice(3)).size).toBe(1);
    expect(kept.at(-1)).toBeLessThanOrEqual(MAX_KEPT_VALUES);
  });

  it.each([Number.NaN, Infinity, 2 ** 361])('leaves out %s, which CloudWatch refuses', (value) => {
    const store = createMetricStore({ timers: new ManualTimers(NOON) });
    record(store, 0, value);
    expect(store.all()).toEqual([]);
  });
});

describe('an expression', () => {
  const store = createMetricStore({ timers: new ManualTimers(NOON) });
  const metricOf = (name: string): MetricQuery => ({
    kind: 'metric',
    id: name,
    stat: 'Sum',
    metric: { namespace: 'T', name, dimensions: {} },
  });
  for (const [minute, name, value] of [
    [0, 'a', 8],
    [1, 'a', 6],
    [1, 'b', 2],
  ] as const) {
    store.record({ metric: { namespace: 'T', name, dimensions: {} }, value, atMs: NOON + (minute - 1) * MINUTE });
  }
  const calculated = (expression: string, others = [metricOf('a'), metricOf('b')]) => {
    const timeline = timelineUntil(NOON, { rangeMs: 2 * MINUTE, periodMs: MINUTE });
    const result = evaluateQuery({ kind: 'expression', id: 'e', expression }, { store, timeline, others });
    return result.kind === 'series' ? result.series[0]?.values : result;
  };

  test.each<[string, Series]>([
    ['a + b', [undefined, 8]],
    ['a - FILL(b, 0)', [8, 4]],
    ['FILL(b, -1) * 10', [-10, 20]],
    ['a - 2 - 1', [5, 3]],
    ['a - (2 - 1)', [7, 5]],
    ['a + 2 * 10', [28, 26]],
    ['-a / 4', [-2, -1.5]],
    ['a / 0', [undefined, undefined]],
  ])('%s is calculated period by period', (expression, expected) => {
    expect(calculated(expression)).toEqual(expected);
  });

  test.each(['ANOMALY_DETECTION_BAND(a)', 'a +', 'a b', 'FILL(a, REPEAT)', 'c', '(a', 'a)', ''])(
    '%s is said not to be evaluated, whatever it is',
    (expression) => {
      expect(calculated(expression)).toMatchObject({ kind: 'not evaluated' });
    },
  );

  it('that names itself is not evaluated for ever', () => {
    const circle: MetricQuery = { kind: 'expression', id: 'c', expression: 'c + 1' };
    expect(calculated('c', [circle])).toMatchObject({ kind: 'not evaluated' });
  });

  it('of what this machine does not have says so', () => {
    const acu: MetricQuery = {
      ...metricOf('a'),
      kind: 'metric',
      stat: 'Maximum',
      metric: { namespace: 'AWS/RDS', name: 'ACUUtilization', dimensions: {} },
    };
    expect(calculated('a * 2', [acu])).toEqual({ kind: 'not measured', metric: 'ACUUtilization' });
  });
});

describe('a search', () => {
  const store = createMetricStore({ timers: new ManualTimers(NOON) });
  for (const [name, dimensions] of [
    ['DeadLetters', { service: 'surehook', reason: 'status' }],
    ['DeadLetters', { reason: 'dns', service: 'surehook' }],
    ['DeadLetters', { service: 'surehook' }],
    ['DeadLetters', { service: 'other', reason: 'tls' }],
    ['Buried', { service: 'surehook', reason: 'status' }],
  ] as const) {
    store.record({ metric: { namespace: 'Surehook', name, dimensions }, value: 1, atMs: NOON });
  }
  const found = (expression: string) => {
    const timeline = timelineUntil(NOON, { rangeMs: MINUTE, periodMs: MINUTE });
    const result = evaluateQuery({ kind: 'expression', id: undefined, expression }, { store, timeline, others: [] });
    return result.kind === 'series' ? result.series.map(({ label }) => label) : result;
  };

  it('finds the metrics with these dimensions and no others, each named by what the search leaves open', () => {
    const search = `SEARCH('{Surehook,reason,service} MetricName="DeadLetters" service="surehook"', 'Sum', 300)`;
    expect(found(search)).toEqual(['dns', 'status']);
  });

  it('with words it does not understand is said not to be evaluated', () => {
    const search = `SEARCH('{Surehook,service} MetricName="DeadLetters" OR Buried', 'Sum', 300)`;
    expect(found(search)).toMatchObject({ kind: 'not evaluated' });
  });
});

describe('an alarm', () => {
  const ERRORS = { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: 'deliver' } };
  const alarmOf = (attributes: Partial<StackAlarm> = {}): StackAlarm => {
    const watched: MetricQuery = { kind: 'metric', id: undefined, metric: ERRORS, stat: 'Sum' };
    return {
      logicalId: 'DeliverErrorsAlarm',
      name: 'alarm',
      arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm/alarm',
      description: '',
      watched,
      queries: [watched],
      watches: 'Errors',
      periodMs: 5 * MINUTE,
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 3,
      datapointsToAlarm: 1,
      evaluationPeriods: 1,
      missingData: 'notBreaching',
      ...attributes,
    };
  };
  const bench = (attributes: Partial<StackAlarm> = {}) => {
    const timers = new ManualTimers(NOON);
    const store = createMetricStore({ timers });
    const states = createAlarmStates({ alarms: [alarmOf(attributes)], store, timers });
    return {
      timers,
      report: () => states.reports()[0],
      state: () => states.reports()[0]?.state,
      errors: (value: number) => store.record({ metric: ERRORS, value, atMs: timers.nowMs() }),
    };
  };

  it('goes off at the end of the minute in which its threshold is reached, and is over when the period has passed', async () => {
    const { timers, report, state, errors } = bench();
    errors(2);
    await timers.advance(MINUTE);
    expect(state()).toBe('OK');
    errors(1);
    expect(state()).toBe('OK');
    await timers.advance(MINUTE);
    expect(report()).toMatchObject({ state: 'ALARM', value: 3, since: new Date(NOON + 2 * MINUTE) });
    await timers.advance(3 * MINUTE);
    expect(report()).toMatchObject({ state: 'ALARM', since: new Date(NOON + 2 * MINUTE) });
    await timers.advance(MINUTE);
    expect(report()).toMatchObject({ state: 'OK', since: new Date(NOON + 6 * MINUTE) });
  });

  it('of two in three periods takes no notice of one', async () => {
    const { timers, state, errors } = bench({ datapointsToAlarm: 2, evaluationPeriods: 3 });
    errors(3);
    await timers.advance(6 * MINUTE);
    expect(state()).toBe('OK');
    errors(3);
    await timers.advance(MINUTE);
    expect(state()).toBe('ALARM');
  });

  test.each([
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
    ['missing', 'INSUFFICIENT_DATA'],
    ['ignore', 'INSUFFICIENT_DATA'],
  ] as const)('that treats missing data as %s is %s in silence', async (missingData, expected) => {
    const { timers, state } = bench({ missingData });
    await timers.advance(MINUTE);
    expect(state()).toBe(expected);
  });

  it('that ignores missing data keeps its state', async () => {
    const { timers, state, errors } = bench({ missingData: 'ignore' });
    errors(9);
    await timers.advance(MINUTE);
    expect(state()).toBe('ALARM');
    await timers.advance(60 * MINUTE);
    expect(state()).toBe('ALARM');
  });

  test.each([
    ['GreaterThanThreshold', 3, 'OK'],
    ['GreaterThanOrEqualToThreshold', 3, 'ALARM'],
    ['LessThanThreshold', 3, 'OK'],
    ['LessThanOrEqualToThreshold', 3, 'ALARM'],
  ] as const)('compares as %s says', async (comparison, value, expected) => {
    const { timers, state, errors } = bench({ comparison });
    errors(value);
    await timers.advance(MINUTE);
    expect(state()).toBe(expected);
  });

  it('on what this machine does not have says so and is never OK', async () => {
    const metric = { namespace: 'AWS/RDS', name: 'ACUUtilization', dimensions: {} };
    const { timers, report } = bench({ watched: { kind: 'metric', id: undefined, metric, stat: 'Maximum' } });
    await timers.advance(MINUTE);
    expect(report()).toMatchObject({
      state: 'NOT_EVALUATED',
      because: 'ACUUtilization is not measured on this machine',
    });
  });
});

describe('what the twin measures itself', () => {
  const latest = (store: MetricStore, namespace: string, name: string, stat = 'Sum') => {
    const [dimensions] = store.all().flatMap((metric) => (metric.namespace === namespace ? [metric.dimensions] : []));
    const query: MetricQuery = {
      kind: 'metric',
      id: undefined,
      stat,
      metric: { namespace, name, dimensions: dimensions ?? {} },
    };
    const timeline = timelineUntil(NOON + MINUTE, { rangeMs: 5 * MINUTE, periodMs: 5 * MINUTE });
    const result = evaluateQuery(query, { store, timeline, others: [] });
    return result.kind === 'series' ? result.series[0]?.values.at(-1) : result;
  };

  it('of a function: invocations, errors, throttles, how long, how many at once', () => {
    const { store, observe } = createStackMetrics({ timers: new ManualTimers(NOON) });
    const asked = { functionName: 'deliver', startedAtMs: NOON };
    observe({ ...asked, kind: 'started', atOnce: 1 });
    observe({ ...asked, kind: 'started', atOnce: 2 });
    observe({ ...asked, kind: 'throttled' });
    observe({ ...asked, kind: 'ended', outcome: 'returned', durationMs: 40 });
    observe({ ...asked, kind: 'ended', outcome: 'failed', durationMs: undefined });
    expect(latest(store, 'AWS/Lambda', 'Invocations')).toBe(2);
    expect(latest(store, 'AWS/Lambda', 'Errors')).toBe(1);
    expect(latest(store, 'AWS/Lambda', 'Throttles')).toBe(1);
    expect(latest(store, 'AWS/Lambda', 'Duration', 'p95')).toBe(40);
    expect(latest(store, 'AWS/Lambda', 'ConcurrentExecutions', 'Maximum')).toBe(2);
  });

  it('of a queue: what lies in it, since when, and what goes through', async () => {
    const timers = new ManualTimers(NOON);
    const { store, watchQueues } = createStackMetrics({ timers });
    const queues = createQueues({
      timers,
      accountId: '000000000000',
      region: 'us-east-1',
      baseUrl: 'http://127.0.0.1:1',
    });
    const settings = {
      delaySeconds: 0,
      visibilityTimeoutSeconds: 300,
      retentionSeconds: 3600,
      maximumMessageBytes: 1024,
    };
    const queue = queues.add({ name: 'delivery', ...settings });
    watchQueues([queue]);
    for (let message = 0; message < 3; message++) queue.send({ body: 'x' });
    queue.send({ body: 'later', delaySeconds: 900 });
    const { signal } = new AbortController();
    const [first] = await queue.receive({ max: 1, waitMs: 0, signal });
    await queue.receive({ max: 1, waitMs: 0, signal });
    queue.delete(first?.receiptHandle ?? '');
    queue.delete(first?.receiptHandle ?? '');
    await timers.advance(30_000);
    expect(latest(store, 'AWS/SQS', 'NumberOfMessagesSent')).toBe(4);
    expect(latest(store, 'AWS/SQS', 'NumberOfMessagesReceived')).toBe(2);
    expect(latest(store, 'AWS/SQS', 'NumberOfMessagesDeleted')).toBe(1);
    expect(latest(store, 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'Maximum')).toBe(1);
    expect(latest(store, 'AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'Maximum')).toBe(1);
    expect(latest(store, 'AWS/SQS', 'ApproximateNumberOfMessagesDelayed', 'Maximum')).toBe(1);
    expect(latest(store, 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'Maximum')).toBe(30);
  });

  it('only of what functions write to stdout', () => {
    const { store, readLine } = createStackMetrics({ timers: new ManualTimers(NOON) });
    const text = emf({ service: 's', N: 1 }, [{ Namespace: 'A', Dimensions: [['service']], Metrics: [{ Name: 'N' }] }]);
    const line = { functionName: 'deliver', processId: '1', requestId: undefined, text };
    readLine({ ...line, stream: 'stderr' });
    expect(store.all()).toEqual([]);
    readLine({ ...line, stream: 'stdout' });
    expect(store.all()).toEqual([{ namespace: 'A', name: 'N', dimensions: { service: 's' } }]);
  });
});
