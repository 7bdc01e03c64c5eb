// Real: the SDK's client, HTTP over loopback, PostgreSQL 17 with its locks. Doubles: the endpoint's clock. Each test names the
// sentence of the AWS manual that it holds the local endpoint to, or says it was measured.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DataApiBench, refusalOf, startDataApiBench, untilSomebodyWaits } from './data-api-world.ts';

/** @param databaseSettings what somebody has set for the database, and no call may notice */
export function dataApiTransactionsSuite(databaseSettings: readonly string[] = []): void {
  let bench: DataApiBench;

  beforeAll(async () => {
    bench = await startDataApiBench({ databaseSettings });
    await bench.pool.query('create table notes (note text primary key)');
  });

  beforeEach(() => bench.pool.query('truncate notes'));
  afterAll(() => bench.close());

  const notes = async (): Promise<string[]> => {
    const { rows } = await bench.pool.query<{ note: string }>('select note from notes order by note');
    return rows.map(({ note }) => note);
  };

  describe('a transaction', () => {
    // "Ends a SQL transaction started with the BeginTransaction operation and commits the changes."
    it('is seen by others once committed, and not before', async () => {
      const transactionId = await bench.begin();
      await bench.execute("insert into notes values ('a')", { transactionId });
      const before = await notes();
      const status = await bench.commit(transactionId);
      expect({ before, status, after: await notes() }).toEqual({
        before: [],
        status: 'Transaction Committed',
        after: ['a'],
      });
    });

    // "Performs a rollback of a transaction. Rolling back a transaction cancels its changes."
    it('leaves nothing when rolled back', async () => {
      const transactionId = await bench.begin();
      await bench.execute("insert into notes values ('a')", { transactionId });
      expect(await bench.rollback(transactionId)).toBe('Rollback Complete');
      expect(await notes()).toEqual([]);
    });

    // "One previous call resulted in a termination of your transaction."
    it('is gone after its commit', async () => {
      const transactionId = await bench.begin();
      await bench.commit(transactionId);
      expect(await refusalOf(bench.execute('select 1', { transactionId }))).toEqual({
        name: 'TransactionNotFoundException',
        message: `Transaction ${transactionId} is not found. One previous call resulted in a termination of your transaction.`,
        status: 404,
      });
    });

    // "It's also possible that the specified transaction ID wasn't created by a BeginTransaction call."
    it('must have been begun', async () => {
      expect(await refusalOf(bench.commit('bm8gc3VjaA=='))).toMatchObject({
        name: 'TransactionNotFoundException',
        message: 'Transaction bm8gc3VjaA== is not found. Transaction may be expired.',
      });
    });

    // "A transaction times out if there are no calls that use its transaction ID in three minutes. If a transaction times out
    // before it's committed, it's rolled back automatically."
    it('is rolled back after three minutes without a call, counted from the last one', async () => {
      const transactionId = await bench.begin();
      await bench.execute("insert into notes values ('a')", { transactionId });
      await bench.timers.advance(179_000);
      await bench.execute("insert into notes values ('b')", { transactionId });
      await bench.timers.advance(179_000);
      await bench.execute('select 1', { transactionId });
      await bench.timers.advance(180_000);
      expect((await refusalOf(bench.commit(transactionId))).message).toMatch(/Transaction may be expired\.$/);
      expect(await notes()).toEqual([]);
    });

    // "A transaction can run for a maximum of 24 hours. A transaction is terminated and rolled back automatically after 24 hours."
    it('is rolled back after 24 hours, however busy', async () => {
      const transactionId = await bench.begin();
      const dayMs = 24 * 3_600_000;
      const betweenCallsMs = 170_000;
      for (let passedMs = betweenCallsMs; passedMs < dayMs; passedMs += betweenCallsMs) {
        await bench.timers.advance(betweenCallsMs);
        await bench.execute('select 1', { transactionId });
      }
      await bench.timers.advance(betweenCallsMs);
      expect((await refusalOf(bench.commit(transactionId))).message).toMatch(/Transaction may be expired\.$/);
    });

    // "When the Data API receives multiple requests with the same transaction ID, it immediately returns this error."
    it('runs one statement at a time', async () => {
      const blocker = await bench.pool.connect();
      await blocker.query("begin; insert into notes values ('a')");
      const transactionId = await bench.begin();
      const first = bench.execute("insert into notes values ('a')", { transactionId });
      await untilSomebodyWaits(bench.pool);
      const refusal = await refusalOf(bench.execute('select 1', { transactionId }));
      await blocker.query('rollback');
      blocker.release();
      await first;
      await bench.rollback(transactionId);
      expect(refusal).toEqual({
        name: 'DatabaseErrorException',
        message: 'Transaction is still running a query',
        status: 400,
      });
    });

    // Measured on a live cluster: SAVEPOINT and ROLLBACK TO work, so an error does not end the transaction.
    it('outlives the error of a statement, and can go back to a savepoint', async () => {
      const transactionId = await bench.begin();
      await bench.execute("insert into notes values ('a')", { transactionId });
      await bench.execute('savepoint here', { transactionId });
      await refusalOf(bench.execute("insert into notes values ('a')", { transactionId }));
      const aborted = await refusalOf(bench.execute('select 1', { transactionId }));
      await bench.execute('rollback to savepoint here', { transactionId });
      await bench.commit(transactionId);
      expect(aborted.message).toMatch(/; SQLState: 25P02$/);
      expect(await notes()).toEqual(['a']);
    });

    it('in which a statement failed cannot be committed', async () => {
      const transactionId = await bench.begin();
      await refusalOf(bench.execute('select 1/0', { transactionId }));
      expect((await refusalOf(bench.commit(transactionId))).message).toMatch(/; SQLState: 25P02$/);
    });

    // "Transaction has been aborted due to an error from a previous call."
    it('whose connection the server ended is over, and says so from the second call on', async () => {
      const transactionId = await bench.begin();
      await bench.execute("insert into notes values ('a')", { transactionId });
      await bench.pool.query(
        `select pg_terminate_backend(pid, 10000) from pg_stat_activity
       where state = 'idle in transaction' and datname = current_database()`,
      );
      const first = await refusalOf(bench.execute('select 1', { transactionId }));
      const second = await refusalOf(bench.execute('select 1', { transactionId }));
      expect(first).toMatchObject({ name: 'DatabaseUnavailableException', status: 504 });
      expect(second.message).toMatch(/Transaction has been aborted due to an error from a previous call\.$/);
      expect(await notes()).toEqual([]);
    });

    it('holds transaction locks against others, and session settings for nobody', async () => {
      const transactionId = await bench.begin();
      await bench.execute('select pg_advisory_xact_lock(1)', { transactionId });
      await bench.execute("set application_name = 'mine'", { transactionId });
      expect(await bench.value('select pg_try_advisory_xact_lock(1)')).toEqual({ booleanValue: false });
      await bench.commit(transactionId);
      expect(await bench.value('select pg_try_advisory_xact_lock(1)')).toEqual({ booleanValue: true });
      expect(await bench.value("select current_setting('application_name')")).toEqual({ stringValue: 'Data API' });
    });
  });

  // Measured on a live cluster: "SET outside a transaction: silently ineffective", "temp tables: fresh PG session per call". The
  // manual says by what means: "Before reusing a connection, … on PostgreSQL, RDS Data API runs the `DISCARD ALL` statement".
  describe('a session', () => {
    /** One connection, so that the next call gets the same. */
    let single: DataApiBench;

    beforeAll(async () => {
      single = await startDataApiBench({ databaseSettings, maxConnections: 1 });
    });
    afterAll(() => single.close());

    it.each([
      ["set application_name = 'mine'", "select current_setting('application_name')", { stringValue: 'Data API' }],
      [
        "select set_config('application_name', 'mine', false)",
        "select current_setting('application_name')",
        { stringValue: 'Data API' },
      ],
      ['create temp table passing (a int)', "select cast(to_regclass('passing') as text)", { isNull: true }],
      ['select pg_advisory_lock(9)', 'select pg_try_advisory_xact_lock(9)', { booleanValue: true }],
      ['begin', 'select pg_current_xact_id_if_assigned() is null', { booleanValue: true }],
    ])('keeps nothing of: %s', async (statement, question, answer) => {
      await single.execute(statement);
      expect(await single.value(question)).toEqual(answer);
    });

    it('is used again, as new: what it knew of a sequence is forgotten', async () => {
      await single.execute('create sequence passing_numbers');
      const used = await single.value("select pg_backend_pid() + 0 * nextval('passing_numbers')");
      const again = await single.value('select cast(pg_backend_pid() as bigint)');
      expect(again).toEqual(used);
      expect((await refusalOf(single.execute('select lastval()'))).message).toMatch(/; SQLState: 55000$/);
    });
  });
}
