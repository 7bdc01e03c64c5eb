import type { Mutations } from './mutation.ts';

const CLAIM = 'test/contracts/claim-contract.ts';
const WHOLE = 'sql/queries/claim_deliveries.sql';
const CRASHES = 'test/protocol/crash-at-every-step.test.ts';
const ONE_ROW = 'test/contracts/one-row-contract.ts';
const ORDERING = 'test/contracts/ordering-contract.ts';
const BATCH = 'test/shared/deliver/one-row.test.ts';

/** The README’s *What it promises*, by its clauses. */
export const PROMISES: Mutations = {
  'at least once; none lost': [
    {
      in: 'shared/sweep/sweep-deliveries.ts',
      from: 'counts.unsent += await announce(swept, parts);',
      to: 'counts.unsent += 0 * swept.length;',
      fails: [{ shownBy: CRASHES, title: 'is accepted at once' }],
    },
  ],
  'never two in flight': [
    {
      in: WHOLE,
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when false then 'held'`,
      fails: [{ shownBy: CLAIM, title: 'passes over what another worker holds, and charges nobody' }],
    },
    {
      in: WHOLE,
      from: 'for update of d skip locked',
      to: '',
      fails: [{ shownBy: CLAIM, title: 'give 16 clients at one row exactly one lease at a time' }],
    },
  ],
  'one at a time and in the order of commit, with an ordering key': [
    {
      in: WHOLE,
      from: 'when l.ordering_key is not null and exists (',
      to: 'when false and exists (',
      fails: [{ shownBy: ORDERING, title: 'one is attempted at a time, in the order in which they were stored' }],
    },
  ],
  'at most max_attempts, beside those': [
    {
      in: WHOLE,
      from: `when l.attempt_count >= l.max_attempts then 'exhausted'`,
      to: `when false then 'exhausted'`,
      fails: [{ shownBy: CLAIM, title: 'lets nobody have more than the attempts allowed' }],
    },
    {
      in: 'sql/queries/settle_deliveries.sql',
      from: `when b.kind <> 'succeeded' and b.is_probe and (b.kind = 'retry' or b.exhausted) then 1`,
      to: 'when false then 1',
      fails: [
        {
          shownBy: 'test/contracts/endpoint-contract.ts',
          title: 'charges its probes to nobody, and probes at the delays of the policy',
        },
      ],
    },
  ],
  'an attempt without a known outcome is named': [
    {
      in: WHOLE,
      from: `where verdict = 'claimable' and lease_expires_at is not null and attempt_count > 0`,
      to: 'where false',
      fails: [{ shownBy: CLAIM, title: 'writes the attempt whose worker died as outcome_unknown when it takes over' }],
    },
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: `id, attempt_count, coalesce(claimed_at, updated_at), 'outcome_unknown',`,
      to: `id, attempt_count, coalesce(claimed_at, updated_at), 'internal',`,
      fails: [
        {
          shownBy: 'test/contracts/sweep-contract.ts',
          title: 'ends what used up its attempts and never reported, as outcome_unknown',
        },
      ],
    },
  ],
  'a row that is locked, refused or corrupt does not hold up any other': [
    {
      in: WHOLE,
      from: `when j.id is null then 'locked'`,
      to: `when j.id is null then 'unknown'`,
      fails: [
        { shownBy: ONE_ROW, title: 'keeps no neighbour from being claimed, and is claimed under the same token' },
      ],
    },
    {
      in: 'shared/aws/isolate-refused-rows.ts',
      from: `if (!isOneRowsFault(fault)) throw fault;
    const [only] = items;`,
      to: `const [only] = items;
    if (only !== undefined) return items.map((item) => refused(item, refusalOf(fault as StatementRefused)));`,
      fails: [{ shownBy: ONE_ROW, title: 'keeps no neighbour from being claimed, and is named' }],
    },
    {
      in: 'shared/aws/delivery-rows.ts',
      from: `return { kind: 'invalid', deliveryId, attempt, token, detail: fault.message };`,
      to: `return { kind: 'invalid', deliveryId, attempt, token, detail: 'a column is wrong' };`,
      fails: [
        { shownBy: 'test/shared/aws/rotten-rows.test.ts', title: 'nine are claimed, and the tenth says which column' },
      ],
    },
  ],
  'a database outage does not repeat a request that was answered': [
    {
      in: 'shared/deliver/record-attempts.ts',
      from: 'this.#batch, endsAtMonotonicMs - WRITE_DOWN_MS',
      to: 'this.#batch, Math.min(10_000, endsAtMonotonicMs)',
      fails: [{ shownBy: BATCH, title: 'after ten receivers have answered costs nobody a second request' }],
    },
  ],
};
