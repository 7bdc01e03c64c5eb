// Rows that nothing of ours writes and SQL can: each costs its neighbours nothing and ends saying what is wrong with it. Real:
// the product's claim, settle and sweep on PostgreSQL 17 through the SDK and the local Data API, which is as strict about sizes
// as the real one. Doubles: the queue, the attempts, the database's clock.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LEASE_SECONDS, NOON, noonAnd, soon, stored, freshToken } from '../../support/store/store-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

const claimsOf = (ids: readonly number[]) =>
  ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));

describe('a claim of ten of which one row is rotten', () => {
  it.each([
    ['custom_headers of null', `custom_headers = '[null]'`, 'custom_headers'],
    ['a number for custom_headers', `custom_headers = '7'`, 'custom_headers'],
    ['a header without a value', `custom_headers = '[{"key":"X-A"}]'`, 'custom_headers'],
    [
      'headers beyond a row of the Data API',
      `custom_headers = jsonb_build_array(repeat('x', 100000))`,
      'custom_headers',
    ],
    ['a URL beyond a row of the Data API', `endpoint_url = 'https://x.example/' || repeat('a', 70000)`, 'endpoint_url'],
    ['a name beyond a row of the Data API', `webhook_name = repeat('n', 70000)`, 'webhook_name'],
    ['a payload beyond an answer', `payload = repeat('p', 2000000)`, 'payload'],
    ['a run beyond 2^53', 'workflow_run_id = 1152921504606846976', 'workflow_run_id'],
    ['an organization beyond 2^53', 'organization_id = 1152921504606846976', 'organization_id'],
  ])('%s: nine are claimed, and the tenth says which column', async (_, change, column) => {
    const ids: number[] = [];
    while (ids.length < 10) ids.push(await stored(bench));
    await bench.pool.query(`update webhook_deliveries set ${change} where id = $1`, [ids[4]]);
    const claims = claimsOf(ids);
    let answers = await bench.store.claimDeliveries(claims, LEASE_SECONDS, soon());
    // What outgrows the answer is deferred, and claimed alone.
    const deferred = answers.flatMap((answer) => (answer.kind === 'deferred' ? [answer.deliveryId] : []));
    if (deferred.length > 0) {
      const again = await bench.store.claimDeliveries(claimsOf(deferred), LEASE_SECONDS, soon());
      answers = [...answers.filter(({ kind }) => kind !== 'deferred'), ...again];
    }
    expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(9);
    const invalid = answers.find((answer) => answer.kind === 'invalid');
    expect(invalid).toMatchObject({ deliveryId: ids[4], attempt: 1, detail: expect.stringContaining(column) });
    expect(invalid?.detail.length).toBeLessThan(200);
    if (invalid === undefined) return;
    const settlement = { kind: 'dead', errorClass: 'invalid_row', error: `invalid_row: ${invalid.detail}` } as const;
    const { deliveryId, attempt, token } = invalid;
    const settled = { deliveryId, attempt, token, settlement, durationMs: 0, startedMsAgo: 0 };
    expect(await bench.store.settleDeliveries([settled], soon())).toMatchObject({
      answers: [{ verdict: 'recorded' }],
    });
    expect(await bench.delivery(deliveryId)).toMatchObject({ deadLetterReason: 'invalid_row' });
  });
});

describe('a row whose id no message can name', () => {
  it('stops no sweep: it is ended as invalid_row, and the others are put back', async () => {
    const ids = [await stored(bench), await stored(bench)];
    const huge = '1152921504606846976';
    await bench.pool.query('update webhook_deliveries set id = $1 where id = $2', [huge, ids[0]]);
    bench.setNow(noonAnd(100));
    const page = { after: undefined, pageRows: 10 };
    expect(await bench.store.putBackDeliveries(page)).toMatchObject([{ deliveryId: ids[1] }]);
    expect(await bench.store.restoreMessages(page)).toMatchObject([{ deliveryId: ids[1] }]);
    expect(await bench.store.buryDeliveries(page)).toMatchObject([{ status: 'dead_letter', position: { id: huge } }]);
    expect(await bench.store.listUncountedDeaths(10)).toEqual([{ id: huge, reason: 'invalid_row' }]);
    const { rows } = await bench.pool.query('select last_error from webhook_deliveries where id = $1', [huge]);
    expect(rows).toEqual([{ last_error: expect.stringContaining('9007199254740991') }]);
  });
});
