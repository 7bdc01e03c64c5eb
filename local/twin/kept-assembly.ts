import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isJsonObject } from '../json-object.ts';

/** Written last, and only by this process: an assembly without it is not complete. */
const LIST = 'surehook-files.json';
const WRITABLE_BY_OTHERS = 0o022;

/** Notes what the assembly consists of, so that a later start sees whether it still does, and closes it to other users. */
export function sealAssembly(folder: string): void {
  writeFileSync(join(folder, LIST), `${JSON.stringify(digestsBelow(folder), null, 2)}\n`);
  // The CDK opens the folders of bundles to everybody, for the sake of bundling in containers.
  for (const path of everythingIn(folder)) chmodSync(path, statSync(path).mode & ~WRITABLE_BY_OTHERS & 0o777);
}

/**
 * Whether a kept assembly is as it was made. Temporary folders are cleaned file by file, by age; and where a umask let
 * others write, anybody may have changed it.
 */
export function isWholeAssembly(folder: string): boolean {
  try {
    const sealed: unknown = JSON.parse(readFileSync(join(folder, LIST), 'utf8'));
    const found = digestsBelow(folder);
    return (
      isJsonObject(sealed) &&
      Object.entries(sealed).every(([path, digest]) => found[path] === digest) &&
      everythingIn(folder).every((path) => (statSync(path).mode & WRITABLE_BY_OTHERS) === 0)
    );
  } catch {
    return false;
  }
}

/** The folder itself and everything in it, at any depth. */
function everythingIn(folder: string): string[] {
  return [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))];
}

function digestsBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== LIST,
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}
