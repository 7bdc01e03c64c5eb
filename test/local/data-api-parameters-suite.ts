// Real: the SDK's client, HTTP over loopback, PostgreSQL 17. Doubles: none. Each test names the sentence of the AWS manual
// (API reference of the RDS Data API, or Aurora user guide) that it holds the local endpoint to.
import type { SqlParameter } from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataApiBench, refusalOf, startDataApiBench } from './data-api-world.ts';

/** @param databaseSettings what somebody has set for the database, and no call may notice */
export function dataApiParametersSuite(databaseSettings: readonly string[] = []): void {
  let bench: DataApiBench;

  beforeAll(async () => {
    bench = await startDataApiBench({ databaseSettings });
    await bench.pool.query('create table items (id bigint primary key, code uuid, note text)');
    await bench.pool.query("insert into items values (7, '6f9619ff-8b86-4d01-b42d-00c04fc964ff', 'seven')");
  });

  afterAll(() => bench.close());

  const string = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });
  const typeOf = (parameter: SqlParameter) => bench.value('select cast(pg_typeof(:p) as text)', [parameter]);

  // Table "JDBC data type → Data API data type": LONG, DOUBLE, STRING, BOOLEAN, BLOB.
  describe('a parameter is declared with the type of its member', () => {
    it.each([
      [string('p', 'x'), 'text'],
      [{ name: 'p', value: { longValue: 5 } }, 'bigint'],
      [{ name: 'p', value: { doubleValue: 1.5 } }, 'double precision'],
      [{ name: 'p', value: { booleanValue: true } }, 'boolean'],
      [{ name: 'p', value: { blobValue: Buffer.from('x') } }, 'bytea'],
    ] satisfies [SqlParameter, string][])('%j as %s', async (parameter, type) => {
      expect(await typeOf(parameter)).toEqual({ stringValue: type });
    });

    it.each(['id', 'code'])('so that a string compared with the column %s fails without a cast', async (column) => {
      const refusal = await refusalOf(
        bench.execute(`select note from items where ${column} = :v`, { parameters: [string('v', '7')] }),
      );
      expect(refusal).toMatchObject({ name: 'DatabaseErrorException', status: 400 });
      expect(refusal.message).toMatch(
        /^ERROR: operator does not exist: .* = text; Hint: .*; Position: \d+; SQLState: 42883$/,
      );
    });

    it('and a cast makes it comparable', async () => {
      const found = await bench.value('select note from items where id = cast(:v as bigint)', [string('v', '7')]);
      expect(found).toEqual({ stringValue: 'seven' });
    });

    it('and a null fits any column', async () => {
      await bench.execute('insert into items values (:id, :code, :note)', {
        parameters: [
          { name: 'id', value: { longValue: 8 } },
          { name: 'code', value: { isNull: true } },
          { name: 'note', value: { isNull: true } },
        ],
      });
      expect(await bench.value('select code from items where id = 8')).toEqual({ isNull: true });
    });
  });

  describe('typeHint', () => {
    // "The corresponding String parameter value is sent as an object of … type to the database."
    it.each([
      ['DATE', '2026-11-23', 'date'],
      ['DECIMAL', '1.50', 'numeric'],
      ['JSON', '{"a":1}', 'json'],
      ['TIME', '12:00:00.5', 'time without time zone'],
      ['TIMESTAMP', '2026-11-23 12:00:00.123', 'timestamp without time zone'],
      ['UUID', '6f9619ff-8b86-4d01-b42d-00c04fc964ff', 'uuid'],
    ] as const)('%s sends %s as %s', async (typeHint, value, type) => {
      expect(await typeOf({ ...string('p', value), typeHint })).toEqual({ stringValue: type });
    });

    // "The accepted format is YYYY-MM-DD." "… HH:MM:SS[.FFF]." "… YYYY-MM-DD HH:MM:SS[.FFF]."
    it.each([
      ['DATE', '23.11.2026'],
      ['TIME', '12:00'],
      ['TIMESTAMP', '2026-11-23T12:00:00.000Z'],
      ['TIMESTAMP', '2026-11-23 12:00:00+02'],
      ['TIMESTAMP', '2026-11-23 12:00:00.123456'],
    ] as const)('%s does not take %s', async (typeHint, value) => {
      const refusal = await refusalOf(
        bench.execute('select :p', { parameters: [{ ...string('p', value), typeHint }] }),
      );
      expect(refusal).toMatchObject({ name: 'ValidationException', status: 400 });
    });

    it('leaves a malformed UUID to the database', async () => {
      const parameters = [{ ...string('p', 'nonsense'), typeHint: 'UUID' as const }];
      expect((await refusalOf(bench.execute('select :p', { parameters }))).message).toMatch(/; SQLState: 22P02$/);
    });
  });

  describe('a parameter list', () => {
    // "Array parameters are not supported."
    it('takes no arrays', async () => {
      const parameters = [{ name: 'p', value: { arrayValue: { longValues: [1, 2] } } }];
      expect(await refusalOf(bench.execute('select :p', { parameters }))).toMatchObject({
        name: 'ValidationException',
      });
    });

    it('with a value missing is refused by the database', async () => {
      const refusal = await refusalOf(
        bench.execute('select cast(:a as text), cast(:b as text)', { parameters: [string('a', 'x')] }),
      );
      expect(refusal).toMatchObject({ name: 'DatabaseErrorException' });
      expect(refusal.message).toMatch(/bind message supplies 1 parameters.*; SQLState: 08P01$/);
    });

    it('with a value that no placeholder takes is refused by the database', async () => {
      const refusal = await refusalOf(bench.execute('select 1', { parameters: [string('a', 'x')] }));
      expect(refusal.message).toMatch(/bind message supplies 1 parameters.*; SQLState: 08P01$/);
    });

    it('keeps every byte of text: quotes, backslashes, emoji, and refuses what is no text', async () => {
      const text = String.raw`it's "quoted" \ 😀 $1 :name`;
      expect(await bench.value('select :p', [string('p', text)])).toEqual({ stringValue: text });
      const refusal = await refusalOf(bench.execute('select :p', { parameters: [string('p', 'a\ud800b')] }));
      expect(refusal).toMatchObject({ name: 'SerializationException', status: 400 });
      const nul = await refusalOf(bench.execute('select :p', { parameters: [string('p', 'a\u0000b')] }));
      expect(nul.message).toMatch(/; SQLState: 22021$/);
    });
  });
}
