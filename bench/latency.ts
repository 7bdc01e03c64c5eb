import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, enqueueInBatches, percentile, webhooksFor } from './measurement.ts';
import { sharedClockMs } from './shared-clock.ts';
import type { Webhook } from './stack-client.ts';

/** Milliseconds. */
export type Percentiles = { p50: number; p95: number; p99: number; max: number };

export type Latency = {
  scenario: string;
  deliveries: number;
  /** From the sending of the enqueue request to the receiver's receipt. */
  fromRequestMs: Percentiles;
  /** From the answer to the enqueue request; negative where the webhook arrived before the answer. */
  fromAnswerMs: Percentiles;
  /** How late requests were sent: were this machine the bottleneck, it would show here. */
  sentLateMs: Percentiles;
};

/**
 * So many requests wait for an answer at most: the local Lambda runs 60 of a function at once and throttles further ones, and a
 * machine that is a second behind has as many under way. Further ones are sent late, and the table says how late.
 */
const MOST_UNDER_WAY = 50;

/** One webhook in a request, at a steady rate that waits for nobody's answer. */
export async function latencyAt(
  bench: Bench,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Latency> {
  const scenario = 'latency';
  const deliveries = perSecond * seconds;
  const begunAtMs = sharedClockMs();
  const sent = new Map<string, { requestedMs: number; answeredMs: number }>();
  const late: number[] = [];
  const underWay = new Set<Promise<void>>();
  const request = async (webhook: Webhook): Promise<void> => {
    const requestedMs = sharedClockMs();
    sent.set(await bench.client.enqueue(webhook), { requestedMs, answeredMs: sharedClockMs() });
  };
  for (const [index, webhook] of webhooksFor(scenario, deliveries, () => bench.receiver.url(0, scenario)).entries()) {
    const planMs = begunAtMs + (index * 1000) / perSecond;
    await pause(Math.max(0, planMs - sharedClockMs()));
    while (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
    late.push(sharedClockMs() - planMs);
    const one = request(webhook).finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.all(underWay);
  await bench.receiver.until(scenario, deliveries);
  const pairs = (await bench.receiver.receipts(scenario)).flatMap(({ deliveryUuid, atMs }) => {
    const times = sent.get(deliveryUuid);
    return times === undefined ? [] : [{ ...times, atMs }];
  });
  bench.progress(`latency: ${pairs.length} deliveries at ${perSecond}/s`);
  return {
    scenario: `${perSecond}/s, singly`,
    deliveries: pairs.length,
    fromRequestMs: percentiles(pairs.map(({ atMs, requestedMs }) => atMs - requestedMs)),
    fromAnswerMs: percentiles(pairs.map(({ atMs, answeredMs }) => atMs - answeredMs)),
    sentLateMs: percentiles(late),
  };
}

export type SlowEndpoint = {
  deliveries: number;
  slowMs: number;
  /** From the first enqueue request to the receipt, of deliveries to the nine quick endpoints. */
  quickMs: Percentiles;
  /** Until the last answer of the slow one. */
  allSeconds: number;
};

const ENDPOINTS = 10;
const SLOW_MS = 5_000;

/** Ten endpoints, each of an organization of its own; one answers after five seconds. */
export async function oneSlowEndpointInTen(bench: Bench, deliveries: number): Promise<SlowEndpoint> {
  const scenario = 'one-slow-in-ten';
  const isSlow = (index: number): boolean => index % ENDPOINTS === 0;
  const url = (index: number): string => bench.receiver.url(isSlow(index) ? SLOW_MS : 0, scenario);
  const webhooks = webhooksFor(scenario, deliveries, url).map((webhook, index) => ({
    ...webhook,
    organization_id: 101 + (index % ENDPOINTS),
  }));
  const begunAtMs = sharedClockMs();
  await enqueueInBatches(bench.client, webhooks);
  await bench.receiver.until(scenario, deliveries);
  const allSeconds = (sharedClockMs() - begunAtMs) / 1000;
  const receipts = await bench.receiver.receipts(scenario);
  const quick = receipts.filter(({ path }) => path.startsWith('/after/0/'));
  bench.progress(`one slow endpoint in ten: ${deliveries} in ${allSeconds.toFixed(1)} s`);
  return { deliveries, slowMs: SLOW_MS, quickMs: percentiles(quick.map(({ atMs }) => atMs - begunAtMs)), allSeconds };
}

function percentiles(values: readonly number[]): Percentiles {
  return {
    p50: percentile(values, 50),
    p95: percentile(values, 95),
    p99: percentile(values, 99),
    max: percentile(values, 100),
  };
}
