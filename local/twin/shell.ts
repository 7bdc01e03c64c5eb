import { isatty } from 'node:tty';

/** Who starts `npm start`, as far as its end is ours: the shell's settings, its terminal, npm. */
export type Shell = {
  env: NodeJS.ProcessEnv;
  ppid(): number;
  /** Whether somebody may look at what is written, or type. */
  hasTerminal: boolean;
};

export const thisShell: Shell = {
  env: process.env,
  ppid: () => process.ppid,
  hasTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
};

/**
 * Takes libpq's variables away (`PGSSLMODE`, `PGOPTIONS`, …): they are about somebody's other databases, and the `pg` driver
 * would follow them to ours.
 */
export function forgetOtherDatabases({ env }: Shell): void {
  for (const name of Object.keys(env)) if (name.startsWith('PG')) delete env[name];
}

/**
 * Answers the npm that started this process once it has gone: killed, it hands no signal on. Nobody else counts: whoever
 * starts this without npm gets its signals there, and may leave it in the background.
 */
export function goneNpm({ env, ppid }: Shell): () => number | undefined {
  const parent = ppid();
  const isNpm = env['npm_lifecycle_event'] !== undefined;
  // Of 1 nobody can say: it is npm itself in a container, or takes over from a parent that has left before.
  if (!isNpm || parent === 1) return () => undefined;
  return () => (ppid() === parent ? undefined : parent);
}

/** A hang-up is for those with a terminal; nohup and daemons have none. */
export function stopSignals({ hasTerminal }: Shell): NodeJS.Signals[] {
  return hasTerminal ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
}
