// Real: the SQL files, the module made of them, and the sources that use it. No doubles.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { splitStatements } from '../../shared/aws/sql-statements.ts';
import { compileMigrations, compileQueries } from '../../scripts/compile-sql.ts';
import { migrations } from '../../sql/compiled-migrations.ts';
import * as queries from '../../sql/compiled-queries.ts';

const root = new URL('../../', import.meta.url);
const queryFiles = readdirSync(new URL('sql/queries/', root)).sort();
const sources = readdirSync(new URL('shared/aws/', root)).map((file) => read(`shared/aws/${file}`));

test('the compiled modules hold what the files beside them say: `npm run sql` writes them', () => {
  expect(read('sql/compiled-queries.ts')).toBe(compileQueries());
  expect(read('sql/compiled-migrations.ts')).toBe(compileMigrations());
});

test('every query is in the module under the name of its method, and no other', () => {
  expect(Object.keys(queries).sort()).toEqual(queryFiles.map(methodName).sort());
});

describe.each(queryFiles)('%s', (file) => {
  const text = read(`sql/queries/${file}`);
  const header = text.slice(0, text.indexOf('\n\n'));
  const query = Object.entries(queries).find(([name]) => name === methodName(file))?.[1];
  const sql = query?.sql ?? '';

  test('begins with its name, and says what goes in, what comes out, and what happens when it runs twice', () => {
    expect(header).toMatch(new RegExp(`^-- ${file.replace('.sql', '')}: \\S`));
    expect(header).toMatch(/^-- in {4}(?::|nothing$)/m);
    expect(header).toMatch(/^-- out {3}\S/m);
    const writes = /\b(?:insert into|update|delete from) \{/.test(sql);
    const saysOfTwice = /^-- again\b.*: \S/m.test(header) && /^-- at the same time: \S/m.test(header);
    expect(!writes || saysOfTwice).toBe(true);
  });

  test('names in its header the parameters it has, and the module names the same', () => {
    const used = new Set([...sql.matchAll(/(?<!:):([a-z]\w*)/g)].map(([, name]) => name));
    const named = new Set([...header.matchAll(/(?<!:):([a-z]\w*)/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual([...used].sort());
    expect(query?.parameters).toEqual([...used].sort());
  });

  test('is one statement in lower case, without comments and with every parameter cast by its type', () => {
    expect(splitStatements(sql)).toHaveLength(1);
    const withoutTexts = sql.replaceAll(/'[^']*'/g, '');
    expect(withoutTexts).not.toMatch(/--|\/\*|;/);
    expect(withoutTexts).not.toMatch(/[A-Z]/);
    for (const [found] of sql.matchAll(/.{0,5}(?<!:):[a-z]\w*.{0,4}/g)) expect(found).toMatch(/^cast\(:\w+ as/);
  });

  test('gives no instant as text, whose form is the session’s: `to_jsonb(at) #>> …` is ISO 8601', () => {
    const inTheFormOfTheSession = /cast\((?:\w+\.)?(?:\w+_at|at|died|scheduled_for|now|since|until) as text\)/g;
    expect(sql.match(inTheFormOfTheSession)).toBeNull();
  });

  test('is used', () => {
    const uses = sources.filter((source) => source.includes(`queries.${methodName(file)}`));
    expect(uses).not.toHaveLength(0);
  });
});

test('migrations are numbered without a gap, each with a way down', () => {
  const files = readdirSync(new URL('sql/migrations/', root));
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  expect(files.filter((file) => /\.(?:up|down)\.sql$/.test(file))).toHaveLength(2 * migrations.length);
  for (const { up, down } of migrations) {
    expect(splitStatements(up)).not.toHaveLength(0);
    expect(splitStatements(down)).not.toHaveLength(0);
  }
});

test('a way down that drops or deletes says in NNNN_name.loses.sql what it loses', () => {
  const files = readdirSync(new URL('sql/migrations/', root)).filter((file) => file.endsWith('.loses.sql'));
  const losing = migrations.filter(({ loses }) => loses !== undefined);
  const named = losing.map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}.loses.sql`);
  expect(files.toSorted()).toEqual(named);
  const loser = /\bdrop (?:table|column|schema)\b|\bdelete from\b|\btruncate\b/i;
  const silent = migrations.filter(({ down, loses }) => loser.test(down) && loses === undefined);
  expect(silent.map(({ name }) => name)).toEqual([]);
  for (const { loses } of migrations) {
    const last = loses === undefined ? 'as lost as rows' : splitStatements(loses).at(-1);
    expect(last).toMatch(/\bas lost\b[\s\S]*\bas rows\b/);
  }
});

test('no migration holds what the Data API would take for a parameter', () => {
  for (const { name, up, down, loses = '' } of migrations) {
    const found = [...`${up}${down}${loses}`.matchAll(/(?<![:\w]):[A-Za-z]\w*/g)].map(([text]) => `${name} ${text}`);
    expect(found).toEqual([]);
  }
});

function methodName(file: string): string {
  return file.replace('.sql', '').replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}
