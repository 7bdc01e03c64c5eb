import type { Mutations } from './mutation.ts';

const SWEPT = 'test/contracts/sweep-contract.ts';
const SWEEPS = 'test/shared/sweep/sweep-deliveries.test.ts';
const PUT_BACK = 'sql/queries/put_back_deliveries.sql';
const BURY = 'sql/queries/bury_deliveries.sql';
const WALK = 'shared/sweep/walk-pages.ts';
const MARGINS = 'test/functions/margins.test.ts';

/** The sweep. */
export const SWEEP: Mutations = {
  'SWE-02': [
    {
      in: PUT_BACK,
      from: 'and (d.lease_expires_at is null or d.lease_expires_at <= i.now)',
      to: '',
      fails: [{ shownBy: SWEPT, title: 'leaves alone what is leased, finished, not due or out of attempts' }],
    },
  ],
  'SWE-03': [
    {
      in: PUT_BACK,
      from: `order by d.scheduled_for, d.id
  limit`,
      to: `order by d.id
  limit`,
      fails: [{ shownBy: SWEPT, title: 'goes on oldest due first, page by page, whatever the ids are' }],
    },
    {
      in: 'shared/runtime/limits.ts',
      from: 'SWEEP_PAGE_ROWS = 500',
      to: 'SWEEP_PAGE_ROWS = 400',
      fails: [
        { shownBy: SWEEPS, title: 'goes through a backlog page by page, oldest due first, and names nothing twice' },
      ],
    },
  ],
  'SWE-04': [
    {
      in: PUT_BACK,
      from: 'for update of d skip locked',
      to: '',
      fails: [{ shownBy: SWEPT, title: 'names each delivery for one of two sweeps at once only' }],
    },
  ],
  'SWE-06': [
    {
      in: 'shared/runtime/limits.ts',
      from: 'SENDS_PER_ENTRY = 2',
      to: 'SENDS_PER_ENTRY = 1',
      fails: [{ shownBy: 'test/shared/aws/sqs-batches.test.ts', title: 'of a batch is sent once more, alone' }],
    },
    {
      in: 'shared/sweep/sweep-deliveries.ts',
      from: 'counts.unsent += await announce(swept, parts);',
      to: 'await announce(swept, parts);',
      fails: [{ shownBy: SWEEPS, title: 'counts the messages it could not send, which come again after their pause' }],
    },
  ],
  'SWE-07': [
    {
      in: PUT_BACK,
      from: `d.put_back_at - greatest(d.scheduled_for, d.claimed_at),
`,
      to: `interval '0',
`,
      fails: [{ shownBy: SWEPT, title: 'repeats a message only after a pause that doubles from 5 minutes to 2 hours' }],
    },
  ],
  'SWE-08': [
    {
      in: BURY,
      from: `d.attempt_count >= d.max_attempts
      or`,
      to: `false
      or`,
      fails: [{ shownBy: SWEPT, title: 'ends what used up its attempts and never reported, as outcome_unknown' }],
    },
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when l.lease_expires_at is not null and l.has_company then 'apart'`,
      to: `when false then 'apart'`,
      fails: [
        {
          shownBy: 'test/contracts/one-row-contract.ts',
          title: 'is left aside by a claim of several, and claimed by one that asks for it alone',
        },
      ],
    },
  ],
  'SWE-09': [
    {
      in: PUT_BACK,
      from: `order by d.scheduled_for, d.id
  limit`,
      to: `order by d.id
  limit`,
      fails: [{ shownBy: SWEPT, title: 'goes on oldest due first, page by page, whatever the ids are' }],
    },
  ],
  'SWE-12': [
    {
      in: WALK,
      from: 'while (clock.monotonicMs() < stopAtMonotonicMs) {',
      to: 'while (clock.monotonicMs() < stopAtMonotonicMs * 1000) {',
      fails: [{ shownBy: SWEEPS, title: 'stops before its time is up, and the next one goes on' }],
    },
    {
      in: 'functions/sweep.ts',
      from: 'context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS',
      to: 'context.getRemainingTimeInMillis()',
      fails: [{ shownBy: MARGINS, title: 'a sweep begins nothing so near its timeout' }],
    },
    {
      in: 'functions/operate.ts',
      from: 'context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS',
      to: 'context.getRemainingTimeInMillis()',
      fails: [{ shownBy: MARGINS, title: 'an order is worked on no further so near the timeout' }],
    },
    {
      in: 'functions/enqueue.ts',
      from: 'context.getRemainingTimeInMillis() - ENQUEUE_ANSWER_SECONDS * 1000',
      to: 'context.getRemainingTimeInMillis()',
      fails: [{ shownBy: MARGINS, title: 'enqueue asks the database nothing so near its timeout' }],
    },
  ],
  'SWE-15': [
    {
      in: WALK,
      from: 'const half = Math.ceil(rows.length / 2);',
      to: `const half = rows.length;
    if (half > 1) return half;`,
      fails: [{ shownBy: SWEEPS, title: 'goes round a row that the database refuses to change, and names it' }],
    },
  ],
  'SWE-14': [
    {
      in: WALK,
      from: 'SMALLEST_PAGE_ROWS = 10',
      to: 'SMALLEST_PAGE_ROWS = 100',
      fails: [{ shownBy: SWEEPS, title: 'tries a page that fails with few rows, and goes on so' }],
    },
    {
      in: WALK,
      from: 'PROBE_MS = 5_000',
      to: 'PROBE_MS = 40_000',
      fails: [{ shownBy: SWEEPS, title: 'waits out an outage once, and ends of it' }],
    },
  ],
  'SWE-17': [
    {
      in: PUT_BACK,
      from: `to_jsonb(scheduled_for) #>> '{}' as due_at`,
      to: 'cast(scheduled_for as text) as due_at',
      fails: [{ shownBy: SWEPT, title: 'goes on oldest due first, page by page, whatever the ids are' }],
    },
    {
      in: 'local/aws/data-api/sessions.ts',
      from: `  bytea_output: 'hex',
`,
      to: '',
      fails: [{ shownBy: 'test/local/data-api-settings.test.ts', title: 'where the database has ' }],
    },
  ],
};
