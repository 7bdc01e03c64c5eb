// Real: the one value of the store's port. What a store does is in contracts/. No doubles.
import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/delivery-store.ts';

test('a store that could not be asked is known by its name and code, and keeps why', () => {
  const cause = new Error('socket hang up');
  expect(new StoreUnavailable('the database could not be asked', { cause })).toMatchObject({
    name: 'StoreUnavailable',
    code: 'store_unavailable',
    message: 'the database could not be asked',
    cause,
  });
});
