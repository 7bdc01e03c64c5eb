import { RowRefused, type UncountedDeath } from '../delivery/store-answers.ts';
import type { Metrics } from './metrics.ts';

/** Dead letters that are in no metric yet, whoever ended them. */
export type DeathStore = {
  /** Without those that somebody else has locked. `among`: only of these deliveries. */
  listUncountedDeaths(pageRows: number, among?: readonly number[]): Promise<UncountedDeath[]>;
  /** Rejects with RowRefused if the database refuses to change one of them. */
  markDeathsCounted(deaths: readonly UncountedDeath[]): Promise<void>;
};

/**
 * Counts each dead letter of a page once, from its row: a worker that died after its settle, or never got the answer, did not count
 * it. The metric is written before the row is marked: after a crash in between, a dead letter that is counted twice is better than
 * one that alerts nobody. Answers how many there were.
 */
export async function countDeaths(
  { store, metrics }: { store: DeathStore; metrics: Metrics },
  pageRows: number,
  among?: readonly number[],
): Promise<number> {
  const deaths = await store.listUncountedDeaths(pageRows, among);
  if (deaths.length === 0) return 0;
  for (const { reason } of deaths) metrics.deadLetters(reason);
  metrics.flush();
  await mark(store, deaths);
  return deaths.length;
}

/** One row that the database refuses to change stays uncounted, and its neighbours do not. */
async function mark(store: DeathStore, deaths: readonly UncountedDeath[]): Promise<void> {
  try {
    await store.markDeathsCounted(deaths);
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
    if (deaths.length === 1) return;
    const half = Math.ceil(deaths.length / 2);
    await mark(store, deaths.slice(0, half));
    await mark(store, deaths.slice(half));
  }
}
