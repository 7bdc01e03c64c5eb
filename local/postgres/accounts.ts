import { lchownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export type Account = { uid: number; gid: number };

/** Used if the user table has no such user: the overflow user of Linux, which some systems know without an entry. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** What root must be allowed to run a program as another user, to read that user's files and to end the program again. */
const CAPABILITIES = { CAP_CHOWN: 0, CAP_DAC_OVERRIDE: 1, CAP_KILL: 5, CAP_SETGID: 6, CAP_SETUID: 7 };

/** A user without special rights that the user table knows: `nobody`, or else the first one that is not root. */
export function unprivilegedAccount(userTable = readIfThere('/etc/passwd')): Account {
  const accounts = userTable.split('\n').flatMap((line) => {
    const [name, , uid = '', gid = ''] = line.split(':');
    // macOS writes the id of nobody as a negative number.
    const isAccount = /^-?\d+$/.test(uid) && /^-?\d+$/.test(gid) && Number(uid) !== 0;
    return isAccount ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
  const { uid, gid } = accounts.find(({ name }) => name === 'nobody') ?? accounts[0] ?? NOBODY;
  return { uid, gid };
}

/** The owner of this file or folder; undefined when that is root. */
export function ownerOf(path: string): Account | undefined {
  const { uid, gid } = statSync(path);
  return uid === 0 ? undefined : { uid, gid };
}

/** initdb looks up the entry of the user who runs it. */
export function standsInUserTable(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

/** The usual rights of root that this root lacks, as in a container; none if the system does not tell. */
export function missingCapabilities(status = readIfThere('/proc/self/status')): string[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (effective === undefined) return [];
  const bits = BigInt(`0x${effective}`);
  return Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 1n ? [] : [name]));
}

/** Makes the account the owner of this folder and everything in it. Throws if the file system cannot do that. */
export function handOver(folder: string, account: Account): void {
  if (statSync(folder).uid === account.uid >>> 0) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) handOver(path, account);
    else chown(path, account);
  }
  // Last, so that a change of owner that was interrupted is started again.
  chown(folder, account);
  if (statSync(folder).uid !== account.uid >>> 0) throw new Error(`${folder} keeps its owner`);
}

/** For a link, the link itself. */
export function chown(path: string, { uid, gid }: Account): void {
  lchownSync(path, uid >>> 0, gid >>> 0);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
