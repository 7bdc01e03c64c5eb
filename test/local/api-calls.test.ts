// Real: the counter behind an HTTP server. Doubles: the services, which answer at once, and the queue behind the poller.
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiCalls, type ApiCallsReport, createApiCalls } from '../../local/twin/api-calls.ts';
import type { AwsRequest } from '../../local/aws/aws-service.ts';

let calls: ApiCalls;
let server: ReturnType<typeof createServer>;
let origin: string;

beforeEach(async () => {
  const functionOf = (accessKeyId: string | undefined) => (accessKeyId === 'OF-DELIVER' ? 'deliver' : undefined);
  calls = createApiCalls(functionOf, () => Date.parse('2026-11-23T10:00:00Z'));
  server = createServer((request, response) => {
    if (calls.handle(request, response) === false) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(() => server.close());

const request = (attributes: Partial<AwsRequest>): AwsRequest => ({
  method: 'POST',
  path: '/',
  query: new URLSearchParams(),
  headers: {},
  body: Buffer.alloc(0),
  accessKeyId: 'OF-DELIVER',
  signal: new AbortController().signal,
  ...attributes,
});

async function report(): Promise<ApiCallsReport> {
  const answer = await fetch(`${origin}/console/api-calls.json`);
  // The type is what `handle` says it answers.
  return (await answer.json()) as ApiCallsReport;
}

const answering = (status: number) => async () => ({ status, headers: {}, body: '' });

test('counts calls by service, operation and caller, and those that failed', async () => {
  const services = calls.counted({ sqs: answering(200), 'rds-data': answering(504), lambda: answering(200) });
  const send = request({ headers: { 'x-amz-target': 'AmazonSQS.SendMessageBatch' } });
  await services.sqs(send);
  await services.sqs(send);
  await services['rds-data'](request({ path: '/Execute' }));
  await services.lambda(request({ path: '/2015-03-31/functions/enqueue/invocations', accessKeyId: 'anything' }));
  expect(await report()).toEqual({
    since: '2026-11-23T10:00:00.000Z',
    calls: [
      { service: 'sqs', operation: 'SendMessageBatch', caller: 'deliver', calls: 2, failed: 0 },
      { service: 'rds-data', operation: 'ExecuteStatement', caller: 'deliver', calls: 1, failed: 1 },
      { service: 'lambda', operation: 'Invoke', caller: 'outside', calls: 1, failed: 0 },
    ],
  });
});

test('a poller deletes the messages of a batch by one call', async () => {
  const queue = calls.countedQueue({ receive: async () => [], delete: () => 'done' });
  await queue.receive({ max: 10, waitMs: 0, signal: new AbortController().signal });
  for (const handle of ['a', 'b', 'c']) queue.delete(handle);
  await Promise.resolve();
  queue.delete('d');
  const counts = (await report()).calls.map(({ operation, caller, calls: count }) => ({ operation, caller, count }));
  expect(counts).toEqual([
    { operation: 'ReceiveMessage', caller: 'event source', count: 1 },
    { operation: 'DeleteMessageBatch', caller: 'event source', count: 2 },
  ]);
});

test('operations that nobody knows are one count', async () => {
  const { sqs } = calls.counted({ sqs: answering(400) });
  for (const name of ['<script>', 'x'.repeat(65), '']) {
    await sqs(request({ headers: { 'x-amz-target': `AmazonSQS.${name}` } }));
  }
  expect((await report()).calls).toEqual([
    { service: 'sqs', operation: 'unknown', caller: 'deliver', calls: 3, failed: 3 },
  ]);
});

test('only reads its own page', async () => {
  expect((await fetch(`${origin}/console/api-calls.json`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${origin}/console/`)).status).toBe(404);
});
