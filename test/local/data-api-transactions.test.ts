// Real: the SDK's client, HTTP over loopback, PostgreSQL 17 with its locks. Doubles: the endpoint's clock. Each test names the
// sentence of the AWS manual that it holds the local endpoint to, or says it was measured.
import { dataApiTransactionsSuite } from './data-api-transactions-suite.ts';

dataApiTransactionsSuite();
