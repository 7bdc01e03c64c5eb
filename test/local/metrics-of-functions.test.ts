// Real: functions in processes of their own behind the local Lambda, the metric store. No double.
import { afterEach, expect, test } from 'vitest';
import { evaluateQuery } from '../../local/aws/metrics/metric-query.ts';
import { createStackMetrics, type StackMetrics } from '../../local/aws/metrics/stack-metrics.ts';
import { timelineUntil } from '../../local/aws/metrics/timeline.ts';
import { systemTimers } from '../../local/timers.ts';
import { LambdaBench } from './lambda-world.ts';

const bench = new LambdaBench();
afterEach(() => bench.close());

/** Whatever was recorded in the last hour. */
function figure({ store }: StackMetrics, name: string, stat = 'Sum'): number | undefined {
  const metric = { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: 'deliver' } };
  const timeline = timelineUntil(systemTimers.nowMs(), { rangeMs: 7_200_000, periodMs: 7_200_000 });
  const result = evaluateQuery({ kind: 'metric', id: undefined, metric, stat }, { store, timeline, others: [] });
  return result.kind === 'series' ? result.series[0]?.values.at(-1) : undefined;
}

test('an invocation is counted with how it ended and how long it ran, and one that found no room as throttled', async () => {
  const metrics = createStackMetrics({ timers: systemTimers });
  const source = `export const handler = async ({ fail }) => { if (fail) throw new Error('no'); };`;
  const deliver = await bench.lambdaFunction(source, { name: 'deliver', reservedConcurrency: 1 });
  const lambda = bench.lambda([deliver], { observe: metrics.observe });
  const [first, second] = await Promise.all([lambda.invoke('deliver', '{}'), lambda.invoke('deliver', '{}')]);
  expect([first?.kind, second?.kind]).toEqual(['returned', 'throttled']);
  await lambda.invoke('deliver', '{"fail":true}');

  expect(figure(metrics, 'Invocations')).toBe(2);
  expect(figure(metrics, 'Errors')).toBe(1);
  expect(figure(metrics, 'Throttles')).toBe(1);
  expect(figure(metrics, 'ConcurrentExecutions', 'Maximum')).toBe(1);
  expect(figure(metrics, 'Duration', 'SampleCount')).toBe(2);
});
