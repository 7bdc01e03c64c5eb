import type { Mutations } from './mutation.ts';

const ORDERS = 'test/contracts/orders-contract.ts';
const ENDING = 'test/contracts/ending-orders-contract.ts';
const KEPT = 'test/shared/aws/data-api-record-store.test.ts';
const SETTLE = 'sql/queries/settle_deliveries.sql';
const REDELIVER = 'sql/queries/redeliver_deliveries.sql';

/** Orders that bring back, end or erase, and what is erased by time. */
export const RECORDING_ORDERS: Mutations = {
  'REC-14': [
    {
      in: 'shared/operate/give-order.ts',
      from: `because: look?.statuses.includes(status) === true ? 'not_selected' : status,`,
      to: `because: look?.statuses.includes(status) === true ? 'not_selected' : 'dead_letter',`,
      fails: [{ shownBy: ORDERS, title: 'refuses what is pending, in flight, delivered or unknown, and says which' }],
    },
  ],
  'REC-18': [
    {
      in: 'sql/queries/match_deliveries.sql',
      from: `[^:?#]*)'), 260) as host`,
      to: `[^:?#]*)'), 261) as host`,
      fails: [
        {
          shownBy: 'test/shared/aws/dead-letters-at-size.test.ts',
          title: 'goes along its index, and no further than it may',
        },
      ],
    },
  ],
  'REC-20': [
    {
      in: REDELIVER,
      from: 'and o.step = cast(:step as integer)',
      to: 'and o.step >= 0 * cast(:step as integer)',
      fails: [{ shownBy: ORDERS, title: 'whose page runs twice changes and counts it once' }],
    },
    {
      in: 'sql/queries/take_order.sql',
      from: 'or o.worker_until <= coalesce(cast(:now as timestamptz), now())',
      to: 'or false',
      fails: [{ shownBy: ORDERS, title: 'is worked on by one at a time, and by another when the first is gone' }],
    },
  ],
  'REC-21': [
    {
      in: 'shared/operate/work-order.ts',
      from: `const refused = [{ delivery_id: deliveryId, because: 'database_refused' }];`,
      to: 'const refused: { delivery_id: number; because: string }[] = [];',
      fails: [{ shownBy: ORDERS, title: 'passes over the row that the database refuses to change, and names it' }],
    },
    {
      in: 'shared/operate/work-order.ts',
      from: 'if (locked.length === 0) return { ...position, again: before };',
      to: 'if (locked.length >= 0) return { ...position, again: before };',
      fails: [{ shownBy: ORDERS, title: 'comes back to a row that somebody else had locked' }],
    },
  ],
  'REC-22': [
    {
      in: SETTLE,
      from: `when j.is_cancelled then 'dead'`,
      to: `when false then 'dead'`,
      fails: [{ shownBy: ENDING, title: 'makes the attempt under way the last: it ends as cancelled when that ' }],
    },
  ],
  'REC-23': [
    {
      in: REDELIVER,
      from: 'next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from turn)))',
      to: 'next_at = excluded.next_at',
      fails: [{ shownBy: ORDERS, title: 'keeps its pace for each host, and two orders at once keep it together' }],
    },
  ],
  'REC-29': [
    {
      in: 'shared/operate/work-order.ts',
      from: 'await countDeaths(parts, deliveryIds.length, deliveryIds);',
      to: 'await Promise.resolve();',
      fails: [
        {
          shownBy: 'test/shared/operate/orders.test.ts',
          title: 'to redeliver counts the deaths that no sweep has counted, before it ends them',
        },
      ],
    },
  ],
  'REC-28': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when m.place_at > m.soon then 'resumed'`,
      to: `when false then 'resumed'`,
      fails: [{ shownBy: 'test/contracts/endpoint-orders-contract.ts', title: 'once it is resumed' }],
    },
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `where k.id = j.id and (r.closes_for = 'down' or g.key is not null and r.key is null)`,
      to: 'where k.id = j.id and false',
      fails: [
        {
          shownBy: 'test/contracts/endpoint-orders-contract.ts',
          title: 'goes out as a probe at once, and at its pace when its endpoint is back',
        },
      ],
    },
  ],
  'REC-24': [
    {
      in: SETTLE,
      from: 'case when l.expunged_at is null then a.excerpt end as kept_excerpt',
      to: 'a.excerpt as kept_excerpt',
      fails: [{ shownBy: ENDING, title: 'keeps no answer that comes later' }],
    },
  ],
  'REC-25': [
    {
      in: 'sql/queries/erase_over_deliveries.sql',
      from: `where d.expunge_at_end
`,
      to: `where false
`,
      fails: [
        { shownBy: KEPT, title: 'erases what was ordered to be while it was in flight, once the attempt is over' },
      ],
    },
  ],
  'REC-26': [
    {
      in: 'shared/operate/past-refused.ts',
      from: 'refused(rows[0], fault.refusal);',
      to: '',
      fails: [
        { shownBy: KEPT, title: 'passes over the row that the database refuses to change, names it and counts it' },
      ],
    },
  ],
  'REC-27': [
    {
      in: 'sql/queries/count_standing.sql',
      from: 'and d.dismissed_at is null',
      to: '',
      fails: [{ shownBy: KEPT, title: 'are those that nobody has redelivered, dismissed, cancelled or erased' }],
    },
  ],
  'REC-19': [
    {
      in: 'docs/runbook.md',
      from: `and status = 'succeeded' and updated_at < now()`,
      to: 'and updated_at < now()',
      fails: [
        {
          shownBy: 'test/infra/runbook-sql.test.ts',
          title: 'takes what was delivered so long ago, with its attempts, and nothing else, in portions',
        },
      ],
    },
  ],
};
