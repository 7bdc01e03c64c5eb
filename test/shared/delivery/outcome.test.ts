// Names that rules, policies and programs of others match. Real: the names. No doubles.
import { expect, it } from 'vitest';
import { OUTCOME_SOURCE, OUTCOME_TYPES, OUTCOMES } from '../../../shared/delivery/outcome.ts';

it('outcomes are told under the names that others match', () => {
  expect(OUTCOME_SOURCE).toBe('surehook');
  expect(Object.values(OUTCOME_TYPES)).toEqual([
    'Webhook Delivered',
    'Webhook Dead-Lettered',
    'Webhook Recovered',
    'Endpoint Down',
    'Endpoint Up',
  ]);
  expect(OUTCOMES).toEqual(['failures', 'all', 'none']);
});
