// Real: the faults of the stores' ports. What a store does is in contracts/. No doubles.
import { expect, test } from 'vitest';
import { RowRefused, StatementRefused, StoreUnavailable } from '../../../shared/delivery/store-answers.ts';

test('a store that could not be asked is known by its name and code, and keeps why', () => {
  const cause = new Error('socket hang up');
  expect(new StoreUnavailable('the database could not be asked', { cause })).toMatchObject({
    name: 'StoreUnavailable',
    code: 'store_unavailable',
    message: 'the database could not be asked',
    cause,
    sqlState: undefined,
    names: {},
  });
});

test('what the database itself said of it is kept beside', () => {
  const names = { relation: 'webhook_deliveries' };
  expect(new StoreUnavailable('locked', { sqlState: '55P03', names })).toMatchObject({ sqlState: '55P03', names });
});

test('a statement that was refused is known by its SQLSTATE and the names the database gives', () => {
  const names = { constraint: 'webhook_deliveries_uuid' };
  expect(new StatementRefused('23505', names, 'a constraint stands in the way')).toMatchObject({
    name: 'StatementRefused',
    code: 'statement_refused',
    message: 'the database refused a statement: SQLSTATE 23505 (a constraint stands in the way)',
    sqlState: '23505',
    names,
  });
  expect(new StatementRefused('42601')).toMatchObject({
    message: 'the database refused a statement: SQLSTATE 42601',
    names: {},
  });
});

test('a row that was refused is known by its SQLSTATE and the names the database gives, and holds no value', () => {
  const refused = new RowRefused({ sqlState: '23502', relation: 'webhook_deliveries', column: 'region' });
  expect(refused).toMatchObject({
    name: 'RowRefused',
    code: 'row_refused',
    message: 'the database refused to change a row (SQLSTATE 23502)',
    refusal: { sqlState: '23502', relation: 'webhook_deliveries', column: 'region' },
  });
});
