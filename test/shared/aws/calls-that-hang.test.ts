// Real: the clients as the functions build them, with their repeats and connections, HTTP over loopback, the local Data API,
// PostgreSQL, the local SQS. Doubles: a proxy that loses what it is told to, and the product's clock, turned by hand.
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createDataApiCalls, createSqsCalls, type Surroundings } from '../../../shared/aws/clients.ts';
import { createDataApi, type DataApi } from '../../../shared/aws/data-api.ts';
import { sendInBatches } from '../../../shared/aws/sqs-batches.ts';
import { type DataApiBench, startDataApiBench } from '../../local/data-api-world.ts';
import { startSqs } from '../../local/sqs-setup.ts';
import { failureOf } from './data-api-client-bench.ts';
import { type Fault, type FaultyProxy, startFaultyProxy } from '../../support/stack/faulty-proxy.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import { PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';

let clock: TurnedClock;
let proxy: FaultyProxy;
let surroundings: Surroundings;

/** Puts the proxy before a service; clients that are built from now on, as a function builds them, go through it. */
async function before(upstream: string): Promise<void> {
  clock = new TurnedClock();
  proxy = await startFaultyProxy({ upstream });
  onTestFinished(() => proxy.close());
  surroundings = localSurroundings(proxy.endpoint);
}

/** Turns the clock past a try's time and the pause behind it. */
async function pastTry(tryMs: number, pauseMs: number): Promise<void> {
  await clock.turn(tryMs);
  await clock.timerSet(pauseMs);
  await clock.turn(pauseMs);
}

const HANGS: [what: string, fault: Fault][] = [
  ['never comes', { kind: 'hang', effect: 'none' }],
  ['never comes though the call took effect', { kind: 'hang', effect: 'done' }],
  ['stops in the middle', { kind: 'stall' }],
];

/** The client repeats these by itself, within a try. */
const BROKEN: [what: string, fault: Fault][] = [
  ['whose connection is reset', { kind: 'reset', effect: 'none' }],
  ['whose connection is reset though it took effect', { kind: 'reset', effect: 'done' }],
  ['whose connection ends', { kind: 'drop', effect: 'none' }],
  ['that is answered 503', { kind: 'refuse', status: 503, errorType: 'ServiceUnavailableError' }],
  ['that is throttled', { kind: 'refuse', status: 429, errorType: 'ThrottlingException' }],
  ['that is answered late', { kind: 'delay', ms: 20 }],
];

describe('a statement', () => {
  let bench: DataApiBench;
  let dataApi: DataApi;

  beforeAll(async () => {
    bench = await startDataApiBench();
    await bench.pool.query('create table notes (id integer primary key)');
  });
  beforeEach(async () => {
    await bench.pool.query('truncate notes');
    await before(bench.url);
    const client = createDataApiCalls(surroundings);
    onTestFinished(() => client.destroy());
    dataApi = createDataApi(client, { ...bench.target, schemas: PUBLIC_SCHEMAS }, clock);
  });
  afterAll(() => bench.close());

  const note = () =>
    dataApi.execute(
      { sql: 'insert into notes values (1) on conflict (id) do update set id = 1 returning id', parameters: [] },
      {},
      { untilMonotonicMs: clock.monotonicMs() + 10_000 },
    );
  const notes = async () => (await bench.pool.query('select from notes')).rowCount;

  test.each(HANGS)('whose answer %s is asked again over another connection', async (_what, fault) => {
    proxy.fail({ service: 'rds-data', operation: 'ExecuteStatement', holds: 'insert into notes', fault, times: 1 });
    const asked = note();
    await proxy.called(1);
    await pastTry(3_000, 50);
    expect(await asked).toEqual([{ id: 1 }]);
    expect(await notes()).toBe(1);
    expect(proxy.calls.map(({ fault }) => fault)).toEqual([fault.kind, undefined]);
    expect(new Set(proxy.calls.map(({ connection }) => connection)).size).toBe(2);
  });

  test.each(BROKEN)('%s is answered in the same try', async (_what, fault) => {
    proxy.fail({ operation: 'ExecuteStatement', fault, times: 1 });
    expect(await note()).toEqual([{ id: 1 }]);
    expect(await notes()).toBe(1);
    expect(proxy.calls).toHaveLength(fault.kind === 'delay' ? 1 : 2);
  });

  test('ends with its try also while the client waits because the service told it to', async () => {
    const headers = { 'retry-after': '60' };
    proxy.fail({ fault: { kind: 'refuse', status: 503, errorType: 'ServiceUnavailableError', headers }, times: 1 });
    const asked = note();
    await proxy.called(1);
    await pastTry(3_000, 50);
    expect(await asked).toEqual([{ id: 1 }]);
  });

  test('of a transaction is not asked again: the whole of it has one time', async () => {
    proxy.fail({ operation: 'ExecuteStatement', fault: { kind: 'hang', effect: 'none' } });
    const failure = failureOf(
      dataApi.transaction((execute) => execute('create table more (id integer)'), {
        untilMonotonicMs: clock.monotonicMs() + 10_000,
      }),
    );
    await proxy.called(2);
    await clock.turn(9_999);
    expect(proxy.calls).toHaveLength(2);
    await clock.turn(1);
    expect(await failure).toMatchObject({ code: 'store_unavailable' });
    expect(proxy.calls.map(({ operation }) => operation)).toEqual([
      'BeginTransaction',
      'ExecuteStatement',
      'RollbackTransaction',
    ]);
  });
});

describe('a batch of messages', () => {
  /** What it leaves unsent, and what has come to the queue. */
  async function sent(fault: Fault, meanwhile: () => Promise<void>): Promise<{ unsent: string[]; bodies: string[] }> {
    const { queues, endpoint, url } = await startSqs();
    await before(endpoint);
    proxy.fail({ service: 'sqs', operation: 'SendMessageBatch', fault, times: 1 });
    const client = createSqsCalls(surroundings);
    onTestFinished(() => client.destroy());
    const to = { client, clock, queueUrl: url('delivery').replace(endpoint, proxy.endpoint) };
    const sending = sendInBatches(to, ['a', 'b'], (item) => ({ MessageBody: item }));
    await proxy.called(1);
    await meanwhile();
    const unsent = await sending;
    const received = await queues
      .byName('delivery')
      ?.receive({ max: 10, waitMs: 0, signal: new AbortController().signal });
    return { unsent, bodies: received?.map(({ body }) => body).sort() ?? [] };
  }

  test.each(HANGS)('whose answer %s is sent again after 1.5 s, over another connection', async (_what, fault) => {
    const { unsent, bodies } = await sent(fault, () => clock.turn(1_500));
    expect(unsent).toEqual([]);
    const isTwice = !('effect' in fault) || fault.effect === 'done';
    expect(bodies).toEqual(isTwice ? ['a', 'a', 'b', 'b'] : ['a', 'b']);
    expect(new Set(proxy.calls.map(({ connection }) => connection)).size).toBe(2);
  });

  test.each(BROKEN)('%s is sent in the same try', async (_what, fault) => {
    expect(await sent(fault, () => Promise.resolve())).toMatchObject({ unsent: [] });
  });
});
