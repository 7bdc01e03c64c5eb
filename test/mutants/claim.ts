import type { Mutations } from './mutation.ts';

const CLAIM = 'test/contracts/claim-contract.ts';
const LEASE = 'test/contracts/lease-contract.ts';
const ONE_ROW = 'test/contracts/one-row-contract.ts';
const ONE_ROW_BATCH = 'test/shared/deliver/one-row.test.ts';
const FAULTS = 'test/shared/deliver/deliver-batch-faults.test.ts';
const WHOLE = 'sql/queries/claim_deliveries.sql';

/** The claim. */
export const CLAIMING: Mutations = {
  'CLA-01': [
    {
      in: WHOLE,
      from: 'for update of d skip locked',
      to: '',
      fails: [{ shownBy: CLAIM, title: 'give 16 clients at one row exactly one lease at a time' }],
    },
  ],
  'CLA-02': [
    {
      in: WHOLE,
      from: `when l.lease_token = l.asked_token and l.lease_expires_at is not null then 'mine'`,
      to: `when false then 'mine'`,
      fails: [{ shownBy: CLAIM, title: 'answers the same again to the same token, counts once and extends nothing' }],
    },
  ],
  'CLA-03': [
    {
      in: WHOLE,
      from: `when l.status <> 'pending' then 'finished'`,
      to: `when false then 'finished'`,
      fails: [{ shownBy: CLAIM, title: 'passes over what is finished' }],
    },
  ],
  'CLA-04': [
    {
      in: WHOLE,
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when false then 'held'`,
      fails: [{ shownBy: CLAIM, title: 'passes over what another worker holds, and charges nobody' }],
    },
  ],
  'CLA-05': [
    {
      in: WHOLE,
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when l.lease_expires_at >= i.now then 'held'`,
      fails: [
        {
          shownBy: CLAIM,
          title: 'takes over at the very end of a lease, not a millisecond before',
        },
      ],
    },
  ],
  'CLA-06': [
    {
      in: WHOLE,
      from: `where verdict = 'claimable' and lease_expires_at is not null and attempt_count > 0`,
      to: 'where false',
      fails: [{ shownBy: CLAIM, title: 'writes the attempt whose worker died as outcome_unknown when it takes over' }],
    },
  ],
  'CLA-08': [
    {
      in: 'shared/deliver/claim-batch.ts',
      from: 'waitMs: answer.waitMs ?? 0,',
      to: 'waitMs: Math.max(answer.waitMs ?? 0, Date.UTC(2026, 10, 23, 12) - batch.parts.clock.nowMs()),',
      fails: [{ shownBy: 'test/protocol/protocol-cases.test.ts', title: 'workers whose clocks are years apart' }],
    },
  ],
  'CLA-09': [
    {
      in: WHOLE,
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when l.lease_expires_at > i.now and l.claimed_at <= i.now then 'held'`,
      fails: [{ shownBy: CLAIM, title: 'holds longer, and has no second holder, when the database clock steps back' }],
    },
  ],
  'CLA-11': [
    {
      in: 'shared/deliver/claim-batch.ts',
      from: 'await releaseAttempts(releases, batch).catch(() => new Set<number>());',
      to: 'new Set<number>(releases.length < 0 ? [] : undefined);',
      fails: [{ shownBy: FAULTS, title: 'whose answer never came is released by its token, and its message replaced' }],
    },
  ],
  'CLA-13': [
    {
      in: 'shared/aws/data-api.ts',
      from: `const mayPass = kind === 'passing' ||`,
      to: 'const mayPass = false ||',
      fails: [
        {
          shownBy: 'test/shared/aws/data-api.test.ts',
          title: 'is asked again after a pause: ',
          throws: 'the database is unavailable',
        },
      ],
    },
    {
      in: 'shared/deliver/claim-batch.ts',
      from: '{ least: 15, spread: 25 }',
      to: '{ least: 600, spread: 25 }',
      fails: [{ shownBy: FAULTS, title: 'that could not be made charges nothing, and is made again within a minute' }],
    },
  ],
  'CLA-14': [
    {
      in: 'shared/runtime/limits.ts',
      from: 'CLAIM_PAYLOAD_BUDGET_BYTES = 640 * KIB',
      to: 'CLAIM_PAYLOAD_BUDGET_BYTES = 900 * KIB',
      fails: [
        {
          shownBy: CLAIM,
          title: 'is claimed up to 640 KiB, and the rest of the batch deferred and untouched',
          throws: 'UnsupportedResultException',
        },
      ],
    },
    {
      in: WHOLE,
      from: 'or j.place = 1 or',
      to: 'or',
      fails: [{ shownBy: CLAIM, title: 'over every limit, which cannot be enqueued, is claimed alone and counted' }],
    },
  ],
  'CLA-16': [
    {
      in: 'shared/deliver/find-credential.ts',
      from: 'beganAtMonotonicMs > mustStartByMonotonicMs',
      to: 'false',
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery.test.ts',
          title: 'that is too short for a whole attempt gives it back, and nothing is sent',
        },
      ],
    },
    {
      in: 'shared/egress/http-exchange.ts',
      from: 'if (clock.monotonicMs() >= attempt.endsAtMonotonicMs) return',
      to: 'if (clock.monotonicMs() < 0) return',
      fails: [
        {
          shownBy: 'test/shared/egress/http-sender-limits.test.ts',
          title: 'while it connects writes nothing of a ',
        },
      ],
    },
    {
      in: 'shared/deliver/claim-batch.ts',
      from: 'sinceMonotonicMs + (leaseSeconds - LEASE_MARGIN_SECONDS - attemptTimeoutSeconds) * 1000,',
      to: 'sinceMonotonicMs + leaseSeconds * 1e6,',
      fails: [{ shownBy: FAULTS, title: 'counts from before the claim, so that no attempt outlives its lease' }],
    },
  ],
  'CLA-17': [
    {
      in: WHOLE,
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when l.claimed_at + make_interval(secs => cast(:lease_seconds as double precision)) > i.now then 'held'`,
      fails: [
        { shownBy: LEASE, title: 'lasts as long as its own claim said, whatever lease whoever else asks would have' },
      ],
    },
  ],
  'CLA-20': [
    {
      in: WHOLE,
      from: `when j.id is null then 'locked'`,
      to: `when j.id is null then 'unknown'`,
      fails: [
        { shownBy: ONE_ROW, title: 'keeps no neighbour from being claimed, and is claimed under the same token' },
      ],
    },
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'return await deliver(locked, asks + 1);',
      to: 'return await deliver(beginClaiming(locked, batch), asks + 1);',
      fails: [{ shownBy: ONE_ROW_BATCH, title: 'is asked for again under the same token' }],
    },
  ],
  'CLA-21': [
    {
      in: 'shared/aws/delivery-rows.ts',
      from: `return { kind: 'invalid', deliveryId, attempt, token, detail: fault.message };`,
      to: `return { kind: 'invalid', deliveryId, attempt, token, detail: 'a column is wrong' };`,
      fails: [
        { shownBy: 'test/shared/aws/rotten-rows.test.ts', title: 'nine are claimed, and the tenth says which column' },
      ],
    },
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: 'or greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991\n',
      to: 'or false\n',
      fails: [
        {
          shownBy: 'test/shared/aws/refused-rows.test.ts',
          title: 'stops no sweep: its neighbours are put back, it is ended and counted',
        },
      ],
    },
    {
      in: 'shared/egress/endpoint-url.ts',
      from: `if (url.username !== '' || url.password !== '') return unusable(USER_INFO);`,
      to: '',
      fails: [
        {
          shownBy: 'test/shared/egress/http-sender-addresses.test.ts',
          title: 'opens no connection, and says what to correct in its row',
        },
      ],
    },
  ],
  'CLA-22': [
    {
      in: 'shared/aws/isolate-refused-rows.ts',
      from: 'if (!isOneRowsFault(fault)) throw fault;\n    const [only] = items;',
      to: 'const [only] = items;\n    if (only !== undefined) return items.map((item) => refused(item, refusalOf(fault as StatementRefused)));',
      fails: [{ shownBy: ONE_ROW, title: 'keeps no neighbour from being claimed, and is named' }],
    },
    {
      in: 'shared/sweep/walk-pages.ts',
      from: 'const half = Math.ceil(rows.length / 2);',
      to: 'const half = rows.length;\n    if (half > 1) return half;',
      fails: [
        {
          shownBy: 'test/shared/aws/refused-rows.test.ts',
          title: 'keeps none of the 40 due ones from being put back by the first sweep',
        },
      ],
    },
  ],
  'CLA-23': [
    {
      in: WHOLE,
      from: 'when not l.asked_attempts @> to_jsonb(l.attempt_count + 1)',
      to: 'when l.asked_attempts <> jsonb_build_array(l.attempt_count + 1)',
      fails: [{ shownBy: ONE_ROW, title: 'messages for several attempts of one delivery have the true one claimed' }],
    },
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'attempts: [...new Set([...(known?.attempts ?? []), attempt])],',
      to: 'attempts: [attempt],',
      fails: [
        {
          shownBy: 'test/shared/deliver/deliver-batch.test.ts',
          title: 'for an earlier or later attempt beside the true one leaves that true',
        },
      ],
    },
  ],
};
