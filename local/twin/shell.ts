import { isatty } from 'node:tty';

/** The surroundings of `npm start`: the shell's variables, its terminal, and npm. */
export type Shell = {
  env: NodeJS.ProcessEnv;
  ppid(): number;
  /** Whether a person may read the output, or type. */
  hasTerminal: boolean;
};

export const thisShell: Shell = {
  env: process.env,
  ppid: () => process.ppid,
  hasTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
};

/**
 * Removes libpq's variables (`PGSSLMODE`, `PGOPTIONS`, …): they are meant for the user's other databases, and the `pg` driver
 * would apply them to Surehook's.
 */
export function forgetOtherDatabases({ env }: Shell): void {
  for (const name of Object.keys(env)) if (name.startsWith('PG')) delete env[name];
}

/**
 * Returns the npm that started this process once it has ended: an npm that is killed passes no signal on. Other parents do not
 * count: whoever starts this without npm can send it signals directly, and may leave it in the background.
 */
export function goneNpm({ env, ppid }: Shell): () => number | undefined {
  const parent = ppid();
  const isNpm = env['npm_lifecycle_event'] !== undefined;
  // Process 1 is ambiguous: it is npm itself in a container, or it has taken over from a parent that ended earlier.
  if (!isNpm || parent === 1) return () => undefined;
  return () => (ppid() === parent ? undefined : parent);
}

/** A hang-up matters only with a terminal; nohup and daemons have none. SIGQUIT is Ctrl-\ there. */
export function stopSignals({ hasTerminal }: Shell): NodeJS.Signals[] {
  return hasTerminal ? ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGQUIT'];
}
