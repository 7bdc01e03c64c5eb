// What an idle stack costs. Real: the templates of the stack, the price table. No doubles.
import { describe, expect, test } from 'vitest';
import { awakeSeconds, type CostRow, idleCost, type IdleFacts, type Template, totalOf } from '../../bench/idle-cost.ts';
import { PRICES } from '../../bench/prices.ts';
import { templateOf } from '../support/stack/synthesized-stack.ts';

const FACTS: IdleFacts = {
  metrics: { everySweep: 4, asking: 5 },
  sweep: { seconds: 1, logBytes: 2000 },
  wakesInSeconds: 30,
  askedOnSeconds: 750,
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

describe('a database that sleeps, of a stack that is not idle', () => {
  const asleep = templateOf({ database: { kind: 'new', minCapacity: 0 } }).toJSON() as Template;
  const usual = templateOf().toJSON() as Template;
  const of = (template: Template, webhooksAMonth: number) => idleCost(template, PRICES, { ...FACTS, webhooksAMonth });

  test('is awake after each webhook until the sweep asks no more and the cluster pauses', () => {
    expect(awakeSeconds(asleep, FACTS)).toBe(30 + 750 + 360);
    const more =
      (rowOf(of(asleep, 10), 'Aurora Serverless v2') ?? 0) - (rowOf(of(asleep, 0), 'Aurora Serverless v2') ?? 0);
    expect(more).toBeCloseTo((10 * 1140 * 0.5 * 0.12) / 3600);
  });

  test('reports with a webhook an hour what one reports that is awake', () => {
    expect(rowOf(of(asleep, 730), 'Own metrics')).toBeCloseTo(rowOf(of(usual, 730), 'Own metrics') ?? 0);
    expect(rowOf(of(asleep, 0), 'Own metrics')).toBeCloseTo(4 * 0.3);
  });

  test('never costs more than one that is awake', () => {
    for (const webhooks of [0, 730, 10_000, 1_000_000]) {
      expect(totalOf(of(asleep, webhooks))).toBeLessThanOrEqual(totalOf(of(usual, webhooks)) + 0.01);
    }
    expect(rowOf(of(asleep, 1_000_000), 'Aurora Serverless v2')).toBe(rowOf(of(usual, 0), 'Aurora Serverless v2'));
  });
});

test('a schedule that is no rate is refused rather than left out of the bill', () => {
  const rule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'cron(0 0 * * ? *)' } };
  expect(() => costOf({ Resources: { rule } })).toThrow('no rate: cron(0 0 * * ? *)');
});
