// Real: the two faults of the store's port. What a store does is in contracts/. No doubles.
import { expect, test } from 'vitest';
import { RowRefused, StoreUnavailable } from '../../../shared/delivery/delivery-store.ts';

test('a store that could not be asked is known by its name and code, and keeps why', () => {
  const cause = new Error('socket hang up');
  expect(new StoreUnavailable('the database could not be asked', { cause })).toMatchObject({
    name: 'StoreUnavailable',
    code: 'store_unavailable',
    message: 'the database could not be asked',
    cause,
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
