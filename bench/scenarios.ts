import { latencyAt, oneSlowEndpointInTen, type Latency, type SlowEndpoint } from './latency.ts';
import type { Bench } from './measurement.ts';
import { drainThroughput, liveThroughput, type Throughput, type ThroughputPlan } from './throughput.ts';

const DELIVERIES = 2_000;
/** A webhook each, and long enough for V8 to have compiled what is hot in every process. */
const WARM_DELIVERIES = 10_000;

const batches = { deliveries: DELIVERIES, receiverMs: 0, enqueue: 'in batches' } as const;
const singly = { deliveries: DELIVERIES, receiverMs: 0, enqueue: 'singly' } as const;

type Scenario = { plan: ThroughputPlan; measure: typeof liveThroughput };

/** In this order: the first run of all is a stack's first. */
export const THROUGHPUT: readonly Scenario[] = [
  { plan: { ...batches, name: 'live, batches, cold', runs: 1 }, measure: liveThroughput },
  { plan: { ...batches, name: 'live, batches', runs: 3 }, measure: liveThroughput },
  { plan: { ...batches, name: 'live, batches, one organization', runs: 1, organizations: 1 }, measure: liveThroughput },
  { plan: { ...batches, name: 'live, batches, 50 ms', runs: 1, receiverMs: 50 }, measure: liveThroughput },
  { plan: { ...singly, name: 'live, singly, cold', runs: 1 }, measure: liveThroughput },
  { plan: { ...singly, name: 'live, singly', runs: 3 }, measure: liveThroughput },
  { plan: { ...singly, name: 'live, singly, warm', runs: 1, deliveries: WARM_DELIVERIES }, measure: liveThroughput },
  { plan: { ...batches, name: 'live, batches, warm', runs: 1, deliveries: WARM_DELIVERIES }, measure: liveThroughput },
  { plan: { ...batches, name: 'drain', runs: 1 }, measure: drainThroughput },
  { plan: { ...batches, name: 'drain, 50 ms', runs: 1, receiverMs: 50 }, measure: drainThroughput },
];

/** What is measured beside throughput. */
export const OTHERS = ['latency', 'slow endpoint', 'statements', 'sending', 'cold starts'] as const;
export type Other = (typeof OTHERS)[number];

export type Choice = {
  throughput: readonly Scenario[];
  others: ReadonlySet<Other>;
};

/**
 * What was asked for: all of it, or by name. `repeat` takes the place of how often a scenario runs, but for those that are about the
 * first run. Throws for a name that is not known.
 */
export function choose(only: readonly string[], repeat: number | undefined): Choice {
  const names = [...THROUGHPUT.map(({ plan }) => plan.name), ...OTHERS];
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(', ')}; there are: ${names.join('; ')}`);
  const isChosen = (name: string): boolean => only.length === 0 || only.includes(name);
  return {
    throughput: THROUGHPUT.filter(({ plan }) => isChosen(plan.name)).map(({ plan, measure }) => ({
      measure,
      plan: repeat === undefined || plan.name.endsWith('cold') ? plan : { ...plan, runs: repeat },
    })),
    others: new Set(OTHERS.filter(isChosen)),
  };
}

export type StackResults = { throughput: Throughput[]; latency?: Latency; slowEndpoint?: SlowEndpoint };

/** All that needs a running stack. */
export async function measureStack(bench: Bench, { throughput, others }: Choice): Promise<StackResults> {
  const measured: Throughput[] = [];
  for (const { plan, measure } of throughput) measured.push(await measure(bench, plan));
  return {
    throughput: measured,
    ...(others.has('latency') && { latency: await latencyAt(bench, { perSecond: 50, seconds: 20 }) }),
    ...(others.has('slow endpoint') && { slowEndpoint: await oneSlowEndpointInTen(bench, 500) }),
  };
}
