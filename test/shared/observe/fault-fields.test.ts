// Real: the fields and the errors. No doubles. No message and no value may be in them.
import { expect, test } from 'vitest';
import { StatementRefused, StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { faultFields } from '../../../shared/observe/fault-fields.ts';

test('of a refused statement: its SQLSTATE, and the names that the database tells', () => {
  const names = { relation: 'webhook_deliveries', constraint: 'webhook_deliveries_reason' };
  expect(faultFields(new StatementRefused('23514', names, 'canary'))).toEqual({
    fault: 'StatementRefused',
    sql_state: '23514',
    ...names,
  });
  expect(faultFields(new StatementRefused('42501', { schema: 'surehook', right: 'usage' }))).toEqual({
    fault: 'StatementRefused',
    sql_state: '42501',
    schema: 'surehook',
    right: 'usage',
  });
});

test('of a database that could not be asked: the same where it answered, else the cause’s code', () => {
  const locked = new StoreUnavailable('canary', { sqlState: '55P03', names: { relation: 'webhook_deliveries' } });
  expect(faultFields(locked)).toEqual({
    fault: 'StoreUnavailable',
    sql_state: '55P03',
    relation: 'webhook_deliveries',
  });
  const cause = Object.assign(new Error('canary'), { code: 'ECONNRESET' });
  expect(faultFields(new StoreUnavailable('canary', { cause }))).toEqual({ fault: 'StoreUnavailable (ECONNRESET)' });
});

test.each([
  [new TypeError('canary is undefined'), 'TypeError'],
  ['canary', 'Error'],
  [undefined, 'Error'],
  [{ sqlState: 'canary', names: { relation: 'canary' } }, 'Error'],
  [Object.assign(new Error('canary'), { sqlState: 'canary', names: { relation: 'canary' } }), 'Error'],
])('of anything else: its name alone', (error, fault) => {
  expect(faultFields(error)).toEqual({ fault });
});
