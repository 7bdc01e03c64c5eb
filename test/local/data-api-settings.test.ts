// Real: the SDK's client, HTTP over loopback, the local Data API, PostgreSQL 17. Doubles: none. Somebody's own PostgreSQL may have
// any of these set for its database: no answer of the Data API changes by it.
import { describe } from 'vitest';
import { dataApiParametersSuite } from './data-api-parameters-suite.ts';
import { dataApiResultsSuite } from './data-api-results-suite.ts';
import { OTHER_SETTINGS } from '../support/postgres/other-settings.ts';

describe(`where the database has ${OTHER_SETTINGS.join(', ')}`, () => {
  dataApiResultsSuite(OTHER_SETTINGS);
  dataApiParametersSuite(OTHER_SETTINGS);
});
