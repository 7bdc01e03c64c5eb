// Real: nothing. `npm run mutants:endpoints` takes each rule of endpoints out of its statement; here it is seen that it still could.
import { expect, it } from 'vitest';
import { endpointCases } from '../mutants/endpoint-cases.ts';
import { SQL_MUTANTS, STATEMENTS } from '../mutants/endpoint-mutants.ts';

it('each mutant changes its statement, and names a case of the contract', () => {
  const cases = endpointCases(() => {
    throw new Error('no case is run here');
  });
  const stale = Object.entries(SQL_MUTANTS).filter(
    ([, { statement, from, fails }]) => !STATEMENTS[statement].sql.includes(from) || !cases.has(fails),
  );
  expect(stale.map(([name]) => name)).toEqual([]);
});
