// Real: the client, the SDK, the local Data API, and PostgreSQL's own sentences. Doubles: sentences of other versions,
// languages and triggers. No value may ever be taken for a name.
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { schemaNamesIn } from '../../../shared/aws/schema-names.ts';
import { type ClientBench, failureOf, startClientBench } from './data-api-client-bench.ts';

let bench: ClientBench;
/** Roles are the server's, which other test files share. */
const role = `stranger_${crypto.randomUUID().slice(0, 8)}`;

const SCHEMA = `
  create schema app;
  create table app.owners (id integer primary key, name text not null, age integer constraint grown check (age > 17));
  create table pets (
    id integer constraint pets_pkey primary key, name text constraint canary_free check (name <> 'bad canary'),
    owner integer constraint pets_owner references app.owners (id), during int4range,
    constraint one_at_a_time exclude using gist (during with &&)
  );
  create table split (id integer, part integer) partition by range (part);
  create sequence short maxvalue 2;
  create view grown_up as select * from app.owners where age > 20 with check option;
  insert into app.owners values (1, 'canary', 30);
  insert into pets values (1, 'canary', 1, '[1,5]');
  create table secret (id integer);
  create policy nobody on secret for insert with check (false);
  alter table secret enable row level security;
  create schema closed;
  create table closed.table_in_it (id integer);
  create sequence kept;
  create role stranger;
  grant stranger to current_user;
  grant insert on secret to stranger`;

beforeAll(async () => {
  bench = await startClientBench();
  await bench.pool.query(SCHEMA.replaceAll('stranger', role));
  await bench.pool
    .query(`create function not_for_all() returns int language sql as 'select 1'; revoke execute on function not_for_all() from public;
    create type not_for_all_type as enum ('a'); revoke usage on type not_for_all_type from public;
    create function as_stranger(statement text) returns void language plpgsql as $$
    begin set local role ${role}; execute statement; end $$`);
});
beforeEach(() => bench.reset());
afterAll(async () => {
  await bench.pool.query(`drop owned by ${role}; drop role ${role}`);
  await bench.close();
});

describe('the names in PostgreSQL’s own words', () => {
  test.each([
    ["insert into pets values (1, 'canary')", '23505', { constraint: 'pets_pkey' }],
    ["insert into pets values (2, 'bad canary')", '23514', { relation: 'pets', constraint: 'canary_free' }],
    ['insert into pets values (2, null, 99)', '23503', { relation: 'pets', constraint: 'pets_owner' }],
    ['delete from app.owners', '23503', { relation: 'owners', constraint: 'pets_owner' }],
    ["insert into pets values (2, 'x', 1, '[2,3]')", '23P01', { constraint: 'one_at_a_time' }],
    ['insert into app.owners values (2, null)', '23502', { relation: 'owners', column: 'name' }],
    ['insert into split values (1, 1)', '23514', { relation: 'split' }],
    [
      'alter table app.owners add constraint young check (age < 18)',
      '23514',
      { relation: 'owners', constraint: 'young' },
    ],
    ['insert into grown_up values (3, $$canary$$, 19)', '44000', { relation: 'grown_up' }],
    ["select nextval('short') from generate_series(1, 3)", '2200H', { relation: 'short' }],
    ['select * from nowhere', '42P01', { relation: 'nowhere' }],
    ['select * from app.nowhere', '42P01', { schema: 'app', relation: 'nowhere' }],
    ['select nothing from pets', '42703', { column: 'nothing' }],
    ['select p.nothing from pets p', '42703', { column: 'nothing' }],
    ['insert into pets (nothing) values (1)', '42703', { relation: 'pets', column: 'nothing' }],
    ['select gone.f()', '3F000', { schema: 'gone' }],
    ["select as_stranger('select * from pets')", '42501', { relation: 'pets' }],
    ["select as_stranger('select * from grown_up')", '42501', { relation: 'grown_up' }],
    ["select as_stranger('select * from closed.table_in_it')", '42501', { schema: 'closed', right: 'usage' }],
    ["select as_stranger('select nextval($x$kept$x$)')", '42501', { relation: 'kept', right: 'usage' }],
    ["select as_stranger('select not_for_all()')", '42501', { relation: 'not_for_all', right: 'execute' }],
    [
      "select as_stranger('create temporary table t (m not_for_all_type)')",
      '42501',
      { relation: 'not_for_all_type', right: 'usage' },
    ],
    ["select as_stranger('drop table pets')", '42501', { relation: 'pets' }],
    ["select as_stranger('insert into secret values (1)')", '42501', { relation: 'secret' }],
  ])('%s', async (sql, sqlState, names) => {
    const error = await failureOf(bench.execute(sql, {}));
    expect(error).toMatchObject({ name: 'StatementRefused', sqlState });
    expect(error).toHaveProperty('names', names);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary(?!_)/);
  });

  test('of a lock that passes, too', async () => {
    const holder = await bench.pool.connect();
    await holder.query('begin; select from pets for update');
    const asked = failureOf(
      bench.execute('select from pets for update nowait', {}, { untilMonotonicMs: bench.clock.monotonicMs() + 1 }),
    );
    expect(await asked).toMatchObject({ code: 'store_unavailable', sqlState: '55P03', names: { relation: 'pets' } });
    await holder.query('rollback');
    holder.release();
  });
});

