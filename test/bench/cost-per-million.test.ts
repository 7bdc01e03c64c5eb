// What a million deliveries cost. Nothing runs here: the calls are written down.
import { describe, expect, test } from 'vitest';
import { costPerMillion, type MillionFacts } from '../../bench/cost-per-million.ts';
import { PRICES } from '../../bench/prices.ts';

const FACTS: MillionFacts = {
  enqueueSeconds: 0.1,
  deliverSeconds: 0.3,
  functionGb: 0.5,
  bodyBytes: 2_000,
  logBytes: { attempt: 1_500, invocation: 2_000 },
  storageIos: 10,
  secretsRead: 1,
};

/** One webhook a request, one message a batch. */
const SINGLY = {
  'lambda:Invoke': 1,
  'rds-data:ExecuteStatement': 3,
  'sqs:SendMessageBatch': 1,
  'sqs:ReceiveMessage': 1,
  'sqs:DeleteMessageBatch': 1,
};
/** A hundred in a request, ten in a batch. */
const IN_BATCHES = {
  'lambda:Invoke': 0.01,
  'rds-data:ExecuteStatement': 0.21,
  'sqs:SendMessageBatch': 0.1,
  'sqs:ReceiveMessage': 0.1,
  'sqs:DeleteMessageBatch': 0.1,
};

const usdOf = (calls: Readonly<Record<string, number>>, facts = FACTS): Record<string, number> =>
  Object.fromEntries(costPerMillion(calls, PRICES, facts).rows.map(({ what, usd }) => [what, Number(usd.toFixed(3))]));

test('webhooks that come singly pay for each call', () => {
  expect(usdOf(SINGLY)).toEqual({
    SQS: 1.2,
    'Data API': 1.05,
    'Lambda requests': 0.4,
    'Lambda time': 2.667,
    Logs: 2.75,
    'Aurora I/O': 2,
  });
});

test('webhooks in batches share their calls', () => {
  expect(usdOf(IN_BATCHES)).toMatchObject({ SQS: 0.12, 'Lambda requests': 0.022, 'Lambda time': 0.207 });
});

describe('a call of the Data API', () => {
  test('counts once for each 32 KiB of the bodies that it holds', () => {
    // A hundred bodies of 2,000 bytes are seven units, ten are one: 0.21 calls, and six more for each hundredth.
    expect(usdOf(IN_BATCHES)['Data API']).toBeCloseTo((0.21 + 6 * 0.01) * PRICES.dataApi.callsMillion, 2);
  });

  test('that claims ten large bodies counts several times, too', () => {
    const large = { ...FACTS, bodyBytes: 40_000 };
    expect(usdOf(SINGLY, large)['Data API']).toBeCloseTo(5 * PRICES.dataApi.callsMillion, 3);
  });
});

test('credentials are read once for each delivery at most', () => {
  const { withCredentials } = costPerMillion(SINGLY, PRICES, FACTS);
  expect(withCredentials.usd).toBeCloseTo(5);
  expect(costPerMillion(SINGLY, PRICES, { ...FACTS, secretsRead: 0.1 }).withCredentials.usd).toBeCloseTo(0.5);
});

test('what is not called costs nothing and has no row', () => {
  const none = { ...FACTS, storageIos: 0, logBytes: { attempt: 0, invocation: 0 } };
  expect(costPerMillion({}, PRICES, none).rows).toEqual([]);
});
