import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Account, chown } from './accounts.ts';
import { locateBinaries, type PostgresBinaries } from './binaries.ts';

const NAME = 'surehook-postgres-';
const EVERYBODY_MAY_READ = 0o444;
const EVERYBODY_MAY_RUN = 0o555;

/** Places for a copy, tried in order: a place may be full, not allow programs to run, or be closed itself. */
export function placesForCopies(): string[] {
  return [...new Set([tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm'])];
}

/**
 * Copies PostgreSQL's programs (60 MB, 0.2 s) into a new folder in `place`, which only root and the account's group may
 * enter. A link in `folder` tells where it is before it is filled, so that `removeProgramCopy` finds it after a crash, too.
 * There is one for each `folder`: an earlier one is removed.
 */
export function copyPrograms(
  place: string,
  folder: string,
  { binaries, account }: { binaries: PostgresBinaries; account: Account },
): PostgresBinaries {
  removeProgramCopy(folder);
  const copy = mkdtempSync(join(place, NAME));
  symlinkSync(copy, noteIn(folder));
  chown(copy, { uid: 0, gid: account.gid });
  chmodSync(copy, 0o710);
  const native = join(copy, 'native');
  copyFolder(binaries.native, native);
  return locateBinaries(join(copy, 'lib'), native);
}

/** Removes the copy that root made for a start on this folder, if there is one. */
export function removeProgramCopy(folder: string): void {
  const note = noteIn(folder);
  if (process.getuid?.() !== 0 || !lstatSync(note, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const copy = readlinkSync(note);
  // A note left by another user must not make root remove anything else.
  const isOurs = basename(copy).startsWith(NAME) && lstatSync(copy, { throwIfNoEntry: false })?.uid === 0;
  if (isOurs) rmSync(copy, { recursive: true, force: true });
  rmSync(note, { force: true });
}

function noteIn(folder: string): string {
  return join(folder, 'programs');
}

/** Without its links, and readable, however strict the umask of the installation was. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, EVERYBODY_MAY_RUN | 0o200);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    if (!entry.isFile()) continue;
    // If the file system supports it, both share their blocks.
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, (lstatSync(source).mode & 0o100) === 0 ? EVERYBODY_MAY_READ : EVERYBODY_MAY_RUN);
  }
}
