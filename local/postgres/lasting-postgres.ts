import { type Postgres, type PostgresOptions, startPostgres } from './postgres.ts';
import type { ServerExit } from './server.ts';
import { systemTimers } from '../timers.ts';

/** A server that ends sooner than this after its start counts as failed, ms… */
const STEADY_AFTER_MS = 5_000;
/** …and after this many failures in a row, starting again will not help. */
const FAILED_STARTS = 3;

/**
 * PostgreSQL that comes back on the same port when its server is killed, as an Aurora cluster comes back from a failover:
 * for a second or two nobody can connect, then everything committed is there. `exited` resolves when it is stopped, or does
 * not come back.
 *
 * @throws PostgresStartError when it cannot start the first time.
 */
export async function startLastingPostgres(options: PostgresOptions): Promise<Postgres> {
  const { timers = systemTimers, log } = options;
  const first = await startPostgres(options);
  let current = first;
  let isStopping = false;
  let restarting = Promise.resolve(true);

  async function keepRunning(): Promise<ServerExit> {
    let shortLives = 0;
    for (;;) {
      const startedMs = timers.nowMs();
      const exit = await current.exited;
      if (isStopping) return exit;
      const endedMs = timers.nowMs();
      shortLives = endedMs - startedMs < STEADY_AFTER_MS ? shortLives + 1 : 0;
      if (shortLives >= FAILED_STARTS) return exit;
      log?.(`the database ended (${exit.signal ?? `status ${exit.code}`}): starting it again`);
      restarting = startPostgres({ ...options, port: first.connection.port }).then(
        (next) => {
          current = next;
          return true;
        },
        (error: unknown) => {
          log?.(error instanceof Error ? error.message : 'the database did not start');
          return false;
        },
      );
      if (!(await restarting)) return exit;
      if (!isStopping) log?.(`the database is back after ${((timers.nowMs() - endedMs) / 1000).toFixed(1)} s`);
    }
  }

  return {
    connection: first.connection,
    url: first.url,
    exited: keepRunning(),
    async stop() {
      isStopping = true;
      // Waits for a server that is just coming back; otherwise nothing would stop it.
      await restarting;
      await current.stop();
    },
  };
}
