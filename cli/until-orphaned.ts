/** The surroundings of a command. */
export type Surroundings = {
  env: Readonly<Record<string, string | undefined>>;
  ppid(): number;
  wait(ms: number): Promise<unknown>;
};

/** How often somebody looks after npm. */
const LOOK_EVERY_MS = 1_000;

/**
 * Settles when the npm that started this command has ended: an npm that is killed passes no signal on, and what goes on serving would
 * keep the shell's credentials. Never settles for whoever was started by somebody else, who can send signals and may leave it behind.
 */
export async function untilOrphaned({ env, ppid, wait }: Surroundings): Promise<void> {
  const parent = ppid();
  // Process 1 is npm itself in a container, or has taken over from a parent that ended earlier.
  if (env['npm_lifecycle_event'] === undefined || parent === 1) return new Promise(() => undefined);
  while (ppid() === parent) await wait(LOOK_EVERY_MS);
}
