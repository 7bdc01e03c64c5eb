import { setTimeout as pause } from 'node:timers/promises';
import {
  type Bench,
  type Cost,
  costOf,
  enqueueInBatches,
  enqueueSingly,
  median,
  medianCost,
  webhooksFor,
} from './measurement.ts';
import { sharedClockMs } from './shared-clock.ts';

export type Throughput = {
  scenario: string;
  deliveries: number;
  /** Of each run in turn, from the first request to the last receipt (live), or from the first receipt (drain). */
  seconds: number[];
  /** Of the run in the middle. */
  deliveriesPerSecond: number;
  /** Each figure of the run in which it was in the middle. */
  cost: Cost;
  /** To the receiver, in the middle of the runs. */
  connections: number;
};

export type ThroughputPlan = {
  name: string;
  deliveries: number;
  runs: number;
  /** How long the receiver takes over an answer. */
  receiverMs: number;
  enqueue: 'singly' | 'in batches';
  /** The default is seven, each with connections of its own. */
  organizations?: number;
};

/** Enqueued and delivered at once: from the first enqueue request to the last receipt. */
export async function liveThroughput(bench: Bench, plan: ThroughputPlan): Promise<Throughput> {
  return repeated(bench, plan, async (scenario) => {
    const webhooks = webhooksFor(
      scenario,
      plan.deliveries,
      () => bench.receiver.url(plan.receiverMs, scenario),
      plan.organizations,
    );
    const begunAtMs = sharedClockMs();
    await (plan.enqueue === 'singly' ? enqueueSingly : enqueueInBatches)(bench.client, webhooks);
    await bench.receiver.until(scenario, plan.deliveries);
    return (await lastReceiptMs(bench, scenario)) - begunAtMs;
  });
}

/** Ahead of the enqueueing: it must be over when the deliveries fall due. */
const DRAIN_IN_SECONDS = 12;

/**
 * A backlog that falls due at one instant, with nobody enqueueing any more: from the first receipt to the last. Messages
 * count their delay in whole seconds, so the first may come up to a second after the instant.
 */
export async function drainThroughput(bench: Bench, plan: ThroughputPlan): Promise<Throughput> {
  return repeated(bench, plan, async (scenario) => {
    const dueAtMs = Date.now() + DRAIN_IN_SECONDS * 1000;
    const scheduled_for = new Date(dueAtMs).toISOString();
    const webhooks = webhooksFor(scenario, plan.deliveries, () => bench.receiver.url(plan.receiverMs, scenario));
    await enqueueInBatches(
      bench.client,
      webhooks.map((webhook) => ({ ...webhook, scheduled_for })),
    );
    if (Date.now() > dueAtMs)
      bench.progress(`${scenario}: enqueueing took longer than planned; the drain looks slower`);
    await pause(Math.max(0, dueAtMs - Date.now()));
    await bench.receiver.until(scenario, plan.deliveries);
    const receipts = await bench.receiver.receipts(scenario);
    return (await lastReceiptMs(bench, scenario)) - Math.min(...receipts.map(({ atMs }) => atMs));
  });
}

async function repeated(
  bench: Bench,
  plan: ThroughputPlan,
  run: (scenario: string) => Promise<number>,
): Promise<Throughput> {
  const seconds: number[] = [];
  const costs: Cost[] = [];
  const connections: number[] = [];
  for (let at = 1; at <= plan.runs; at++) {
    const scenario = `${plan.name.replaceAll(/[^a-z0-9]+/gi, '-')}-${at}`;
    const cost = await costOf(bench, scenario, async () => {
      seconds.push((await run(scenario)) / 1000);
      return plan.deliveries;
    });
    costs.push(cost);
    connections.push((await bench.receiver.connections(scenario)).connections);
    bench.progress(`${plan.name}, run ${at}: ${plan.deliveries} in ${seconds.at(-1)?.toFixed(2)} s`);
  }
  if (costs.length === 0) throw new Error(`${plan.name}: no run was asked for`);
  const { deliveries } = plan;
  return {
    scenario: plan.name,
    deliveries,
    seconds,
    deliveriesPerSecond: deliveries / median(seconds),
    cost: medianCost(costs),
    connections: median(connections),
  };
}

async function lastReceiptMs({ receiver }: Bench, scenario: string): Promise<number> {
  const receipts = await receiver.receipts(scenario);
  return Math.max(...receipts.map(({ atMs }) => atMs));
}
