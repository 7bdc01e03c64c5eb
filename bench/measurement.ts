import { setTimeout as pause } from 'node:timers/promises';
import type { ApiCallCount } from '../local/twin/api-calls.ts';
import { type ProcessorSeconds, processorSeconds, usedBetween } from './process-tree.ts';
import type { ReceiverProcess } from './receiver-process.ts';
import type { Endpoints } from '../local/twin/endpoints-file.ts';
import type { StackClient, Webhook } from './stack-client.ts';

/** What every scenario measures with. */
export type Bench = {
  endpoints: Endpoints;
  client: StackClient;
  receiver: ReceiverProcess;
  progress: (line: string) => void;
};

/** What a piece of work has cost the stack. */
export type Cost = {
  /** Processor seconds for each 1,000 deliveries, by process; undefined where the system does not tell. */
  processorSecondsPer1000: Record<string, number> | undefined;
  /** Calls for each delivery, by `service:operation`; those of whoever enqueues among them. */
  apiCallsPerDelivery: Record<string, number>;
};

/** A KiB of payload: what a webhook of a finished workflow comes to. */
const PAYLOAD = { text: 'a webhook of one kilobyte. '.repeat(38).slice(0, 1_011) };

/** Webhooks of 1 KiB, each of a workflow run of its own, spread over some organizations. */
export function webhooksFor(
  scenario: string,
  count: number,
  endpointUrl: (index: number) => string,
  organizations = 7,
): Webhook[] {
  const firstRun = nextRun;
  nextRun += count;
  return Array.from({ length: count }, (_, index) => ({
    workflow_run_id: firstRun + index,
    organization_id: 1 + ((firstRun + index) % organizations),
    webhook_node_id: scenario,
    endpoint_url: endpointUrl(index),
    payload: PAYLOAD,
  }));
}

let nextRun = 1;

const SINGLE_CALLERS = 20;
const BATCH_CALLERS = 4;
export const BATCH = 100;

/** By 20 callers, one webhook in a request. */
export async function enqueueSingly(client: StackClient, webhooks: readonly Webhook[]): Promise<void> {
  await sideBySide(webhooks, SINGLE_CALLERS, (webhook) => client.enqueue(webhook));
}

/** By four callers, 100 webhooks in a request. */
export async function enqueueInBatches(client: StackClient, webhooks: readonly Webhook[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(webhooks.length / BATCH) }, (_, index) =>
    webhooks.slice(index * BATCH, (index + 1) * BATCH),
  );
  await sideBySide(batches, BATCH_CALLERS, (batch) => client.enqueueBatch(batch));
}

async function sideBySide<Item>(
  items: readonly Item[],
  workers: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = [...items].toReversed();
  const worker = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** Runs the work, waits until every delivery of the scenario is recorded as succeeded, and answers what all that cost. */
export async function costOf(bench: Bench, scenario: string, work: () => Promise<number>): Promise<Cost> {
  const { client } = bench;
  const before = await look(bench);
  const deliveries = await work();
  await untilSucceeded(client, scenario, deliveries);
  const after = await look(bench);
  const used = before.seconds && after.seconds && usedBetween(before.seconds, after.seconds);
  const perThousand = (seconds: number): number => (seconds / deliveries) * 1000;
  const isOurs = ({ caller, service }: ApiCallCount): boolean => caller !== 'outside' || service === 'lambda';
  const calls = new Map<string, number>();
  for (const one of after.calls.filter(isOurs)) {
    const same = before.calls.find(
      ({ service, operation, caller }) =>
        service === one.service && operation === one.operation && caller === one.caller,
    );
    const name = `${one.service}:${one.operation}`;
    calls.set(name, (calls.get(name) ?? 0) + (one.calls - (same?.calls ?? 0)) / deliveries);
  }
  return {
    processorSecondsPer1000:
      used && Object.fromEntries(Object.entries(used).map(([role, seconds]) => [role, perThousand(seconds)])),
    apiCallsPerDelivery: Object.fromEntries([...calls].filter(([, perDelivery]) => perDelivery > 0)),
  };
}

/** Of several runs, each figure by itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  const seconds = costs.map((cost) => cost.processorSecondsPer1000).filter((one) => one !== undefined);
  return {
    processorSecondsPer1000: seconds.length === costs.length ? medians(seconds) : undefined,
    apiCallsPerDelivery: medians(costs.map(({ apiCallsPerDelivery }) => apiCallsPerDelivery)),
  };
}

function medians(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries([...names].map((name) => [name, median(records.map((record) => record[name] ?? 0))]));
}

async function look({
  endpoints,
  client,
}: Bench): Promise<{ seconds: ProcessorSeconds | undefined; calls: ApiCallCount[] }> {
  const { calls } = await client.apiCalls();
  return { calls, seconds: processorSeconds(endpoints.pid, endpoints.functions) };
}

/** The receiver has them all: the last records follow within moments. */
async function untilSucceeded(client: StackClient, scenario: string, count: number): Promise<void> {
  const sql = `select count(*) as done from webhook_deliveries where webhook_node_id = '${scenario}' and status = 'succeeded'`;
  for (let tries = 0; tries < 600; tries++) {
    const [row] = await client.query(sql);
    if (row?.['done'] === count) return;
    await pause(50);
  }
  throw new Error(`${scenario}: not every delivery was recorded as succeeded`);
}

/** The middle value; of an even number the lower one. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The smallest value that so many per cent of all are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
