// Real: the SDK's client with its retries, HTTP over loopback, PostgreSQL 17. Doubles: the endpoint's clock, and the faults
// that `intercept` injects. Each test names the sentence of the AWS manual that it holds the local endpoint to.
import { BeginTransactionCommand, ExecuteStatementCommand } from '@aws-sdk/client-rds-data';
import { afterEach, describe, expect, it } from 'vitest';
import { DataApiFault } from '../../local/aws/data-api/fault.ts';
import type { Interception } from '../../local/aws/data-api/service.ts';
import {
  type DataApiBench,
  refusalOf,
  startDataApiBench,
  untilNobodyWorks,
  untilSomebodyWaits,
} from './data-api-world.ts';

const benches: DataApiBench[] = [];

async function start(options?: Parameters<typeof startDataApiBench>[0]): Promise<DataApiBench> {
  const bench = await startDataApiBench(options);
  benches.push(bench);
  return bench;
}

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

describe('a call', () => {
  // "The ARN you specified doesn't precisely match the ARN of the cluster."
  it('must name the cluster exactly', async () => {
    const bench = await start();
    const resourceArn = bench.target.resourceArn.toUpperCase();
    expect(await refusalOf(bench.execute('select 1', { resourceArn }))).toEqual({
      name: 'HttpEndpointNotEnabledException',
      message: `HttpEndpoint is not enabled for resource ${resourceArn}.`,
      status: 400,
    });
  });

  // SecretsErrorException: "The secret provided wasn't found."
  it('must name the secret of the cluster', async () => {
    const bench = await start();
    const secretArn = bench.target.secretArn.replace('deliveries', 'others');
    expect(await refusalOf(bench.execute('select 1', { secretArn }))).toMatchObject({
      name: 'SecretsErrorException',
      status: 400,
    });
  });

  it('must name a database that there is', async () => {
    const bench = await start();
    expect((await refusalOf(bench.execute('select 1', { database: 'nowhere' }))).message).toBe(
      'FATAL: database "nowhere" does not exist; SQLState: 3D000',
    );
  });

  // "When you include the Schema parameter in an API call, the Data API returns this error – ValidationException: The schema
  // parameter isn't supported."
  it('names no schema', async () => {
    const bench = await start();
    expect(await refusalOf(bench.execute('select 1', { schema: 'public' }))).toEqual({
      name: 'ValidationException',
      message: "The schema parameter isn't supported",
      status: 400,
    });
  });

  // "Attempting to execute multiple statements in a single API call returns ValidationException: Multistatements aren't supported."
  it('runs one statement, and a trailing semicolon is none', async () => {
    const bench = await start();
    expect(await bench.value('select 1;')).toEqual({ longValue: 1 });
    expect(await refusalOf(bench.execute('select 1; select 2'))).toEqual({
      name: 'ValidationException',
      message: "Multistatements aren't supported.",
      status: 400,
    });
  });

  // Length constraints of the API reference: sql "Maximum length of 65536", secretArn "Maximum length of 100".
  it('keeps to the lengths of the API reference', async () => {
    const bench = await start();
    const long = await refusalOf(bench.execute(`select 1 -- ${'x'.repeat(65_536)}`));
    const both = await refusalOf(bench.execute('select 1', { secretArn: 's'.repeat(101), resourceArn: 'short' }));
    expect(long).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(both.message).toMatch(/^2 validation errors detected: /);
  });

  // "The maximum size of the HTTP request submitted through the Data API is 4 MiB. If the request exceeds this limit, the Data
  // API returns an error and doesn't process the request."
  it('is at most 4 MiB', async () => {
    const bench = await start();
    const of = (length: number) =>
      bench.execute('select octet_length(:p)', {
        parameters: [{ name: 'p', value: { stringValue: 'x'.repeat(length) } }],
      });
    const fits = await of(4 * 1024 * 1024 - 4096);
    expect(fits.records).toEqual([[{ longValue: 4 * 1024 * 1024 - 4096 }]]);
    expect((await refusalOf(of(4 * 1024 * 1024))).status).toBe(413);
  });

  it('beyond the connections of the pool waits for one, and none is lost to a fault', async () => {
    const bench = await start({ maxConnections: 2 });
    await bench.pool.query('create table once (n bigint primary key)');
    const calls = Array.from({ length: 20 }, (_, n) =>
      bench.execute('insert into once values (:n)', { parameters: [{ name: 'n', value: { longValue: n % 10 } }] }),
    );
    const settled = await Promise.allSettled(calls);
    const { rows } = await bench.pool.query(
      "select count(*)::int as connections from pg_stat_activity where application_name = 'Data API' and datname = current_database()",
    );
    expect({ done: settled.filter(({ status }) => status === 'fulfilled').length, rows }).toEqual({
      done: 10,
      rows: [{ connections: 2 }],
    });
  });
});

