// Real: the types of the compiled statements. The compiler is the judge (`npm run types`): where a line marked as an error
// compiles, it is one. A double: the Data API's client, which keeps what it is given.
import { beforeEach, expect, test } from 'vitest';
import type { DataApiCalls } from '../../../shared/aws/clients.ts';
import type { ExecuteStatement } from '../../../shared/aws/data-api-operations.ts';
import { createDataApi, type DataApi, type Value } from '../../../shared/aws/data-api.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { inPublic, PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';

const search = { keys: '[]', now: null };

const misuses = {
  'a parameter left out': (dataApi: DataApi) =>
    // @ts-expect-error now is missing
    dataApi.execute(queries.findDeliveries, { keys: '[]' }),
  'a parameter renamed in the caller alone': (dataApi: DataApi) =>
    // @ts-expect-error the statement knows keys
    dataApi.execute(queries.findDeliveries, { names: '[]', now: null }),
  'a parameter too many': (dataApi: DataApi) =>
    // @ts-expect-error the statement knows no more
    dataApi.execute(queries.findDeliveries, { ...search, more: 1 }),
  'a parameter too many by way of a variable': (dataApi: DataApi) => {
    const parameters = { ...search, more: 1 };
    // @ts-expect-error the statement knows no more
    return dataApi.execute(queries.findDeliveries, parameters);
  },
  'parameters that may be anything': (dataApi: DataApi, parameters: Record<string, Value>) =>
    // @ts-expect-error nobody knows which they are
    dataApi.execute(queries.findDeliveries, parameters),
  'a parameter that may be absent': (dataApi: DataApi, parameters: { keys: string; now?: null }) =>
    // @ts-expect-error a parameter without a value is null
    dataApi.execute(queries.findDeliveries, parameters),
  'a value that no parameter takes': (dataApi: DataApi) =>
    // @ts-expect-error a date is not a value of the Data API
    dataApi.execute(queries.findDeliveries, { keys: '[]', now: new Date(0) }),
  'text that is not a Surehook statement': (dataApi: DataApi) =>
    // @ts-expect-error statements are in sql/queries/
    dataApi.execute('select 1', {}),
};

const target = { resourceArn: 'arn', secretArn: 'arn', database: 'database', schemas: PUBLIC_SCHEMAS };
const sent: ExecuteStatement[] = [];
beforeEach(() => void (sent.length = 0));
const calls: DataApiCalls = {
  call(name, input) {
    if (name !== 'ExecuteStatement') throw new Error(`${name} is not asked for here`);
    sent.push(input as ExecuteStatement);
    return Promise.resolve({});
  },
  destroy() {},
};
const dataApi = createDataApi(calls, target, systemClock);

test('a statement goes out with its schemas and exactly the parameters it names', async () => {
  await dataApi.execute(queries.findDeliveries, search);
  expect(sent).toMatchObject([
    {
      sql: inPublic(queries.findDeliveries.sql),
      parameters: [
        { name: 'keys', value: { stringValue: '[]' } },
        { name: 'now', value: { isNull: true } },
      ],
    },
  ]);
});

test('a parameter too many that got past the compiler stays behind', async () => {
  await misuses['a parameter too many'](dataApi);
  expect(sent.map(({ parameters }) => parameters?.map(({ name }) => name))).toEqual([['keys', 'now']]);
});
