// Real: the client, the SDK, the local Data API, PostgreSQL. Doubles: the client's and the endpoint's clock, turned by hand, and
// answers that a cluster gives only when it is in trouble. No text of the database's may ever be in an error.
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { storableText } from '../../../shared/aws/storable-text.ts';
import { StatementRefused, StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { untilSomebodyWaits, untilWaiting } from '../../local/data-api-world.ts';
import { type ClientBench, failureOf, fault, firstCalls, startClientBench } from './data-api-client-bench.ts';

let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench();
  await bench.pool.query('create table notes (id integer primary key, text text, document jsonb)');
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const ASK = 'select 1 as one';

/** `seconds` from now on the client's clock. */
function within(seconds: number) {
  return { untilMonotonicMs: bench.clock.monotonicMs() + seconds * 1000 };
}

describe('a statement', () => {
  test('has its parameters bound by name and its rows by column', async () => {
    const values = { text: 'Grüße 👋', whole: 42, part: 0.5, yes: true, nothing: null };
    const sql =
      'select :text as text, cast(:whole as bigint) as whole, cast(:part as double precision) as part, :yes as yes, cast(:nothing as text) as nothing';
    expect(await bench.execute(sql, values)).toEqual([values]);
  });

  test('carries bytes both ways', async () => {
    const bytes = new Uint8Array([0, 1, 254, 255]);
    const [row] = await bench.execute('select cast(:bytes as bytea) as bytes', { bytes });
    expect(Buffer.from(row?.['bytes'] instanceof Uint8Array ? row['bytes'] : [])).toEqual(Buffer.from(bytes));
  });

  test('without rows answers none', async () => {
    expect(await bench.execute('select 1 as one where false', {})).toEqual([]);
    expect(await bench.execute('delete from notes', {})).toEqual([]);
  });

  test.each(['a\0b', 'a\ud800b'])('stores text from outside once it is storable: %j', async (text) => {
    const sql = 'select cast(:document as jsonb) as document';
    const refused = await failureOf(bench.execute(sql, { document: JSON.stringify({ text }) }));
    expect(refused).toBeInstanceOf(StatementRefused);
    const document = JSON.stringify({ text: storableText(text) });
    expect(await bench.execute(sql, { document })).toHaveLength(1);
  });
});

describe('a statement that PostgreSQL refuses', () => {
  test('is told by its SQLSTATE, is not repeated, and nothing of its rows is in the error', async () => {
    await bench.execute("insert into notes values (1, 'x')", {});
    bench.calls.length = 0;
    const sql = 'insert into notes (id, text) values (1, :text)';
    const error = await failureOf(bench.execute(sql, { text: 'canary' }));
    expect(error).toMatchObject({ name: 'StatementRefused', code: 'statement_refused', sqlState: '23505' });
    expect(error).toHaveProperty('names', { constraint: 'notes_pkey' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary|already exists|\(id\)/);
    expect(bench.calls).toHaveLength(1);
  });

  test.each([
    ['select * from nowhere', '42P01'],
    ['select 1 / 0', '22012'],
    ['selec 1', '42601'],
  ])('%s: %s', async (sql, sqlState) => {
    expect(await failureOf(bench.execute(sql, {}))).toMatchObject({ sqlState });
  });

  test('is refused even where its own text speaks of another SQLSTATE', async () => {
    const sql = `do $$ begin raise exception 'SQLState: 40001; see' using errcode = '22023'; end $$`;
    expect(await failureOf(bench.execute(sql, {}))).toMatchObject({ sqlState: '22023' });
    expect(bench.calls).toHaveLength(1);
  });
});

describe('a passing fault', () => {
  test.each([
    ['a cluster that wakes', fault('DatabaseResumingException')],
    ['a writer that is away', fault('DatabaseUnavailableException', { status: 504 })],
    ['throttling', fault('ThrottlingException', { status: 429 })],
    ['a service that is down', fault('ServiceUnavailableError', { status: 503 })],
    ['an error of the service', fault('InternalServerErrorException', { status: 500 })],
    ['a statement that took too long', fault('StatementTimeoutException')],
    ['a failover', fault('DatabaseErrorException', { message: 'FATAL: going down; SQLState: 57P01' })],
    ['a password just rotated', fault('BadRequestException', { message: 'FATAL: no; SQLState: 28P01' })],
    ['a serialization failure', fault('DatabaseErrorException', { message: 'ERROR: no; SQLState: 40001' })],
    ['too many connections', fault('DatabaseErrorException', { message: 'FATAL: no; SQLState: 53300' })],
    ['a statement cancelled by a timeout', fault('DatabaseErrorException', { message: 'ERROR: no; SQLState: 57014' })],
    [
      'a transaction cancelled by a timeout',
      fault('DatabaseErrorException', { message: 'FATAL: no; SQLState: 25P04' }),
    ],
    ['a login under repair', fault('DatabaseErrorException', { message: 'FATAL: no; SQLState: 28000' })],
    ['a server with an internal error', fault('DatabaseErrorException', { message: 'ERROR: no; SQLState: XX000' })],
    [
      'an answer nobody can read',
      { kind: 'answer', effect: 'none', response: { status: 200, headers: {}, body: '<' } },
    ],
  ] as const)('is asked again after a pause: %s', async (_case, answer) => {
    bench.interceptWith(firstCalls(answer, answer));
    const asked = bench.execute(ASK, {});
    await Promise.race([bench.clock.timerSet(50), asked]);
    await bench.clock.turn(50);
    await bench.clock.timerSet(100);
    await bench.clock.turn(100);
    expect(await asked).toEqual([{ one: 1 }]);
    expect(bench.calls).toHaveLength(3);
  });

  test('is asked again while the cluster resumes, and answered when it is awake', async () => {
    bench.endpoint.simulateResume({ forMs: 20_000 });
    const asked = bench.execute(ASK, {});
    await bench.clock.timerSet(50);
    await bench.timers.advance(20_000);
    await bench.clock.turn(50);
    expect(await asked).toEqual([{ one: 1 }]);
  });

  test('is waited out longer and longer, up to a second or two between', async () => {
    bench.interceptWith(() => fault('DatabaseResumingException'));
    const asked = failureOf(bench.execute(ASK, {}, within(10)));
    for (const pauseMs of [50, 100, 200, 400, 800, 1000]) {
      await bench.clock.timerSet(pauseMs);
      await bench.clock.turn(pauseMs);
    }
    await bench.called(7);
    bench.interceptWith(() => fault('AccessDeniedException'));
    await bench.clock.turn(1000);
    await asked;
    expect(bench.calls).toHaveLength(8);
  });

  test('of a lock that another transaction holds passes with that transaction', async () => {
    await bench.pool.query("insert into notes values (2, 'held')");
    const holder = await bench.pool.connect();
    await holder.query('begin; select from notes where id = 2 for update');
    const asked = bench.execute('select text from notes where id = 2 for update nowait', {});
    await bench.clock.timerSet(50);
    await holder.query('rollback');
    holder.release();
    await bench.clock.turn(50);
    expect(await asked).toEqual([{ text: 'held' }]);
  });

  test('of an administrator who cancels the statement is asked again', async () => {
    await bench.pool.query("insert into notes values (4, 'held')");
    const holder = await bench.pool.connect();
    await holder.query('begin; select from notes where id = 4 for update');
    const asked = bench.execute('select text from notes where id = 4 for update', {});
    await untilSomebodyWaits(bench.pool);
    await bench.pool.query(
      "select pg_cancel_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    await bench.clock.timerSet(50);
    await holder.query('rollback');
    holder.release();
    await bench.clock.turn(50);
    expect(await asked).toEqual([{ text: 'held' }]);
    expect(bench.calls).toHaveLength(2);
  });

  test('that lasts beyond the limit is StoreUnavailable, with the name of the fault and no more', async () => {
    bench.interceptWith(() => fault('DatabaseErrorException', { message: 'Detail: canary; SQLState: 40001' }));
    const asked = failureOf(bench.execute(ASK, {}, within(0.12)));
    await bench.clock.timerSet(50);
    await bench.clock.turn(50);
    const error = await asked;
    expect(error).toBeInstanceOf(StoreUnavailable);
    const because = 'other transactions were in the way: a deadlock or a conflict';
    const message = `the database is unavailable: DatabaseErrorException, SQLSTATE 40001 (${because})`;
    expect(error).toMatchObject({ message, sqlState: '40001', names: {} });
    expect(error).not.toHaveProperty('cause');
    expect(inspect(error, { depth: 10 })).not.toContain('canary');
    expect(bench.calls).toHaveLength(2);
  });

  test.each([
    ['that never comes', { kind: 'hang', effect: 'none' }],
    ['that never comes for a statement that ran', { kind: 'hang', effect: 'done' }],
  ] as const)('an answer %s is asked for again after 3 s', async (_case, hang) => {
    bench.interceptWith(firstCalls(hang));
    const asked = bench.execute(ASK, {}, within(10));
    await bench.called(1);
    await bench.clock.turn(2_999);
    expect(bench.calls).toHaveLength(1);
    await bench.clock.turn(1);
    await bench.clock.timerSet(50);
    await bench.clock.turn(50);
    expect(await asked).toEqual([{ one: 1 }]);
    expect(bench.calls).toHaveLength(2);
  });

  test('an answer that never comes is waited for twice as long each time, and given up at the limit', async () => {
    bench.interceptWith(() => ({ kind: 'hang', effect: 'none' }));
    const asked = failureOf(bench.execute(ASK, {}, within(10)));
    for (const [tries, tryMs, pauseMs] of [
      [1, 3_000, 50],
      [2, 6_000, 100],
    ] as const) {
      await bench.called(tries);
      await bench.clock.turn(tryMs);
      await bench.clock.timerSet(pauseMs);
      await bench.clock.turn(pauseMs);
    }
    await bench.called(3);
    await bench.clock.turn(849);
    expect(bench.calls).toHaveLength(3);
    await bench.clock.turn(1);
    const error = await asked;
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toHaveProperty('message', 'the database is unavailable: NoAnswer');
    expect(bench.calls).toHaveLength(3);
  });

  test('a quick fault shortens nobody’s time and doubles it for nobody', async () => {
    bench.interceptWith(firstCalls(fault('ThrottlingException'), { kind: 'hang', effect: 'none' }));
    const asked = bench.execute(ASK, {}, within(10));
    await bench.clock.timerSet(50);
    await bench.clock.turn(50);
    await bench.called(2);
    await bench.clock.turn(3_000);
    await bench.clock.timerSet(100);
    await bench.clock.turn(100);
    expect(await asked).toEqual([{ one: 1 }]);
  });

  test('a statement that takes 4 s is answered by its second try', async () => {
    await bench.pool.query("insert into notes values (5, 'slow')");
    const holder = await bench.pool.connect();
    await holder.query('begin; select from notes where id = 5 for update');
    const asked = bench.execute('select text from notes where id = 5 for update', {}, within(10));
    await untilWaiting(bench.pool, 1);
    await bench.clock.turn(3_000);
    await bench.clock.timerSet(50);
    await bench.clock.turn(50);
    // The first copy goes on waiting, though nobody waits for its answer.
    await untilWaiting(bench.pool, 2);
    await bench.clock.turn(4_000);
    await holder.query('rollback');
    holder.release();
    expect(await asked).toEqual([{ text: 'slow' }]);
    expect(bench.calls).toHaveLength(2);
  });

  test('an answer that never comes is given up after 40 s where no limit is given', async () => {
    bench.interceptWith(() => ({ kind: 'hang', effect: 'none' }));
    const asked = failureOf(bench.execute(ASK, {}));
    for (const [tries, tryMs, pauseMs] of [
      [1, 3_000, 50],
      [2, 6_000, 100],
      [3, 12_000, 200],
    ] as const) {
      await bench.called(tries);
      await bench.clock.turn(tryMs);
      await bench.clock.timerSet(pauseMs);
      await bench.clock.turn(pauseMs);
    }
    await bench.called(4);
    await bench.clock.turn(18_650);
    expect(await asked).toBeInstanceOf(StoreUnavailable);
  });

  test('nothing is asked once the limit has passed', async () => {
    expect(await failureOf(bench.execute(ASK, {}, within(0)))).toBeInstanceOf(StoreUnavailable);
    expect(bench.calls).toEqual([]);
  });

  test('a statement that ran though its answer was lost runs twice: the caller’s statements bear it', async () => {
    bench.interceptWith(firstCalls(fault('ServiceUnavailableError', { status: 503, effect: 'done' })));
    const asked = bench.execute("insert into notes values (3, 'x') on conflict do nothing returning id", {});
    await bench.clock.timerSet(50);
    await bench.clock.turn(50);
    expect(await asked).toEqual([]);
    expect((await bench.pool.query('select from notes where id = 3')).rowCount).toBe(1);
  });
});

test.each([
  'AccessDeniedException',
  'ForbiddenException',
  'HttpEndpointNotEnabledException',
  'DatabaseNotFoundException',
  'ValidationException',
])('a fault that no waiting helps is StoreUnavailable at once: %s', async (name) => {
  bench.interceptWith(() => fault(name, { status: name === 'ForbiddenException' ? 403 : 400 }));
  expect(await failureOf(bench.execute(ASK, {}))).toMatchObject({
    code: 'store_unavailable',
    message: `the database is unavailable: ${name}`,
  });
  expect(bench.calls).toHaveLength(1);
});
