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
import { broken, changesOf, type Mutation } from './mutation.ts';

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

/** Breaks the tree. Statements are compiled anew. Returns the paths that changed, and what mends them. */
export function breakTree(tree: string, mutation: Mutation): { changed: string[]; mend: () => void } {
  const whole = new Map<string, string>();
  const mend = (): void => {
    for (const [file, text] of whole) writeFileSync(file, text);
    if ([...whole.keys()].some(isStatement)) compile(tree);
  };
  for (const change of changesOf(mutation)) {
    const file = join(tree, change.in);
    const text = readFileSync(file, 'utf8');
    if (!whole.has(file)) whole.set(file, text);
    writeFileSync(file, broken(text, change));
  }
  const changed = [...whole.keys()];
  if (!changed.some(isStatement)) return { changed, mend };
  compile(tree);
  const compiled = ['compiled-queries.ts', 'compiled-migrations.ts'].map((name) => join(tree, 'sql', name));
  return { changed: [...changed, ...compiled], mend };
}

const isStatement = (file: string): boolean => file.endsWith('.sql');

function compile(tree: string): void {
  execFileSync(process.execPath, ['scripts/compile-sql.ts'], { cwd: tree });
}
