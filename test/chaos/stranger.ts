import { setTimeout as pause } from 'node:timers/promises';
import type { StartedStack } from '../support/stack/stack-process.ts';
import { asked } from './persistent-caller.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What somebody else does to the tables: data fixes that hold rows, and rows written past enqueue. */
export type Stranger = {
  /** Rows that were held, and rotten ones that were written. */
  counts(): { locked: number; rotten: number };
  /** Begins nothing more; resolves when the last transaction is over. */
  stop(): Promise<void>;
};

/** A transaction holds its rows for up to so long… */
const LONGEST_LOCK_SECONDS = 30;
/** …and so many of them work side by side. */
const STRANGERS = 3;
/** Written now and then, up to so many. */
const ROTTEN_ROWS = 20;
/** Of the rotten ones: the ledger tells them from the callers'. */
export const ROTTEN_PREFIX = 'rotten-';

/** Each cannot be sent, in a way of its own. */
const ROTTEN = [`'[null]'`, `'7'`, `'[{"key":"X-A"}]'`, `jsonb_build_array(repeat('x', 100000))`];

/** That of the run, as the soak's callers name it: the run would be another organization's if this row came before theirs. */
const organizationOf = (index: number): number => 1 + (index % 7);

/** Works on the stack's database as long as there is one. */
export function startStranger(stack: () => StartedStack | undefined, random: SeededRandom): Stranger {
  const stopping = new AbortController();
  const counts = { locked: 0, rotten: 0 };

  async function lockRows(): Promise<void> {
    while (!stopping.signal.aborted) {
      const seconds = random.next() * LONGEST_LOCK_SECONDS;
      const rows = 1 + Math.floor(random.next() * 5);
      // One statement is one transaction: it holds what it has found until it has slept.
      const locked = await asked(stack, (client) =>
        client.query(`
          with held as materialized (
            select id from webhook_deliveries where status = 'pending' order by random() limit ${rows} for update skip locked
          )
          select count(*) as held, cast(pg_sleep(${seconds.toFixed(2)}) as text) as slept from held`),
      );
      counts.locked += Number(locked?.[0]?.['held'] ?? 0);
      await pause(200, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function writeRotten(): Promise<void> {
    while (!stopping.signal.aborted && counts.rotten < ROTTEN_ROWS) {
      const headers = ROTTEN[counts.rotten % ROTTEN.length] ?? '';
      const written = await asked(stack, (client) =>
        client.query(`
          insert into webhook_deliveries (
            workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, custom_headers
          )
          values (${counts.rotten + 1}, ${organizationOf(counts.rotten)}, '${ROTTEN_PREFIX}${counts.rotten}', 'http://127.0.0.1:9/', '1', ${headers})
          on conflict do nothing`),
      );
      if (written !== undefined) counts.rotten++;
      await pause(1_500, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const working = [...Array.from({ length: STRANGERS }, lockRows), writeRotten()];
  return {
    counts: () => counts,
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}
