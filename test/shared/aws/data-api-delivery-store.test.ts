// Real: the store, the SDK's client, HTTP over loopback, the local Data API with its limits, PostgreSQL 17 and its
// concurrency. A double: the database's clock, where a test names an instant.
//
// On a cluster a database or a role may have settings of somebody's own, and no session of the Data API sets any: no statement of ours
// may mean something else by them. So the sessions here have such settings; those of the stack's tests have none.
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { storeContract } from '../../contracts/store-contract.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { ROWS_PER_LOOK } from '../../support/store/store-world.ts';

const SETTINGS = {
  // A day before a month, and a zone whose abbreviation is read as another's: IST is Israel's, too.
  datestyle: 'SQL,DMY',
  timezone: 'Asia/Kolkata',
  intervalstyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  client_min_messages: 'error',
};

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore({ rowsPerLook: ROWS_PER_LOOK, sessionSettings: SETTINGS });
});

beforeEach(() => bench.reset());

afterAll(() => bench.close());

storeContract(() => bench);
