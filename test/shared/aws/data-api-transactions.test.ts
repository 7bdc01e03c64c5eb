// Real: the client, the SDK, the local Data API, PostgreSQL. Doubles: the client's clock, turned by hand, and answers that a
// cluster gives only when it is in trouble.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Intercept } from '../../../local/aws/data-api/service.ts';
import type { TransactionExecute } from '../../../shared/aws/data-api.ts';
import { type ClientBench, failureOf, fault, firstCalls, startClientBench } from './data-api-client-bench.ts';

let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench();
  await bench.pool.query('create table notes (text text primary key)');
});
beforeEach(async () => {
  bench.reset();
  await bench.pool.query('truncate notes');
});
afterAll(() => bench.close());

/** Two statements that belong together. */
async function writeTwo(execute: TransactionExecute): Promise<string> {
  await execute("insert into notes values ('first')");
  await execute("insert into notes values ('second')");
  return 'written';
}

async function notes(): Promise<string[]> {
  const { rows } = await bench.pool.query<{ text: string }>('select text from notes order by text');
  return rows.map(({ text }) => text);
}

/** Turns the client's clock past its first pause, once it waits there. */
async function pastFirstPause(): Promise<void> {
  await bench.clock.timerSet(50);
  await bench.clock.turn(50);
}

function failing(
  operationOrSql: string,
  answer: ReturnType<typeof fault> | { kind: 'hang'; effect: 'none' },
): Intercept {
  let failed = false;
  return ({ operation, sql }) => {
    if (failed || (operation !== operationOrSql && !sql.includes(operationOrSql))) return { kind: 'proceed' };
    failed = true;
    return answer;
  };
}

test('is committed whole, and answers what its work answers', async () => {
  expect(await bench.dataApi.transaction(writeTwo)).toBe('written');
  expect(await notes()).toEqual(['first', 'second']);
  expect(bench.calls).toHaveLength(4);
});

describe('a passing fault', () => {
  test.each([
    ['at its beginning', 'BeginTransaction', fault('DatabaseResumingException')],
    ['in its midst', "'second'", fault('ServiceUnavailableError', { status: 503 })],
    ['in its midst, after the effect', "'second'", fault('ServiceUnavailableError', { status: 503, effect: 'done' })],
    ['at its commit', 'CommitTransaction', fault('DatabaseUnavailableException', { status: 504 })],
    ['by a deadlock', "'second'", fault('DatabaseErrorException', { message: 'ERROR: x; SQLState: 40P01' })],
    ['by its loss', "'second'", fault('TransactionNotFoundException', { status: 404 })],
  ])('repeats the whole of it: %s', async (_case, where, answer) => {
    bench.interceptWith(failing(where, answer));
    const done = bench.dataApi.transaction(writeTwo);
    await pastFirstPause();
    expect(await done).toBe('written');
    expect(await notes()).toEqual(['first', 'second']);
  });

  test('of the first try leaves nothing, and no lock, behind', async () => {
    bench.interceptWith(failing("'second'", fault('ServiceUnavailableError', { status: 503 })));
    const done = bench.dataApi.transaction(writeTwo);
    await bench.clock.timerSet(50);
    expect(await notes()).toEqual([]);
    expect(bench.calls.at(-1)).toBe('RollbackTransaction');
    await bench.clock.turn(50);
    await done;
  });

  test('after a commit whose answer was lost repeats it: the work must look what is there', async () => {
    bench.interceptWith(
      failing('CommitTransaction', fault('ServiceUnavailableError', { status: 503, effect: 'done' })),
    );
    const seen: number[] = [];
    const done = bench.dataApi.transaction(async (execute) => {
      const there = await execute('select text from notes');
      seen.push(there.length);
      if (there.length === 0) await writeTwo(execute);
    });
    await pastFirstPause();
    await done;
    expect(seen).toEqual([0, 2]);
  });

  test('that lasts ends as StoreUnavailable at the limit', async () => {
    bench.interceptWith(() => fault('DatabaseResumingException'));
    const limit = { untilMonotonicMs: bench.clock.monotonicMs() + 60 };
    const failure = failureOf(bench.dataApi.transaction(writeTwo, limit));
    await pastFirstPause();
    expect(await failure).toMatchObject({ code: 'store_unavailable' });
    expect(await notes()).toEqual([]);
  });

  test('of statements that hang, and a rollback that hangs too, ends two seconds after the limit', async () => {
    bench.interceptWith(({ operation }) =>
      operation === 'BeginTransaction' ? { kind: 'proceed' } : { kind: 'hang', effect: 'none' },
    );
    const limit = { untilMonotonicMs: bench.clock.monotonicMs() + 10_000 };
    const failure = failureOf(bench.dataApi.transaction(writeTwo, limit));
    await bench.called(2);
    await bench.clock.turn(10_000);
    await bench.called(3);
    await bench.clock.turn(2_000);
    expect(await failure).toMatchObject({ code: 'store_unavailable' });
  });
});