describe('a message without a name of the schema’s', () => {
  const raised = (message: string, code: string) =>
    `do $$ begin raise exception using message = '${message}', detail = 'canary', errcode = '${code}'; end $$`;

  test.each([
    ["select cast('canary' as integer)", '22P02'],
    ["select cast('{canary}' as jsonb)", '22P02'],
    ["select 'canary' + 1", '22P02'],
    ['select canary from nothing_here, pets', '42P01'],
    [raised('canary', 'P0001'), 'P0001'],
    [raised('duplicate key value violates unique constraint "canary" of Jo', '23505'), '23505'],
    [raised('Jo: duplicate key value violates unique constraint "canary"', '23505'), '23505'],
    [raised('duplicate key value violates unique constraint "canary@example.com"', '23505'), '23505'],
    [raised('duplicate key value violates unique constraint "+49 canary"', '23505'), '23505'],
    [raised('duplicate key value violates unique constraint "canary"', 'P0001'), 'P0001'],
    [raised(`relation "${'canary'.repeat(11)}" does not exist`, '42P01'), '42P01'],
  ])('tells none, and no value: %s', async (sql, sqlState) => {
    const error = await failureOf(bench.execute(sql, {}));
    expect(error).toMatchObject({ sqlState });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
  });

  test.each([
    ['another language', 'FEHLER: doppelter Schlüsselwert verletzt Unique-Constraint »canary«; SQLState: 23505'],
    ['another language with our quotes', 'ERREUR: la valeur d’une clé dupliquée rompt la contrainte unique "canary"'],
    [
      'a detail in the form of a name',
      'ERROR: no; Detail: duplicate key value violates unique constraint "canary"; SQLState: 23505',
    ],
    ['two sentences', 'ERROR: duplicate key value violates unique constraint "a" and "canary"; SQLState: 23505'],
    ['no end', `ERROR: duplicate key value violates unique constraint "canary"${' '.repeat(10_000)}; SQLState: 23505`],
    ['no message', ''],
  ])('in %s', (_what, message) => {
    expect(schemaNamesIn(message, '23505')).toEqual({});
  });
});

describe('the same sentence is read', () => {
  const sentence = 'duplicate key value violates unique constraint "pets_pkey"';

  test.each([
    ['with parts behind it', `ERROR: ${sentence}; Detail: Key (id)=(1) already exists.; Hint: none; SQLState: 23505`],
    [
      'with parts on lines of their own',
      `ERROR: ${sentence}\n  Detail: Key (id)=(1) already exists.\n  SQLState: 23505`,
    ],
    ['alone', `ERROR: ${sentence}`],
  ])('%s', (_how, message) => {
    expect(schemaNamesIn(message, '23505')).toEqual({ constraint: 'pets_pkey' });
  });

  test('of PostgreSQL 12 and of 18', () => {
    const older =
      'ERROR: null value in column "name" violates not-null constraint; Detail: Failing row contains (1, null).';
    expect(schemaNamesIn(older, '23502')).toEqual({ column: 'name' });
    const newer =
      'ERROR: update or delete on table "owners" violates RESTRICT setting of foreign key constraint "pets_owner" on table "pets"';
    expect(schemaNamesIn(newer, '23001')).toEqual({ relation: 'owners', constraint: 'pets_owner' });
  });
});
