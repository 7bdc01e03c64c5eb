// Real: the SDK's client, HTTP over loopback, PostgreSQL 17. Doubles: none. Each test names the sentence of the AWS manual
// (API reference of the RDS Data API, or Aurora user guide) that it holds the local endpoint to, or says it was measured.
import { BatchExecuteStatementCommand } from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataApiBench, refusalOf, startDataApiBench } from './data-api-world.ts';

/** @param databaseSettings what somebody has set for the database, and no call may notice */
export function dataApiResultsSuite(databaseSettings: readonly string[] = []): void {
  let bench: DataApiBench;

  beforeAll(async () => {
    bench = await startDataApiBench({ databaseSettings });
    await bench.pool.query("create type mood as enum ('calm', 'cross')");
    await bench.pool.query(`create table rooms (
    id bigint generated always as identity primary key, code serial, name varchar(40) not null, price numeric(8,2))`);
  });

  afterAll(() => bench.close());

  describe('a result field', () => {
    // "RDS Data API supports following Aurora PostgreSQL scalar types", in the members of the table of JDBC types.
    it.each([
      ['cast(7 as smallint)', { longValue: 7 }],
      ['7', { longValue: 7 }],
      ['cast(7 as bigint)', { longValue: 7 }],
      ['cast(1.5 as float8)', { doubleValue: 1.5 }],
      ['cast(1e300 as float8)', { doubleValue: 1e300 }],
      ['cast(1.50 as numeric)', { stringValue: '1.50' }],
      ['true', { booleanValue: true }],
      ["'x'", { stringValue: 'x' }],
      ["cast('calm' as mood)", { stringValue: 'calm' }],
      ['cast(\'{"a": 1}\' as jsonb)', { stringValue: '{"a": 1}' }],
      ["cast('6f9619ff-8b86-4d01-b42d-00c04fc964ff' as uuid)", { stringValue: '6f9619ff-8b86-4d01-b42d-00c04fc964ff' }],
      [String.raw`cast('\x00ff' as bytea)`, { blobValue: Uint8Array.from([0, 255]) }],
      ["cast('10.0.0.0/8' as cidr)", { stringValue: '10.0.0.0/8' }],
      ["date '2026-11-23'", { stringValue: '2026-11-23' }],
      ["time '12:00:00.5'", { stringValue: '12:00:00.500' }],
      ['null', { isNull: true }],
      ["array['a', null, 'b,\"c\"']", { arrayValue: { stringValues: ['a', null, 'b,"c"'] } }],
      ['array[1, 2]', { arrayValue: { longValues: [1, 2] } }],
      ["cast('{}' as bigint[])", { arrayValue: { stringValues: [] } }],
      ['array[true]', { arrayValue: { booleanValues: [true] } }],
    ])('%s comes as %j', async (expression, field) => {
      expect(await bench.value(`select ${expression}`)).toEqual(field);
    });

    // "Data API always returns the Aurora PostgreSQL data type TIMESTAMPTZ in UTC time zone."
    it.each([
      ['2026-11-23 14:00:00+02', '2026-11-23 12:00:00'],
      ['2026-11-23 14:00:00.5+02', '2026-11-23 12:00:00.500'],
      ['2026-11-23 14:00:00.123456Z', '2026-11-23 14:00:00.123456'],
    ])('the instant %s comes as the UTC wall clock %s, the zone gone', async (instant, wallClock) => {
      expect(await bench.value(`select timestamptz '${instant}'`)).toEqual({ stringValue: wallClock });
    });

    it('is in UTC even where the transaction set another zone', async () => {
      const transactionId = await bench.begin();
      await bench.execute("set local timezone = 'Europe/Berlin'", { transactionId });
      const { records } = await bench.execute("select timestamptz '2026-11-23 12:00:00Z'", { transactionId });
      await bench.rollback(transactionId);
      expect(records).toEqual([[{ stringValue: '2026-11-23 12:00:00' }]]);
    });

    // "The result contains the unsupported data type data_type"; spellings as measured on live clusters.
    it.each([
      ["interval '1 day'", 'INTERVAL'],
      ["cast('12:00+02' as timetz)", 'TIMETZ'],
      ["cast('1' as money)", 'MONEY'],
      ["cast('(1,2)' as point)", 'POINT'],
      ['cast(\'x\' as "char")', '"CHAR"'],
      ["cast('pg_class' as regclass)", 'regclass'],
    ])('%s is a type the Data API does not return', async (expression, name) => {
      expect(await refusalOf(bench.execute(`select ${expression}`))).toEqual({
        name: 'UnsupportedResultException',
        message: `The result contains the unsupported data type ${name}.`,
        status: 400,
      });
    });

    // UnsupportedResultException: "It contained a multidimensional array."
    it('holds no array of arrays', async () => {
      expect(await refusalOf(bench.execute('select array[[1],[2]]'))).toMatchObject({
        name: 'UnsupportedResultException',
      });
    });

    // Measured on a live cluster: "fails with a bare InternalFailure and no message at all".
    it.each(["timestamptz 'infinity'", "date '-infinity'", "timestamp 'infinity'"])(
      '%s cannot be returned',
      async (expression) => {
        expect(await refusalOf(bench.execute(`select ${expression}`))).toMatchObject({
          name: 'InternalFailure',
          status: 500,
        });
      },
    );
  });

  describe('resultSetOptions', () => {
    // "Specify STRING if the length or precision of numeric values might cause truncation or rounding errors."
    it('longReturnType STRING keeps a bigint beyond 2^53 exact', async () => {
      const { records } = await bench.execute('select 9007199254740993', {
        resultSetOptions: { longReturnType: 'STRING' },
      });
      expect(records).toEqual([[{ stringValue: '9007199254740993' }]]);
    });

    // "DOUBLE_OR_LONG specifies that it is converted to a Long value if its scale is 0, or to a Double value otherwise."
    it('decimalReturnType DOUBLE_OR_LONG goes by the scale', async () => {
      const { records } = await bench.execute('select cast(12 as numeric), 1.50', {
        resultSetOptions: { decimalReturnType: 'DOUBLE_OR_LONG' },
      });
      expect(records).toEqual([[{ longValue: 12 }, { doubleValue: 1.5 }]]);
    });
  });

  describe('an answer', () => {
    // "A value that indicates whether to include metadata in the results."
    it('describes its columns only when asked, and says serial for a serial', async () => {
      const sql = "insert into rooms (name) values ('blue') returning id, code, name as label, price";
      expect((await bench.execute(sql)).columnMetadata).toBeUndefined();
      const { columnMetadata } = await bench.execute(sql, { includeResultMetadata: true });
      const shown = (columnMetadata ?? []).map(({ label, typeName, nullable, precision, tableName }) => [
        label,
        typeName,
        nullable,
        precision,
        tableName,
      ]);
      expect(shown).toEqual([
        ['id', 'bigserial', 0, 19, 'rooms'],
        ['code', 'serial', 0, 10, 'rooms'],
        ['label', 'varchar', 0, 40, 'rooms'],
        ['price', 'numeric', 1, 8, 'rooms'],
      ]);
    });

    // "The number of records updated by the request." "The generatedFields data isn't supported by Aurora PostgreSQL."
    it('counts what was changed, and generates no fields', async () => {
      await bench.execute("insert into rooms (name) values ('a'), ('b')");
      const answer = await bench.execute("update rooms set price = 1 where name in ('a', 'b')");
      expect(answer).toMatchObject({ numberOfRecordsUpdated: 2, generatedFields: [] });
      expect(answer.records).toBeUndefined();
    });

    // "This parameter only applies to SELECT statements and is ignored for other types of statements."
    it('is formatted as JSON for SELECT only', async () => {
      const select = await bench.execute("select 1 as one, 'x' as x, null as nothing, array[1, 2] as list", {
        formatRecordsAs: 'JSON',
      });
      expect(JSON.parse(select.formattedRecords ?? '')).toEqual([{ one: 1, x: 'x', nothing: null, list: [1, 2] }]);
      expect(select.records).toBeUndefined();

      const update = await bench.execute("update rooms set price = 2 where name = 'a' returning name", {
        formatRecordsAs: 'JSON',
      });
      expect(update.formattedRecords).toBeUndefined();
      expect(update.records).toEqual([[{ stringValue: 'a' }]]);
    });

    // "Make sure that each row in a result set is 64 KB or less."
    it('holds no row over 64 KB', async () => {
      expect(await bench.value("select length(repeat('x', 65000))")).toEqual({ longValue: 65_000 });
      expect(await bench.value("select repeat('x', 65000)")).toBeDefined();
      expect(await refusalOf(bench.execute("select repeat('x', 66000)"))).toMatchObject({
        name: 'UnsupportedResultException',
        status: 400,
      });
    });

    // "The response size limit is 1 MiB. If the call returns more than 1 MiB of response data, the call is terminated."
    it.each([18, 2000])('of %i rows of 60 KB exceeds 1 MiB', async (rows) => {
      const refusal = await refusalOf(bench.execute(`select repeat('x', 60000) from generate_series(1, ${rows})`));
      expect(refusal).toMatchObject({
        name: 'UnsupportedResultException',
        message: 'The result exceeds the size limit 1 MB.',
      });
    });
  });

  describe('BatchExecuteStatement', () => {
    const batch = (sql: string, names: string[]) =>
      bench.client.send(
        new BatchExecuteStatementCommand({
          ...bench.target,
          sql,
          parameterSets: names.map((name) => [{ name: 'name', value: { stringValue: name } }]),
        }),
      );

    // "The SQL statement is executed as many times as the number of parameter sets provided."
    // "For Aurora PostgreSQL, the generated fields object is empty."
    it('runs once for each parameter set, and tells neither rows nor counts', async () => {
      const answer = await batch('insert into rooms (name) values (:name) returning id', ['c1', 'c2', 'c3']);
      expect(answer.updateResults).toEqual([{ generatedFields: [] }, { generatedFields: [] }, { generatedFields: [] }]);
      expect(await bench.value("select count(*) from rooms where name like 'c_'")).toEqual({ longValue: 3 });
    });

    it('is refused with the error of the set that failed', async () => {
      await bench.execute('create table unique_names (name text primary key)');
      const refusal = await refusalOf(batch('insert into unique_names values (:name)', ['a', 'a']));
      expect(refusal.message).toBe(
        'ERROR: duplicate key value violates unique constraint "unique_names_pkey"; Detail: Key (name)=(a) already exists.; SQLState: 23505',
      );
    });
  });
}
