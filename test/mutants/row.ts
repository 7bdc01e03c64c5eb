import type { Mutations } from './mutation.ts';

const CHECKS = 'test/sql/constraints.test.ts';
const SETTLED = 'test/contracts/settle-contract.ts';

/** The row. */
export const ROW: Mutations = {
  'ROW-02': [
    {
      in: 'sql/migrations/0002_webhook_deliveries.up.sql',
      from: `check (status <> 'pending' or scheduled_for is not null)`,
      to: 'check (status is not null)',
      fails: [{ shownBy: CHECKS, title: 'a pending row that is never due (ROW-02)' }],
    },
  ],
  'ROW-03': [
    {
      in: 'sql/migrations/0002_webhook_deliveries.up.sql',
      from: `status = 'pending' or (scheduled_for is null and lease_expires_at is null and not awaits_hand_out)`,
      to: 'status is not null',
      fails: [{ shownBy: CHECKS, title: 'a terminal row that is still due (ROW-03)' }],
    },
  ],
  'ROW-10': [
    {
      in: 'shared/deliver/claim-batch.ts',
      from: 'const sinceMonotonicMs = clock.monotonicMs();',
      to: 'const sinceMonotonicMs = performance.now() + 0 * clock.monotonicMs();',
      fails: [{ shownBy: 'test/house/purity.test.ts', title: 'reads neither environment nor clock nor chance' }],
    },
  ],
  'ROW-04': [
    {
      in: 'sql/queries/settle_deliveries.sql',
      from: `when l.id is null then 'vanished'`,
      to: `when l.id is null then 'superseded'`,
      fails: [{ shownBy: SETTLED, title: 'names a row that is gone' }],
    },
  ],
  'ROW-05': [
    {
      in: 'sql/migrations/0002_webhook_deliveries.up.sql',
      from: 'workflow_run_id bigint not null',
      to: 'workflow_run_id integer not null',
      fails: [{ shownBy: CHECKS, title: 'ids beyond 2^31' }],
    },
  ],
  'ROW-07': [
    {
      in: 'sql/queries/settle_deliveries.sql',
      from: 'last_status_code = b.status_code,',
      to: 'last_status_code = least(b.status_code, 599),',
      fails: [{ shownBy: SETTLED, title: 'stores a status out of any range, and none' }],
    },
  ],
};
