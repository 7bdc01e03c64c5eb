// What the statements of a delivery's life cost the database: planning, running, and all the processor time of its process, parsing
// included. `npm run bench` measures them with the rest; `npm run bench:statements` alone. Real: PostgreSQL and the stores. A double:
// the Data API, by a connection of one's own that is reset before each statement as the real one's are.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import type { DataApi, Row } from '../shared/aws/data-api.ts';
import { createDataApiAcceptStore } from '../shared/aws/data-api-accept-store.ts';
import { createDataApiDeliverStore } from '../shared/aws/data-api-deliver-store.ts';
import { evidenceOf } from '../shared/endpoints/evidence-of.ts';
import type { EndpointRules } from '../shared/endpoints/endpoint-policy.ts';
import type { ClaimedDelivery } from '../shared/delivery/delivery.ts';
import * as queries from '../sql/compiled-queries.ts';
import { type NamedValues, withNumberedParameters } from '../test/support/postgres/named-parameters.ts';
import { connect, openBenchDatabase, say } from './bench-database.ts';
import { median } from './measurement.ts';
import { HAS_PROC } from './process-tree.ts';
import { table } from './table.ts';

export type StatementCost = {
  statement: string;
  /** In one call. */
  deliveries: number;
  /** By the clock, the least of all runs: whatever else the machine does only adds. */
  planningMs: number;
  runningMs: number;
  /** In the middle of all runs. Undefined where there is no /proc. */
  processorMs: number | undefined;
};

/** Each statement is run so often, and taken back. */
const RUNS = 15;
/** That the table holds before. */
const KEPT = 50_000;
const LEASE_SECONDS = 75;
/** As by default. */
const RULES: EndpointRules = {
  downAfterFailures: 5,
  holdSeconds: 259_200,
  exhausted: 'dead_letter',
  maxInFlight: undefined,
  maxPerSecond: undefined,
  leaseSeconds: LEASE_SECONDS,
  probeDelays: () => [30, 60, 120, 240, 480, 600],
};
const NAMES = new Map<string, string>(Object.entries(queries).map(([name, { sql }]) => [sql, name]));
const LIMIT = { untilMonotonicMs: Infinity };

/** Of a delivery that succeeds at once, and of one that fails before, at an endpoint that is known from then on. */
export async function statementCosts(): Promise<StatementCost[]> {
  const database = await openBenchDatabase();
  const client = await connect(database.url);
  // As the Data API answers them.
  client.setTypeParser(20, Number);
  try {
    await client.query(
      `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, scheduled_for)
       select -n, 1 + n % 50, 'node', 'https://hooks.example.com/hook', 'kept', 'succeeded', null from generate_series(1, $1::integer) n`,
      [KEPT],
    );
    await client.query('vacuum analyze');
    const costs: StatementCost[] = [];
    for (const deliveries of [1, 10]) costs.push(...(await costsOfLives(client, deliveries)));
    return costs;
  } finally {
    await client.end();
    await database.close();
  }
}

