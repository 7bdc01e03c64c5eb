import type { Mutations } from './mutation.ts';

const CONTRACT = 'test/contracts/ordering-contract.ts';
const IN_ORDER = 'test/shared/deliver/in-order.test.ts';
const STORE = 'test/shared/aws/ordering.test.ts';
const CLAIM = 'sql/queries/claim_deliveries.sql';
const ACCEPT = 'sql/queries/accept_deliveries.sql';
const LOOK = { in: CLAIM, from: 'when l.ordering_key is not null and exists (', to: 'when false and exists (' };

/** Deliveries with an ordering key. */
export const ORDERING: Mutations = {
  'ORD-01': [
    {
      ...LOOK,
      fails: [{ shownBy: CONTRACT, title: 'one is attempted at a time, in the order in which they were stored' }],
    },
  ],
  'ORD-02': [
    {
      in: ACCEPT,
      from: '100000 * p.position + a.item',
      to: 'a.item',
      fails: [
        { shownBy: 'test/sql/outbox-ordering.test.ts', title: 'what commits later comes later, whoever began first' },
      ],
    },
  ],
  'ORD-03': [
    {
      in: ACCEPT,
      from: '100000 * p.position + a.item',
      to: '100000 * p.position - a.item',
      fails: [
        { shownBy: CONTRACT, title: 'those of one request go as they stand in it, whatever their runs and nodes' },
      ],
    },
  ],
  'ORD-04': [
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: 'case when ordering_key is not null and not is_unnameable then organization_id end as ordering_organization_id',
      to: 'cast(null as bigint) as ordering_organization_id',
      fails: [
        {
          shownBy: CONTRACT,
          title: 'a worker that dies keeps the others waiting until somebody has ended its delivery',
        },
      ],
    },
  ],
  'ORD-05': [
    {
      in: 'shared/deliver/find-next.ts',
      from: 'if (ended.length === 0) return',
      to: 'if (ended.length < 100) return',
      fails: [{ shownBy: IN_ORDER, title: 'and was stored while the one before was being recorded, is called' }],
    },
  ],
  'ORD-06': [
    {
      in: CLAIM,
      from: `where f.verdict <> 'claimable' or f.ordering_key is null or f.asked_token in (select token from ordered)`,
      to: 'where true',
      fails: [
        {
          shownBy: CONTRACT,
          title: 'takes its old place again when it is redelivered, and never beside one that is in flight',
        },
      ],
    },
  ],
  'ORD-07': [
    {
      in: CLAIM,
      from: `or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold'`,
      to: `or false and e.ordering_on_dead_letter = 'hold'`,
      fails: [{ shownBy: CONTRACT, title: 'keeps the others waiting where it is to hold its key' }],
    },
  ],
  'ORD-08': [
    {
      in: 'sql/queries/settle_deliveries.sql',
      from: `where s.token = j.token and j.verdict <> 'locked'`,
      to: `where j.verdict <> 'locked'`,
      fails: [{ shownBy: CONTRACT, title: 'a late success lets no other go while a newer attempt is in flight' }],
    },
  ],
  'ORD-09': [{ ...LOOK, fails: [{ shownBy: CONTRACT, title: 'the first one is held by its endpoint alone' }] }],
  'ORD-10': [
    {
      in: 'sql/queries/put_back_deliveries.sql',
      from: 'd.ordering_key is null',
      to: 'true',
      fails: [{ shownBy: CONTRACT, title: 'those that wait need no message, and alarm nobody' }],
    },
    {
      in: 'sql/queries/measure_backlog.sql',
      from: 'd.ordering_key is null',
      to: 'true',
      fails: [{ shownBy: CONTRACT, title: 'those that wait need no message, and alarm nobody' }],
    },
  ],
  'ORD-11': [
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'if (begun !== undefined) {',
      to: 'if (begun?.answer !== undefined) {',
      fails: [{ shownBy: IN_ORDER, title: 'under the same tokens: no delivery is sent twice, and none is lost' }],
    },
  ],
  'ORD-12': [
    {
      in: 'sql/queries/forget_ordering_keys.sql',
      from: 'where k.used_at < i.idle_since',
      to: 'where false',
      fails: [{ shownBy: STORE, title: 'keys that are used once leave nothing behind but their deliveries' }],
    },
  ],
  'ORD-13': [
    {
      in: 'sql/queries/go_on_in_order.sql',
      from: 'where exists (select from moved)',
      to: 'where false',
      fails: [{ shownBy: STORE, title: 'takes one statement from one delivery of a key to the next' }],
    },
  ],
  'ORD-14': [
    {
      in: 'shared/deliver/record-attempts.ts',
      from: 'const GOES_ON_SECONDS = 5;',
      to: 'const GOES_ON_SECONDS = 500;',
      fails: [{ shownBy: IN_ORDER, title: 'for some seconds, and hands it over by a message' }],
    },
  ],
  'ORD-15': [
    {
      in: 'shared/deliver/claim-batch.ts',
      from: `if (answer.because !== 'exhausted' && one.ordering !== undefined)`,
      to: `if (answer.because === 'behind' && one.ordering !== undefined)`,
      fails: [
        { shownBy: IN_ORDER, title: 'between the record that named it and its claim: the one behind it is called' },
      ],
    },
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'const others = isOther ?',
      to: 'const others = false ?',
      fails: [{ shownBy: IN_ORDER, title: 'the one behind it goes at once, without a message' }],
    },
  ],
};
