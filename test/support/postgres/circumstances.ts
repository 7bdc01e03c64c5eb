import { spawnSync } from 'node:child_process';

/** Words of a command that runs as another user than this one, or with other rights; another command comes after them. */
export type Circumstances = readonly string[];

/** Neither setpriv nor unshare, nor anything else, is found. */
export const WITHOUT_PROGRAMS: Circumstances = ['env', 'PATH=/nonexistent'];

/** An ordinary user, to whom belongs what is this user's, and of whom no user table knows. */
export const WITHOUT_ENTRY: Circumstances = ['unshare', '--user', '--map-user=4242', '--map-group=4242'];

/** A user of the machine who has nothing to do with us. */
export const STRANGER = { uid: 4242, gid: 4242 };

/**
 * One round of tests for `describe.each`, or none where whoever runs this may not bring the circumstances about: that says
 * nothing about the product.
 */
export function where(...conditions: (boolean | Circumstances)[]): object[] {
  return conditions.every((condition) => (typeof condition === 'boolean' ? condition : canBe(condition))) ? [{}] : [];
}

export function canBe(circumstances: Circumstances): boolean {
  const [command = 'true', ...words] = [...circumstances, '/bin/sh', '-c', ':'];
  return spawnSync(command, words).status === 0;
}

/** Whether the stranger may read this file; root alone can have it tried. */
export function strangerCanRead(path: string): boolean {
  return spawnSync('/bin/cat', [path], { ...STRANGER, stdio: 'ignore' }).status === 0;
}