describe('a statement that takes longer than 45 s', () => {
  async function blocked(more: { continueAfterTimeout?: boolean }) {
    const bench = await start();
    await bench.pool.query('create table notes (note text primary key)');
    const blocker = await bench.pool.connect();
    await blocker.query("begin; insert into notes values ('a')");
    const refusal = refusalOf(bench.execute("insert into notes values ('a')", more));
    await untilSomebodyWaits(bench.pool);
    await bench.timers.advance(45_000);
    const unblock = async (): Promise<void> => {
      await blocker.query('rollback');
      blocker.release();
    };
    return { bench, refusal: await refusal, unblock };
  }

  // "By default, a call times out if it's not finished processing within 45 seconds." "By default, the statement stops running
  // when the call times out."
  it('is stopped', async () => {
    const { bench, refusal, unblock } = await blocked({});
    await unblock();
    expect(refusal).toMatchObject({ name: 'StatementTimeoutException', status: 400 });
    expect(await bench.value('select count(*) from notes')).toEqual({ longValue: 0 });
  });

  // "You can continue running a SQL statement if the call times out by using the continueAfterTimeout parameter."
  it('goes on with continueAfterTimeout, though the call has failed', async () => {
    const { bench, refusal, unblock } = await blocked({ continueAfterTimeout: true });
    await unblock();
    await untilNobodyWorks(bench.pool);
    const { rows } = await bench.pool.query('select note from notes');
    expect({ name: refusal.name, rows }).toEqual({ name: 'StatementTimeoutException', rows: [{ note: 'a' }] });
  });
});

describe('a paused cluster', () => {
  // DatabaseResumingException: "A request was cancelled because the Aurora Serverless DB instance was paused. The Data API
  // request automatically resumes the DB instance. Wait a few seconds and try again."
  it('is woken by the first call after the idle time, and answers when it is awake', async () => {
    const bench = await start({ pause: { afterIdleMs: 300_000, resumeMs: 15_000 } });
    await bench.timers.advance(299_999);
    expect(await bench.value('select 1')).toEqual({ longValue: 1 });
    await bench.timers.advance(300_000);
    expect(await refusalOf(bench.execute('select 1'))).toMatchObject({
      name: 'DatabaseResumingException',
      status: 400,
    });
    await bench.timers.advance(14_999);
    expect(await refusalOf(bench.execute('select 1'))).toMatchObject({ name: 'DatabaseResumingException' });
    await bench.timers.advance(1);
    expect(await bench.value('select 1')).toEqual({ longValue: 1 });
  });

  it('tells whether it sleeps, since when, and how often it was woken', async () => {
    const bench = await start({ pause: { afterIdleMs: 300_000, resumeMs: 15_000 } });
    const startMs = bench.timers.nowMs();
    expect(bench.api.cluster()).toEqual({ state: 'awake', sinceMs: startMs, woken: 0 });
    await bench.timers.advance(400_000);
    expect(bench.api.cluster()).toEqual({ state: 'asleep', sinceMs: startMs + 300_000, woken: 0 });
    await refusalOf(bench.execute('select 1'));
    await bench.timers.advance(10_000);
    expect(bench.api.cluster()).toEqual({ state: 'waking', sinceMs: startMs + 400_000, woken: 1 });
    await bench.timers.advance(5_000);
    expect(bench.api.cluster()).toEqual({ state: 'awake', sinceMs: startMs + 415_000, woken: 1 });
    // Waking counts as no idleness.
    await bench.timers.advance(299_999);
    expect(bench.api.cluster().state).toBe('awake');
  });

  it('is not asked again by the SDK itself', async () => {
    let calls = 0;
    const bench = await start({ attempts: 3, intercept: () => (calls++, { kind: 'proceed' }) });
    bench.api.simulateResume({ forMs: 20_000 });
    await refusalOf(bench.execute('select 1'));
    expect(calls).toBe(1);
  });
});

describe('a fault put in by a test', () => {
  const unavailable = new DataApiFault('ServiceUnavailableError').toResponse();

  async function insertWith(faults: Interception[]) {
    const bench = await start({ attempts: 3, intercept: () => faults.shift() ?? { kind: 'proceed' } });
    await bench.pool.query('create table effects (id int)');
    await bench.execute('insert into effects values (1)');
    return await bench.value('select count(*) from effects');
  }

  it('before the effect lets the SDK repeat a statement that never ran', async () => {
    expect(await insertWith([{ kind: 'answer', effect: 'none', response: unavailable }])).toEqual({ longValue: 1 });
  });

  it('after the effect lets the SDK run the statement twice', async () => {
    expect(await insertWith([{ kind: 'answer', effect: 'done', response: unavailable }])).toEqual({ longValue: 2 });
  });

  it('can leave a call hanging until its client gives up', async () => {
    const asked = Promise.withResolvers<void>();
    const bench = await start({
      intercept: () => {
        asked.resolve();
        return { kind: 'hang', effect: 'none' };
      },
    });
    const abort = new AbortController();
    const call = bench.client.send(new BeginTransactionCommand(bench.target), { abortSignal: abort.signal });
    await asked.promise;
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is told what the call asks for', async () => {
    const seen: unknown[] = [];
    const bench = await start({
      intercept: ({ operation, sql }) => {
        seen.push([operation, sql]);
        return { kind: 'proceed' };
      },
    });
    await bench.client.send(new ExecuteStatementCommand({ ...bench.target, sql: 'select 1' }));
    expect(seen).toEqual([['ExecuteStatement', 'select 1']]);
  });
});

// DatabaseUnavailableException: "The writer instance in the DB cluster isn't available." (504, which the SDK repeats)
it('a connection that the server ends is the writer not being available, and the next call gets a new one', async () => {
  const bench = await start();
  await bench.pool.query('create table notes (note text primary key)');
  const blocker = await bench.pool.connect();
  await blocker.query("begin; insert into notes values ('a')");
  const refusal = refusalOf(bench.execute("insert into notes values ('a')"));
  await untilSomebodyWaits(bench.pool);
  await blocker.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'Data API' and state = 'active' and datname = current_database()",
  );
  await blocker.query('rollback');
  blocker.release();
  expect(await refusal).toMatchObject({ name: 'DatabaseUnavailableException', status: 504 });
  expect(await bench.value('select 1')).toEqual({ longValue: 1 });
});