async function costsOfLives(client: Client, deliveries: number): Promise<StatementCost[]> {
  const costs = new Map<string, StatementCost>();
  const dataApi: DataApi = {
    async execute({ sql }, parameters) {
      const { text, values } = withNumberedParameters(sql, parameters as NamedValues);
      const statement = NAMES.get(sql) ?? sql;
      // Of a statement that occurs again, the first time counts.
      if (!costs.has(statement))
        costs.set(statement, { statement, deliveries, ...(await costOf(client, text, values)) });
      return (await client.query<Row>(text, values)).rows;
    },
    transaction: () => Promise.reject(new Error('no store of a delivery’s life opens one')),
  };
  const enqueue = createDataApiAcceptStore(dataApi);
  const deliver = createDataApiDeliverStore(dataApi, { ...RULES, outcomes: 'failures' });
  const run = async (attempt: number, ids: readonly number[]): Promise<ClaimedDelivery[]> => {
    const asked = ids.map((deliveryId) => ({ deliveryId, attempts: [attempt], token: crypto.randomUUID() }));
    const answers = await deliver.claimDeliveries(asked, LEASE_SECONDS, LIMIT);
    return answers.flatMap((answer) => (answer.kind === 'claimed' ? [answer.delivery] : []));
  };
  const settle = async (claimed: readonly ClaimedDelivery[], how: 'succeeded' | 'failed'): Promise<void> => {
    if (claimed.length !== deliveries) throw new Error('the bench could not claim what it enqueued');
    await deliver.settleDeliveries(
      claimed.map(({ deliveryId, token, attempt }) => {
        const common = { deliveryId, token, attempt, durationMs: 100, startedMsAgo: 110 };
        return how === 'succeeded'
          ? { ...common, settlement: { kind: 'succeeded', statusCode: 200, excerpt: 'ok' }, evidence: SUCCESS }
          : {
              ...common,
              settlement: {
                kind: 'retry',
                delaySeconds: 0,
                errorClass: 'status',
                error: 'status 500',
                statusCode: 500,
              },
              evidence: FAILURE,
            };
      }),
      LIMIT,
    );
  };
  const accepted = async (): Promise<number[]> => {
    const answers = await enqueue.acceptDeliveries(newDeliveries(deliveries), 'register', LIMIT);
    return answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
  };
  await settle(await run(1, await accepted()), 'succeeded');
  const failing = await accepted();
  await settle(await run(1, failing), 'failed');
  await run(2, failing);
  await client.query('truncate webhook_endpoints');
  return [...costs.values()];
}

const SUCCESS = evidenceOf({ kind: 'accepted', status: 200, excerpt: 'ok' });
const FAILURE = evidenceOf({ kind: 'failed', because: 'status', status: 500, detail: 'status 500' });

let numbered = 0;

function newDeliveries(count: number) {
  return Array.from({ length: count }, () => ({
    deliveryUuid: crypto.randomUUID(),
    workflowRunId: ++numbered,
    organizationId: 1 + (numbered % 50),
    webhookNodeId: 'node',
    webhookName: undefined,
    endpointUrl: `https://hooks.example.com/hook/${numbered}`,
    httpMethod: 'POST' as const,
    body: JSON.stringify('x'.repeat(1_000)),
    customHeaders: [],
    requestDigest: crypto.randomUUID(),
    maxAttempts: 5,
    scheduledForMs: undefined,
  }));
}

async function costOf(
  client: Client,
  text: string,
  values: unknown[],
): Promise<Omit<StatementCost, 'statement' | 'deliveries'>> {
  const planning: number[] = [];
  const running: number[] = [];
  const processor: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const rows = await takenBack(client, () =>
      client.query<{ 'QUERY PLAN': string }>(`explain (analyze, costs off, timing off) ${text}`, values),
    );
    const plan = rows.rows.map((row) => row['QUERY PLAN']).join('\n');
    planning.push(Number(/Planning Time: ([\d.]+)/.exec(plan)?.[1]));
    running.push(Number(/Execution Time: ([\d.]+)/.exec(plan)?.[1]));
    await takenBack(client, async () => {
      const before = processorMs(client);
      await client.query(text, values);
      processor.push(processorMs(client) - before);
    });
  }
  return {
    planningMs: Math.min(...planning),
    runningMs: Math.min(...running),
    processorMs: HAS_PROC ? median(processor) : undefined,
  };
}

/** In a transaction that is given up, on a connection that is as new. */
async function takenBack<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('discard all');
  await client.query('begin');
  try {
    return await work();
  } finally {
    await client.query('rollback');
  }
}

/** Of the process behind the connection, so far. */
function processorMs(client: Client): number {
  if (!HAS_PROC) return 0;
  const pid: unknown = Reflect.get(client, 'processID');
  const [nanoseconds = ''] = readFileSync(`/proc/${String(pid)}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

export function statementTable(costs: readonly StatementCost[]): string {
  return table(
    ['statement', 'deliveries', 'planning, ms', 'running, ms', 'planning of both', 'processor of all, ms'],
    costs.map(({ statement, deliveries, planningMs, runningMs, processorMs: all }) => [
      statement,
      String(deliveries),
      planningMs.toFixed(2),
      runningMs.toFixed(2),
      `${((100 * planningMs) / (planningMs + runningMs)).toFixed(0)} %`,
      all === undefined ? 'n/a' : all.toFixed(2),
    ]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) say(statementTable(await statementCosts()));
