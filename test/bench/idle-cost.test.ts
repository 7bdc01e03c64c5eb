// What an idle stack costs. Real: the templates of the stack, the price table. No doubles.
import { describe, expect, test } from 'vitest';
import { type CostRow, idleCost, type IdleFacts, type Template, totalOf } from '../../bench/idle-cost.ts';
import { PRICES } from '../../bench/prices.ts';
import { templateOf } from '../support/stack/synthesized-stack.ts';

const FACTS: IdleFacts = {
  metrics: { everySweep: 4, asking: 5 },
  sweep: { seconds: 1, logBytes: 2000 },
  wakesInSeconds: 30,
  databaseGb: 0.1,
};

const costOf = (template: Template): CostRow[] => idleCost(template, PRICES, FACTS);
const rowOf = (rows: readonly CostRow[], what: string): number | undefined =>
  rows.find((row) => row.what === what)?.usd;

describe('by the template', () => {
  test('an always awake database costs its smallest size for the whole month', () => {
    const rows = costOf(templateOf().toJSON() as Template);
    expect(rowOf(rows, 'Aurora Serverless v2')).toBeCloseTo(0.5 * 730 * 0.12);
    expect(rowOf(rows, 'SQS')).toBeCloseTo(0.526, 3);
    expect(rowOf(rows, 'Secret')).toBe(0.4);
    expect(rowOf(rows, 'NAT gateways')).toBeUndefined();
  });

  test('a reader costs as much as the writer, and a database of somebody else’s nothing', () => {
    const two = costOf(templateOf({ database: { kind: 'new', readers: 1, minCapacity: 1 } }).toJSON() as Template);
    expect(rowOf(two, 'Aurora Serverless v2')).toBeCloseTo(2 * 730 * 0.12);
    const existing = {
      kind: 'existing',
      clusterIdentifier: 'app',
      databaseName: 'app',
      secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:app-AbCdEf',
    } as const;
    const rows = costOf(templateOf({ database: existing }).toJSON() as Template);
    expect(rowOf(rows, 'Aurora Serverless v2')).toBeUndefined();
    expect(rowOf(rows, 'Secret')).toBeUndefined();
  });

  test('an alarm that is left out is not paid for, and one over an expression costs each of its metrics', () => {
    const all = rowOf(costOf(templateOf().toJSON() as Template), 'Alarms') ?? 0;
    const less = rowOf(costOf(templateOf({ alarms: { enqueueErrors: false } }).toJSON() as Template), 'Alarms') ?? 0;
    expect(all - less).toBeCloseTo(0.2);
  });

  test('static egress brings its gateway and address', () => {
    const rows = costOf(templateOf({ staticEgress: {} }).toJSON() as Template);
    expect(rowOf(rows, 'NAT gateways')).toBeCloseTo(730 * 0.05);
  });

  test('the sum is that of its rows', () => {
    const rows = costOf(templateOf().toJSON() as Template);
    expect(totalOf(rows)).toBeGreaterThan(50);
    expect(totalOf(rows)).toBeCloseTo(rows.map(({ usd }) => usd).reduce((a, b) => a + b));
  });
});

test('a schedule that is no rate is refused rather than left out of the bill', () => {
  const rule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'cron(0 0 * * ? *)' } };
  expect(() => costOf({ Resources: { rule } })).toThrow('no rate: cron(0 0 * * ? *)');
});
