// Each rule of endpoints taken out of its statement in turn: the case that is named beside it must fail, on PostgreSQL, or it proves
// nothing. Real and doubled as in test/shared/aws/data-api-delivery-store.test.ts, where the same cases pass.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StatementRefused } from '../../shared/delivery/store-answers.ts';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';
import { endpointCases } from './endpoint-cases.ts';
import { SQL_MUTANTS, STATEMENTS } from './endpoint-mutants.ts';

let bench: PostgresStoreBench;
/** What is run in place of a statement. */
let rewrite = (sql: string): string => sql;

beforeAll(async () => {
  bench = await openPostgresStore({ rewrite: (sql) => rewrite(sql) });
});

afterAll(() => bench.close());

const cases = endpointCases(() => bench);

it.each(Object.entries(SQL_MUTANTS))('%s: a case of the contract fails', async (_, { statement, from, to, fails }) => {
  const run = cases.get(fails);
  if (run === undefined) throw new Error('there is no such case');
  rewrite = (sql) => sql;
  await bench.reset();
  await run();
  let isRun = false;
  rewrite = (sql) => {
    if (sql !== STATEMENTS[statement].sql) return sql;
    isRun = true;
    return sql.replaceAll(from, to);
  };
  // A short statement that found little to do is left out for a while.
  let failure: unknown;
  for (let tries = 0; tries < 8 && failure === undefined; tries++) failure = await failureOf(run);
  expect(isRun).toBe(true);
  // Not because the statement is none any more.
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(StatementRefused);
});

async function failureOf(run: () => void | Promise<void>): Promise<unknown> {
  await bench.reset();
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}
