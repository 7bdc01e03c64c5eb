// The first event of a process. Real: the handlers, and this process's environment, which each test sets as a function's
// configuration would. No AWS: nothing here gets so far.
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { contextOf, sqsEvent } from '../support/stack/platform-world.ts';

type Handler = (event: never, context: Context) => Promise<unknown>;

const SETTINGS: Record<string, string> = {
  AWS_REGION: 'us-east-1',
  DATABASE_RESOURCE_ARN: 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef',
  DATABASE_NAME: 'surehook',
  DELIVERY_QUEUE_URL: 'http://127.0.0.1:1/000000000000/delivery',
  DELIVERY_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:1/000000000000/delivery-dead-letters',
  INTAKE_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:1/000000000000/intake-dead-letters',
};
const DATABASE = ['DATABASE_RESOURCE_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME'];

beforeEach(() => {
  for (const name of Object.keys(SETTINGS)) vi.stubEnv(name, '');
});
afterEach(() => vi.unstubAllEnvs());

async function failureOf(invoked: Promise<unknown>): Promise<Error> {
  const failure: unknown = await invoked.catch((error: unknown) => error);
  if (!(failure instanceof Error)) throw new Error('the invocation succeeded');
  return failure;
}

describe.each<[string, () => Promise<{ handler: Handler }>, string[]]>([
  [
    'enqueue',
    () => import('../../functions/enqueue.ts'),
    [...DATABASE, 'DELIVERY_QUEUE_URL', 'INTAKE_DEAD_LETTER_QUEUE_URL'],
  ],
  [
    'deliver',
    () => import('../../functions/deliver.ts'),
    [...DATABASE, 'DELIVERY_QUEUE_URL', 'DELIVERY_DEAD_LETTER_QUEUE_URL'],
  ],
  ['sweep', () => import('../../functions/sweep.ts'), [...DATABASE, 'DELIVERY_QUEUE_URL']],
  ['redeliver', () => import('../../functions/redeliver.ts'), [...DATABASE, 'DELIVERY_QUEUE_URL']],
  ['migrate', () => import('../../functions/migrate.ts'), DATABASE],
])('%s', (_name, load, names) => {
  test('names every setting that is missing, in one error', async () => {
    const { handler } = await load();
    const failure = await failureOf(handler(sqsEvent() as never, contextOf(60)));
    expect(failure.message).toBe(`malformed settings: ${names.map((name) => `${name} is missing`).join('; ')}`);
  });
});

test('deliver names both times when its attempt does not fit its function, and recovers once it does', async () => {
  for (const [name, value] of Object.entries(SETTINGS)) vi.stubEnv(name, value);
  vi.stubEnv('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', '50');
  const { handler } = await import('../../functions/deliver.ts');
  const failure = await failureOf(handler(sqsEvent(), contextOf(60)));
  expect(failure.message).toContain('WEBHOOK_DELIVERY_TIMEOUT_SECONDS=50');
  expect(failure.message).toContain('leaves 60 s');
  vi.stubEnv('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', '30');
  expect(await handler(sqsEvent(), contextOf(60))).toEqual({ batchItemFailures: [] });
});
