// Every state of a row, judged twice: by claim, settle and release as the database runs them, one statement each over all
// rows, and by the same rules in TypeScript. Real: the store, the SDK, the local Data API, PostgreSQL 17. A double: the
// database's clock. Leases end and deliveries fall due at this very instant, or a millisecond after.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DeliveryStatus } from '../../shared/delivery/delivery.ts';
import { MAX_CLAIMS } from '../../shared/runtime/limits.ts';
import { claimVerdict, type JudgedRow, releaseVerdict, settleVerdict } from '../support/store/fake-delivery-rules.ts';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';
import { death, failure, freshToken, LEASE_SECONDS, NOON, soon, success } from '../support/store/store-world.ts';

const NOW_MS = Date.parse(NOON);
const MINE = freshToken();
const OTHER = freshToken();
const ATTEMPTS_MADE = 2;
/** Of a delivery that was never stored. */
const NOBODY = 1_000_000;

type Case = JudgedRow & { id: number; says: string };

/** Crosses a list with more choices. */
function cross<T, More>(list: readonly T[], more: readonly More[]): (T & More)[] {
  return list.flatMap((one) => more.map((other) => ({ ...one, ...other })));
}

const attemptsLeft = [{ maxAttempts: 5 }, { maxAttempts: ATTEMPTS_MADE }];
const claimsLeft = [{ claimCount: MAX_CLAIMS - 1 }, { claimCount: MAX_CLAIMS }];
const leases = [undefined, NOW_MS, NOW_MS + 1].map((leaseExpiresMs) => ({ leaseExpiresMs }));
const tokens = [MINE, OTHER, undefined].map((leaseToken) => ({ leaseToken }));
const dueTimes = [{ scheduledForMs: NOW_MS }, { scheduledForMs: NOW_MS + 1 }];
const living: { status: DeliveryStatus; deadLetterReason: undefined }[] = [
  { status: 'pending', deadLetterReason: undefined },
];
const ended: Pick<JudgedRow, 'status' | 'deadLetterReason' | 'scheduledForMs' | 'leaseExpiresMs'>[] = [
  { status: 'succeeded', deadLetterReason: undefined, scheduledForMs: undefined, leaseExpiresMs: undefined },
  { status: 'dead_letter', deadLetterReason: 'status', scheduledForMs: undefined, leaseExpiresMs: undefined },
  { status: 'dead_letter', deadLetterReason: 'never_sent', scheduledForMs: undefined, leaseExpiresMs: undefined },
];

/** Every row that the table's constraints allow: a lease has a token, what is over has neither lease nor due time. */
const ROWS: Omit<JudgedRow, 'attemptCount'>[] = cross(
  cross(
    [
      ...cross(cross(cross(living, leases), tokens), dueTimes).filter((row) => row.leaseToken || !row.leaseExpiresMs),
      ...cross(ended, tokens),
    ],
    attemptsLeft,
  ),
  claimsLeft,
);

function casesOf<More extends object>(more: readonly More[]): (Case & More)[] {
  return cross(ROWS, more).map((row, index) => {
    const numbered = { ...row, attemptCount: ATTEMPTS_MADE, id: index + 1 };
    return { ...numbered, says: JSON.stringify({ ...numbered, attempts: [...(numbered.attempts ?? [])] }) };
  });
}

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
  bench.setNow(NOON);
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const INSERT = `
  insert into webhook_deliveries (
    id, workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, attempt_count, max_attempts,
    claim_count, scheduled_for, lease_token, lease_expires_at, dead_letter_reason, updated_at
  )
  select
    id, id, 7, 'node', 'https://receiver.example/', '1', cast(status as webhook_delivery_status), "attemptCount",
    "maxAttempts", "claimCount", to_timestamp("scheduledForMs" / 1000), "leaseToken", to_timestamp("leaseExpiresMs" / 1000),
    "deadLetterReason", 'yesterday'
  from jsonb_to_recordset($1) as c (
    id bigint, status text, "attemptCount" integer, "maxAttempts" integer, "claimCount" integer,
    "scheduledForMs" double precision, "leaseToken" uuid, "leaseExpiresMs" double precision, "deadLetterReason" text
  )`;

/** What is known of the last attempt: nothing, that it never reported under this token, or that it was accepted. */
const ATTEMPTS_KNOWN: Pick<JudgedRow, 'attempts'>[] = [
  {},
  { attempts: new Map([[ATTEMPTS_MADE, { leaseToken: MINE }]]) },
  { attempts: new Map([[ATTEMPTS_MADE, { statusCode: 204, leaseToken: OTHER }]]) },
];

const INSERT_ATTEMPT = `
  insert into webhook_delivery_attempts (delivery_id, attempt, started_at, status_code, lease_token)
  select id, attempt, 'yesterday', status, token
  from jsonb_to_recordset($1) as a (id bigint, attempt integer, status integer, token uuid)`;

async function insert(cases: readonly Case[]): Promise<void> {
  await bench.pool.query(INSERT, [JSON.stringify(cases)]);
  const attempts = cases.flatMap(({ id, attempts: known }) =>
    [...(known ?? [])].map(([attempt, { statusCode, leaseToken }]) => {
      return { id, attempt, status: statusCode, token: leaseToken };
    }),
  );
  await bench.pool.query(INSERT_ATTEMPT, [JSON.stringify(attempts)]);
}

