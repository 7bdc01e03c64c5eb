// Real: the splitter of migrations, and the migrations it is for. No doubles.
import { describe, expect, test } from 'vitest';
import { splitStatements } from '../../../shared/aws/sql-statements.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';

describe('a migration is parted at its semicolons', () => {
  test.each<[string, string, string[]]>([
    ['two statements', 'select 1; select 2;', ['select 1', 'select 2']],
    ['the last one without a semicolon', 'select 1;\nselect 2\n', ['select 1', 'select 2']],
    ['empty ones between', ';;select 1;;', ['select 1']],
    ['nothing at all', '', []],
    ['white space', ' \n\t', []],
  ])('%s', (_case, sql, statements) => {
    expect(splitStatements(sql)).toEqual(statements);
  });
});

describe('a semicolon parts nothing within', () => {
  test.each([
    ['a string', "select 'a;b'"],
    ['a string with a doubled quote', "select 'it''s; fine'"],
    ['a string that ends in a backslash', "select 'a\\', ';'"],
    ['an escape string with an escaped quote', "select E'it\\'s; fine'"],
    ['an escape string in lower case', "select e'\\';'"],
    ['an escape string with an escaped backslash', "select E'\\\\', ';'"],
    ['a quoted name', 'select 1 as "a;b"'],
    ['a quoted name with a doubled quote', 'select 1 as "a"";b"'],
    ['a line comment', 'select 1 -- one; only\n + 1'],
    ['a line comment with a quote', "select 1 -- it's; fine\n + 1"],
    ['a block comment', 'select /* a;b */ 1'],
    ['a nested block comment', 'select /* a /* b; */ c; */ 1'],
    ['a dollar quote', 'do $$ begin perform 1; perform 2; end $$'],
    ['a dollar quote with a tag', 'do $body$ begin perform $$;$$; end $body$'],
    ['a dollar quote with a quote', "do $$ begin perform 'it''s;'; end $$"],
  ])('%s', (_case, statement) => {
    expect(splitStatements(`${statement}; select 'next'`)).toEqual([statement, "select 'next'"]);
  });
});

describe('what looks like a quote and is none', () => {
  test.each([
    ['a parameter is no dollar quote', 'select $1; select $2', ['select $1', 'select $2']],
    ['a name that ends in e before a string', "select name'a\\'; select 2", ["select name'a\\'", 'select 2']],
    ['a dollar within a name', 'select a$b; select a$b', ['select a$b', 'select a$b']],
    ['a dollar pair within a name', 'select a$$b; select a$$b', ['select a$$b', 'select a$$b']],
  ])('%s', (_case, sql, statements) => {
    expect(splitStatements(sql)).toEqual(statements);
  });
});

test.each([
  ['a line comment', '-- only words; and more\n'],
  ['a block comment', '/* only words; */'],
  ['several', '-- one\n\n/* two /* three */ */ -- four'],
])('%s alone is no statement', (_case, sql) => {
  expect(splitStatements(`${sql}\n; select 1`)).toEqual(['select 1']);
});

test.each([
  "select 'never ends; ",
  'select "never ends; ',
  'do $$ never; ends',
  'select 1 /* never; ends',
  "select E'\\",
])('text that is never closed is one statement, for the database to refuse: %s', (sql) => {
  expect(splitStatements(sql)).toEqual([sql.trim()]);
});

test('a comment stays with the statement it explains', () => {
  expect(splitStatements('-- why\nselect 1;')).toEqual(['-- why\nselect 1']);
});

test('the migrations part into statements that each begin with a command', () => {
  for (const { up, down } of migrations) {
    for (const statement of [...splitStatements(up), ...splitStatements(down)]) {
      const command = statement.replaceAll(/^(?:\s*--.*\n)+/g, '').trimStart();
      expect(command).toMatch(/^(?:create|alter|drop|do|select|comment|insert|update|lock)\b/);
    }
  }
});