test('a right that is late is waited for, while rights may be', async () => {
  bench.interceptWith(failing('BeginTransaction', fault('AccessDeniedException')));
  const now = bench.clock.monotonicMs();
  const time = { untilMonotonicMs: now + 300_000, rightsUntilMonotonicMs: now + 120_000 };
  const done = bench.dataApi.transaction(writeTwo, time);
  // What is not asked again fails at once.
  await Promise.race([pastFirstPause(), done]);
  expect(await done).toBe('written');
});

describe('what is not repeated', () => {
  test('a statement that PostgreSQL refuses: the whole is rolled back', async () => {
    const work = async (execute: TransactionExecute) => {
      await writeTwo(execute);
      await execute("insert into notes values ('first')");
    };
    await expect(bench.dataApi.transaction(work)).rejects.toMatchObject({
      code: 'statement_refused',
      sqlState: '23505',
    });
    expect(await notes()).toEqual([]);
    expect(bench.calls.filter((call) => call === 'BeginTransaction')).toHaveLength(1);
  });

  test.each([
    ['of an internal class', Object.assign(new Error('a verdict'), { code: 'foreign_table' })],
    ['of nobody’s: a bug', new TypeError('x is undefined')],
    ['that is no Error', 'thrown text'],
  ])('what its work throws itself comes out as it is, after a rollback: %s', async (_case, thrown) => {
    const done = bench.dataApi.transaction(async (execute) => {
      await writeTwo(execute);
      throw thrown;
    });
    await expect(done).rejects.toBe(thrown);
    expect(await notes()).toEqual([]);
    expect(bench.calls.at(-1)).toBe('RollbackTransaction');
  });

  test('a fault that no waiting helps', async () => {
    bench.interceptWith(firstCalls(fault('AccessDeniedException')));
    await expect(bench.dataApi.transaction(writeTwo)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(bench.calls).toEqual(['BeginTransaction']);
  });

  test('a right that is still missing when rights may no longer be late', async () => {
    bench.interceptWith(firstCalls(fault('AccessDeniedException'), fault('AccessDeniedException')));
    const time = { untilMonotonicMs: Number.MAX_SAFE_INTEGER, rightsUntilMonotonicMs: 1 };
    await expect(bench.dataApi.transaction(writeTwo, time)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(bench.calls).toEqual(['BeginTransaction']);
  });

  test('the commit of a transaction whose work looked away from a refusal', async () => {
    const work = async (execute: TransactionExecute) => {
      await execute("insert into notes values ('first')");
      await execute('select 1 / 0').catch(() => undefined);
    };
    await expect(bench.dataApi.transaction(work)).rejects.toMatchObject({
      code: 'statement_refused',
      sqlState: '25P02',
    });
    expect(await notes()).toEqual([]);
  });
});
