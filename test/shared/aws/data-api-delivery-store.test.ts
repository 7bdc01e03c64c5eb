// Real: the store, the SDK's client, HTTP over loopback, the local Data API with its limits, PostgreSQL 17 and its
// concurrency. A double: the database's clock, where a test names an instant.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeContract } from '../../contracts/store-contract.ts';
import { freshToken, newDelivery, soon, verdictOf } from '../../delivery-store-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../postgres-store-bench.ts';

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
});

beforeEach(() => bench.reset());

afterAll(() => bench.close());

storeContract(() => bench);

describe('the limits of the Data API', () => {
  it('hold for a claim of ten payloads whose headers double twice on their way', async () => {
    const customHeaders = [{ key: 'X-Quotes', value: '"'.repeat(8 * 1024 - 8) }];
    const body = JSON.stringify('x'.repeat(63 * 1024));
    const deliveries = Array.from({ length: 10 }, () => newDelivery({ body, customHeaders }));
    const answers = await bench.store.acceptDeliveries(deliveries);
    const asked = answers.flatMap((answer) =>
      answer.kind === 'stored' ? [{ deliveryId: answer.deliveryId, attempt: 1, token: freshToken() }] : [],
    );
    const claims = await bench.store.claimDeliveries(asked, soon());
    expect(claims.map(verdictOf)).toEqual([...Array.from({ length: 6 }, () => 'claimed'), ...Array.from({ length: 4 }, () => 'deferred')]);
  });

  it('hold for a request of 5 MB in characters of three bytes', async () => {
    const body = JSON.stringify('漢'.repeat(16_000));
    const deliveries = Array.from({ length: 100 }, () => newDelivery({ body }));
    const answers = await bench.store.acceptDeliveries(deliveries);
    expect(answers.filter((answer) => answer.kind === 'stored' && answer.created)).toHaveLength(100);
  });
});
