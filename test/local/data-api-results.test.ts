// Real: the SDK's client, HTTP over loopback, PostgreSQL 17. Doubles: none. Each test names the sentence of the AWS manual
// (API reference of the RDS Data API, or Aurora user guide) that it holds the local endpoint to, or says it was measured.
import { dataApiResultsSuite } from './data-api-results-suite.ts';

dataApiResultsSuite();