/** What the statement wrote: ids of the rows it changed. */
async function changed(): Promise<Set<number>> {
  // A claim writes no indexed column, so not updated_at.
  const { rows } = await bench.pool.query<{ id: string }>(
    'select id from webhook_deliveries where updated_at = $1 or claimed_at = $1',
    [NOON],
  );
  return new Set(rows.map(({ id }) => Number(id)));
}

/** Fails with the cases on which the two disagree, and where a verdict did not occur at all. */
function expectSame(
  cases: readonly Case[],
  ofDatabase: (id: number) => string | undefined,
  ofRules: (one: Case, index: number) => string,
): Set<string> {
  const ruled = cases.map((one, index) => [one.says, ofRules(one, index)]);
  expect(cases.map(({ says, id }) => [says, ofDatabase(id)])).toEqual(ruled);
  return new Set(ruled.map(([, verdict = '']) => verdict));
}

test('claim', async () => {
  const cases = casesOf(
    cross(
      [[1], [2], [3], [4], [1, 3], [2, 4]].map((asked) => ({ asked })),
      ATTEMPTS_KNOWN,
    ),
  );
  await insert(cases);
  const asked = cases.map(({ id, asked }) => ({ deliveryId: id, attempts: asked, token: MINE }));
  const answers = await bench.store.claimDeliveries(
    [...asked, { deliveryId: NOBODY, attempts: [1], token: MINE }],
    LEASE_SECONDS,
    soon(),
  );
  const written = await changed();
  const verdicts = new Map(
    answers.map((answer) => {
      if (answer.kind !== 'claimed')
        return [answer.deliveryId, answer.kind === 'passed' ? answer.because : answer.kind];
      const { deliveryId, attempt } = answer.delivery;
      const counted = written.has(deliveryId) && attempt === ATTEMPTS_MADE + 1;
      return [deliveryId, counted ? 'claimable' : `mine, attempt ${attempt}`];
    }),
  );
  const seen = expectSame(
    cases,
    (id) => verdicts.get(id),
    (row, index) => {
      const verdict = claimVerdict(row, { attempts: cases[index]?.asked ?? [], token: MINE, hasCompany: true }, NOW_MS);
      return verdict === 'mine' ? `mine, attempt ${ATTEMPTS_MADE}` : verdict;
    },
  );
  expect(verdicts.get(NOBODY)).toBe('unknown');
  expect(written).toEqual(new Set(cases.flatMap(({ id }) => (verdicts.get(id) === 'claimable' ? [id] : []))));
  expect([...seen].sort()).toEqual([
    'apart',
    'arrived',
    'claimable',
    'early',
    'exhausted',
    'finished',
    'held',
    'mine, attempt 2',
    'stale',
  ]);
});

test('settle', async () => {
  const settlements = [success, failure, death].map((settlement) => ({ settlement }));
  const cases = casesOf(cross(cross(settlements, [{ written: false }, { written: true }]), ATTEMPTS_KNOWN));
  await insert(cases);
  const unknown = { id: NOBODY, settlement: success, written: false };
  const settled = [...cases, unknown].map(({ id, settlement, written }) => ({
    deliveryId: id,
    token: MINE,
    attempt: ATTEMPTS_MADE,
    settlement,
    durationMs: 1,
    startedMsAgo: 1,
    ...(written ? { written: true as const } : {}),
  }));
  const { answers } = await bench.store.settleDeliveries(settled, soon());
  const verdicts = new Map<number, string>(answers.map(({ deliveryId, verdict }) => [deliveryId, verdict]));
  const seen = expectSame(
    cases,
    (id) => verdicts.get(id),
    (row, index) =>
      settleVerdict(row, {
        token: MINE,
        attempt: ATTEMPTS_MADE,
        settlement: cases[index]?.settlement ?? success,
        ...(cases[index]?.written === true ? { written: true } : {}),
      }),
  );
  expect(verdicts.get(NOBODY)).toBe('vanished');
  const writes = cases.filter(({ id }) => ['recorded', 'late_success'].includes(verdicts.get(id) ?? ''));
  expect(await changed()).toEqual(new Set(writes.map(({ id }) => id)));
  expect([...seen].sort()).toEqual(['already_recorded', 'late_success', 'recorded', 'superseded']);
});

test('release', async () => {
  const cases = casesOf([{}]);
  await insert(cases);
  const releases = [...cases, { id: NOBODY }].map(({ id }) => ({ deliveryId: id, token: MINE, error: 'ours' }));
  const answers = await bench.store.releaseDeliveries(releases, soon());
  const written = await changed();
  const verdicts = new Map<number, string>(
    answers.map(({ deliveryId, kind }) => {
      const before = kind !== 'not_held' && !written.has(deliveryId);
      return [deliveryId, before ? `${kind}_before` : kind];
    }),
  );
  const seen = expectSame(
    cases,
    (id) => verdicts.get(id),
    (row) => releaseVerdict(row, { token: MINE }),
  );
  expect(verdicts.get(NOBODY)).toBe('not_held');
  const writes = cases.filter(({ id }) => ['released', 'buried'].includes(verdicts.get(id) ?? ''));
  expect(written).toEqual(new Set(writes.map(({ id }) => id)));
  expect([...seen].sort()).toEqual(['buried', 'buried_before', 'not_held', 'released', 'released_before']);
});
