import { fail } from 'node:assert/strict';
import { createDataApiCalls } from '../../../shared/aws/clients.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import type { Intercept } from '../../../local/aws/data-api/service.ts';
import { createDataApi, type DataApi, type Row, type Value } from '../../../shared/aws/data-api.ts';
import type { CallLimit } from '../../../shared/delivery/store-answers.ts';
import { type DataApiBench, startDataApiBench } from '../../local/data-api-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import { PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';

/** The product's client, the real SDK, the local Data API and PostgreSQL, in a row. */
export type ClientBench = Omit<DataApiBench, 'api' | 'execute'> & {
  endpoint: DataApiBench['api'];
  dataApi: DataApi;
  /** Runs a statement of the test's own. */
  execute(sql: string, parameters: Readonly<Record<string, Value>>, limit?: CallLimit): Promise<Row[]>;
  /** The client's own; its pauses are 50, 100, 200, … ms. The endpoint's is `timers`. */
  clock: TurnedClock;
  /** What the endpoint was asked: the operation, and its SQL where there is some. */
  calls: string[];
  /** What happens to the calls from now on. */
  interceptWith(intercept: Intercept): void;
  /** Resolves once the endpoint has been asked for the nth time since the last `reset`. */
  called(times: number): Promise<void>;
  /** Forgets calls and interception, and gives the client a new clock. */
  reset(): void;
};

const PROCEED: Intercept = () => ({ kind: 'proceed' });

export async function startClientBench(): Promise<ClientBench> {
  let intercept = PROCEED;
  let waiting: { times: number; resolve: () => void }[] = [];
  const calls: string[] = [];
  const { api: endpoint, ...rest } = await startDataApiBench({
    intercept: (call) => {
      calls.push(call.sql === '' ? call.operation : call.sql);
      for (const { times, resolve } of waiting) if (calls.length >= times) resolve();
      waiting = waiting.filter(({ times }) => calls.length < times);
      return intercept(call);
    },
  });
  const target = { ...rest.target, schemas: PUBLIC_SCHEMAS };
  const calling = createDataApiCalls(localSurroundings(rest.url), { maxTries: 1 });
  const bench: ClientBench = {
    ...rest,
    endpoint,
    clock: new TurnedClock(),
    dataApi: createDataApi(calling, target, new TurnedClock()),
    execute: (sql, parameters, limit) =>
      bench.dataApi.execute({ sql, parameters: Object.keys(parameters) }, parameters, limit),
    calls,
    interceptWith: (next) => {
      intercept = next;
    },
    called: (times) => {
      if (calls.length >= times) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ times, resolve }));
    },
    reset() {
      intercept = PROCEED;
      calls.length = 0;
      bench.clock = new TurnedClock();
      bench.dataApi = createDataApi(calling, target, bench.clock);
    },
  };
  bench.reset();
  return bench;
}

/** An answer of the service's, as the SDK reads it. */
export function fault(name: string, options: { status?: number; message?: string; effect?: 'none' | 'done' } = {}) {
  const { status = 400, message = name, effect = 'none' } = options;
  return {
    kind: 'answer' as const,
    effect,
    response: {
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
      body: JSON.stringify({ message }),
    },
  };
}

/** Carries the first calls out as told, one after the other, and the rest as they are. */
export function firstCalls(...first: ReturnType<Intercept>[]): Intercept {
  const left = [...first];
  return () => left.shift() ?? { kind: 'proceed' };
}

/** What a call fails with; fails when it does not. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const failed: unknown = await call.then(
    () => SUCCEEDED,
    (error: unknown) => error,
  );
  if (failed === SUCCEEDED) fail('the call succeeded');
  return failed;
}

const SUCCEEDED = Symbol('succeeded');
