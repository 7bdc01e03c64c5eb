// Real: the tokenizer alone. Doubles: none. The sentences are of the Aurora user guide, "Amazon RDS Data API", and where the
// guide is silent of what others measured on live clusters.
import { describe, expect, it } from 'vitest';
import { holdsSeveralStatements, rewritePlaceholders } from '../../local/aws/data-api/placeholders.ts';

describe('a placeholder', () => {
  // "To use a parameter, you specify a name-value pair in the SqlParameter data type."
  it.each([
    ['select :a, :b, :a', 'select $1, $2, $1', ['a', 'b']],
    ['select :a_1+:B', 'select $1+$2', ['a_1', 'B']],
    ['where id=:id::bigint', 'where id=$1::bigint', ['id']],
  ])('is rewritten wherever SQL is: %s', (sql, text, names) => {
    expect(rewritePlaceholders(sql)).toEqual({ text, names });
  });

  it.each([
    ["a string: select ':a', 'it''s :a'", "a string: select ':a', 'it''s :a'"],
    [String.raw`select E'\':a'`, String.raw`select E'\':a'`],
    ['select ":a", "x"":a"', 'select ":a", "x"":a"'],
    ['select 1 -- :a\n', 'select 1 -- :a\n'],
    ['select /* :a /* :b */ :c */ 1', 'select /* :a /* :b */ :c */ 1'],
    ["select '2026'::date, 1 :: int", "select '2026'::date, 1 :: int"],
    ['select v := 1', 'select v := 1'],
  ])('is not seen in strings, quoted names, comments and casts: %s', (sql) => {
    expect(rewritePlaceholders(sql)).toEqual({ text: sql, names: [] });
  });

  it('goes on to be seen after each of them', () => {
    const sql = `select ':a', E'\\'' || :b, ":c" /* :d */, :e -- :f\n, :g`;
    expect(rewritePlaceholders(sql).names).toEqual(['b', 'e', 'g']);
  });

  it('ends a plain string at a backslash quote, as standard_conforming_strings does', () => {
    expect(rewritePlaceholders(String.raw`select '\', :a`).names).toEqual(['a']);
  });

  // Measured on a live cluster (Aurora PostgreSQL 17): SELECT $$a :b c$$ returns "a $1 c".
  it('is rewritten inside dollar quotes too, silently', () => {
    expect(rewritePlaceholders('select $$a :b c$$').text).toBe('select $$a $1 c$$');
  });

  // Measured on a live cluster: a[1:2] fails with a syntax error at or near "$1".
  it('is also made of the upper bound of an array slice', () => {
    expect(rewritePlaceholders('select a[1:2]').text).toBe('select a[1$1]');
  });
});

// "Multistatements aren't supported."
describe('one statement a call', () => {
  it.each([
    'select 1',
    'select 1;',
    'select 1 ; -- done',
    "select ';' /* ; */",
    'do $x$ begin null; end; $x$;',
    'select ";"',
  ])('is what this is: %s', (sql) => {
    expect(holdsSeveralStatements(sql)).toBe(false);
  });

  it.each([
    'select 1; select 2',
    'select 1;/* then */select 2',
    "select ';'; drop table t",
    'select $a$;$a$; select 1',
  ])('is not what this is: %s', (sql) => {
    expect(holdsSeveralStatements(sql)).toBe(true);
  });
});
