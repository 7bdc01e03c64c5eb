import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { broken, type Mutation } from './mutation.ts';

/** A copy of the repository's files as they stand, committed or not, beside whose packages nothing of its own is written. */
export function copyTree(from: string): string {
  const tree = mkdtempSync(join(tmpdir(), 'surehook-mutants-'));
  // Run as root, the tests' PostgreSQL is somebody else, who must get through here.
  chmodSync(tree, 0o755);
  for (const file of filesOf(from)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(from, file), join(tree, file));
  }
  // A folder of links, and no link to the folder: the caches beside the packages are the copy's own.
  mkdirSync(join(tree, 'node_modules'));
  for (const name of readdirSync(join(from, 'node_modules')))
    if (!name.startsWith('.') || name === '.bin')
      symlinkSync(join(from, 'node_modules', name), join(tree, 'node_modules', name));
  return tree;
}

function filesOf(folder: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: folder });
  return listed
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(folder, file)));
}

/** Breaks a file of the tree. Statements are compiled anew. Returns the paths that changed, and what mends them. */
export function breakTree(tree: string, mutation: Mutation): { changed: string[]; mend: () => void } {
  const file = join(tree, mutation.in);
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, broken(whole, mutation));
  const isStatement = mutation.in.startsWith('sql/') && mutation.in.endsWith('.sql');
  const changed = [file];
  if (isStatement) {
    for (const name of ['compiled-queries.ts', 'compiled-migrations.ts']) changed.push(join(tree, 'sql', name));
    compile(tree);
  }
  const mend = (): void => {
    writeFileSync(file, whole);
    if (isStatement) compile(tree);
  };
  return { changed, mend };
}

function compile(tree: string): void {
  execFileSync(process.execPath, ['scripts/compile-sql.ts'], { cwd: tree });
}
