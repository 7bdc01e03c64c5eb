// Real: the store, the SDK's client, HTTP over loopback, the local Data API with its limits, PostgreSQL 17 and its
// concurrency. A double: the database's clock, where a test names an instant.
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { storeContract } from '../../contracts/store-contract.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { ROWS_PER_LOOK } from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore({ rowsPerLook: ROWS_PER_LOOK });
});

beforeEach(() => bench.reset());

afterAll(() => bench.close());

storeContract(() => bench);
