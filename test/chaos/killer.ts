import { setTimeout as pause } from 'node:timers/promises';
import { processesOf } from '../../bench/process-tree.ts';
import type { StartedStack } from '../support/stack/stack-process.ts';
import type { SeededRandom } from './seeded-random.ts';

export type KillKind = 'enqueue' | 'deliver' | 'sweep' | 'database' | 'database connection' | 'everything';
export type Kill = { kind: KillKind; atMs: number };

/** Milliseconds between two kills of function processes. */
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_100;
/** A database that ends three times within 5 s of its start is given up by the stack; a failover takes longer, too. */
const DATABASE_KILLS_APART_MS = 8_000;

const FUNCTION_KINDS: readonly { kind: 'enqueue' | 'deliver' | 'sweep'; upTo: number }[] = [
  { kind: 'deliver', upTo: 0.6 },
  { kind: 'enqueue', upTo: 0.9 },
  { kind: 'sweep', upTo: 1 },
];

export type Killer = {
  kills: readonly Kill[];
  note(kind: KillKind): void;
  /** No more kills; resolves when the last one is done. */
  stop(): Promise<void>;
};

/**
 * Kills processes of the stack with SIGKILL at random. `stack` answers undefined while there is none.
 * @param slower pauses are so many times as long: a process that is killed before it could start proves nothing
 */
export function startKiller(stack: () => StartedStack | undefined, random: SeededRandom, slower = 1): Killer {
  const kills: Kill[] = [];
  const stopping = new AbortController();
  let databaseKilledAtMs = Date.now();
  let databaseKills = 0;
  const note = (kind: KillKind): void => void kills.push({ kind, atMs: Date.now() });

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const pauseMs = SHORTEST_PAUSE_MS + random.next() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
      await pause(pauseMs * slower, undefined, { signal: stopping.signal }).catch(() => undefined);
      const running = stack();
      if (running === undefined || stopping.signal.aborted) continue;
      if (Date.now() - databaseKilledAtMs >= DATABASE_KILLS_APART_MS * slower) {
        databaseKilledAtMs = Date.now();
        killDatabase(running);
      } else {
        killFunction(running);
      }
    }
  }

  function killDatabase(running: StartedStack): void {
    // The first is the server itself, the others work for it; without one of them it starts all of them again.
    const [server, ...others] = pidsOf(running, 'postgres');
    const other = others[Math.floor(random.next() * others.length)];
    if (databaseKills++ % 2 === 0) kill(server, 'database');
    else kill(other, 'database connection');
  }

  function killFunction(running: StartedStack): void {
    const draw = random.next();
    const { kind } = FUNCTION_KINDS.find(({ upTo }) => draw < upTo) ?? { kind: 'deliver' };
    const pids = pidsOf(running, kind);
    kill(pids[Math.floor(random.next() * pids.length)], kind);
  }

  function kill(pid: number | undefined, kind: KillKind): void {
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
      note(kind);
    } catch {
      // It has ended by itself since.
    }
  }

  const running = run();
  return {
    kills,
    note,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function pidsOf({ endpoints }: StartedStack, role: string): number[] {
  return processesOf(endpoints.pid, endpoints.functions).flatMap((one) => (one.role === role ? [one.pid] : []));
}
