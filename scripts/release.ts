// Tags a release: run `npm run release` after CONTRIBUTING.md's steps. Everything that must agree is checked before `npm run
// check`, which takes minutes; the tag comes last, on exactly the commit that was checked. Nothing is pushed or published.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DataHolders, replacements } from './data-holders.ts';

/** The facts that decide whether a release is allowed. */
export type ReleaseFacts = {
  branch: string;
  /** Lines of `git status --porcelain`. */
  changes: string[];
  tags: string[];
  /** Texts of the files. */
  packageJson: string;
  packageLock: string;
  versionSource: string;
  changelog: string;
  /** What holds data in each form of the stack, now and in the release before; undefined: there was none that said. */
  dataHolders: string;
  dataHoldersBefore: string | undefined;
};

/** Written by test/infra/data-holders.test.ts. */
const DATA_HOLDERS = 'test/infra/data-holders.json';
const CHANGELOG_HEADING = /^## (\S+) \((.*)\)$/;

/** Everything that prevents the version of package.json from being released, all at once. */
export function releaseFaults(facts: ReleaseFacts): string[] {
  const version = versionOf(facts.packageJson);
  const { version: locked, packages } = JSON.parse(facts.packageLock) as {
    version: string;
    packages: Record<string, { version?: string }>;
  };
  const [, coded = 'none'] = /VERSION = '([^']+)'/.exec(facts.versionSource) ?? [];
  const [, headed = 'none', date = 'no date'] = CHANGELOG_HEADING.exec(headingOf(facts.changelog)) ?? [];
  const rules: [holds: boolean, fault: string][] = [
    [/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/.test(version), `package.json: ${version} is no version`],
    [facts.branch === 'main', `releases are tagged on main, this is ${facts.branch || 'no branch'}`],
    [facts.changes.length === 0, `the tree is not clean: ${facts.changes.join(', ')}`],
    [!facts.tags.includes(`v${version}`), `the tag v${version} is there already`],
    [
      locked === version && packages['']?.version === version,
      `package-lock.json says ${locked}, package.json ${version}: npm version --no-git-tag-version writes both`,
    ],
    [coded === version, `shared/runtime/version.ts says ${coded}, package.json ${version}`],
    [headed === version, `CHANGELOG.md begins with ${headed}, package.json says ${version}`],
    [
      isDate(date),
      `CHANGELOG.md: the heading of ${headed} must end in the day of its release (YYYY-MM-DD), not (${date})`,
    ],
    [notesOf(facts.changelog) !== '', `CHANGELOG.md says nothing about ${headed}`],
    ...replacedBy(facts).map((what): [boolean, string] => [false, `the last release’s data would be lost: ${what}`]),
  ];
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault);
}

function replacedBy({ dataHolders, dataHoldersBefore }: ReleaseFacts): string[] {
  if (dataHoldersBefore === undefined) return [];
  const now = JSON.parse(dataHolders) as Record<string, DataHolders>;
  const before = JSON.parse(dataHoldersBefore) as Record<string, DataHolders>;
  return Object.entries(before).flatMap(([form, holders]) =>
    replacements(holders, now[form] ?? {}).map((what) => `${what} (${form})`),
  );
}

/** Checks and tags what `folder` has checked out; returns the tag, or what prevented it. */
export function release(folder: string): { kind: 'tagged'; tag: string } | { kind: 'refused'; faults: string[] } {
  const facts = factsOf(folder);
  const faults = releaseFaults(facts);
  if (faults.length > 0) return { kind: 'refused', faults };
  const commit = git(folder, 'rev-parse', 'HEAD');
  const { status } = spawnSync('npm', ['run', 'check'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) return { kind: 'refused', faults: ['npm run check failed'] };
  // A check takes minutes, and somebody may have continued working.
  if (git(folder, 'rev-parse', 'HEAD') !== commit || changesIn(folder).length > 0) {
    return { kind: 'refused', faults: ['the tree changed while it was being checked'] };
  }
  const version = versionOf(facts.packageJson);
  const tag = `v${version}`;
  git(folder, 'tag', '--annotate', '--message', `Surehook ${version}\n\n${notesOf(facts.changelog)}`, tag, commit);
  return { kind: 'tagged', tag };
}

function factsOf(folder: string): ReleaseFacts {
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  return {
    branch: git(folder, 'branch', '--show-current'),
    changes: changesIn(folder),
    tags: linesOf(git(folder, 'tag', '--list')),
    packageJson: read('package.json'),
    packageLock: read('package-lock.json'),
    versionSource: read('shared/runtime/version.ts'),
    changelog: read('CHANGELOG.md'),
    dataHolders: read(DATA_HOLDERS),
    dataHoldersBefore: beforeOf(folder, DATA_HOLDERS),
  };
}

/** A file as the last release before had it; undefined if there was none, or it had no such file. */
function beforeOf(folder: string, path: string): string | undefined {
  const [last] = linesOf(git(folder, 'tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-version:refname'));
  if (last === undefined || git(folder, 'ls-tree', last, path) === '') return undefined;
  return git(folder, 'show', `${last}:${path}`);
}

function changesIn(folder: string): string[] {
  return linesOf(git(folder, 'status', '--porcelain'));
}

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trimEnd();
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function versionOf(packageJson: string): string {
  return (JSON.parse(packageJson) as { version: string }).version;
}

function headingOf(changelog: string): string {
  return linesOf(changelog).find((line) => line.startsWith('## ')) ?? '';
}

/** What follows the first heading. */
function notesOf(changelog: string): string {
  const [, first = ''] = changelog.split(/^## .*$/m);
  return first.trim();
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toJSON()?.slice(0, 10) === text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = release(fileURLToPath(new URL('..', import.meta.url)));
  switch (outcome.kind) {
    case 'tagged':
      process.stdout.write(`Tagged ${outcome.tag}. To publish it: git push origin main ${outcome.tag}\n`);
      break;
    case 'refused':
      process.stderr.write(`Not released:\n${outcome.faults.map((fault) => `- ${fault}\n`).join('')}`);
      process.exitCode = 1;
      break;
  }
}
