// Real: the SDK's client, HTTP over loopback, the local Data API, PostgreSQL 17. Doubles: none. Somebody's own PostgreSQL may have
// any of these set for its database: no answer of the Data API changes by it.
import { describe } from 'vitest';
import { dataApiParametersSuite } from './data-api-parameters-suite.ts';
import { dataApiResultsSuite } from './data-api-results-suite.ts';
import { dataApiTransactionsSuite } from './data-api-transactions-suite.ts';
import { OTHER_SETTINGS } from '../support/postgres/other-settings.ts';

describe.each(OTHER_SETTINGS)('where the database has %s', (setting) => {
  dataApiResultsSuite([setting]);
  dataApiParametersSuite([setting]);
});

describe('where the database has all of them', () => {
  dataApiResultsSuite(OTHER_SETTINGS);
  dataApiParametersSuite(OTHER_SETTINGS);
  dataApiTransactionsSuite(OTHER_SETTINGS);
});
