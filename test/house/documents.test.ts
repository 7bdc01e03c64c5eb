// Documents that list what the code knows. Real: the documents, the lists, the files they point to. No doubles.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURE_CLASSES } from '../../shared/delivery/attempt-outcome.ts';
import { DELIVERY_SETTING_NAMES } from '../../shared/settings.ts';
import { filesBelow, sourceOf } from './sources.ts';

const root = new URL('../../', import.meta.url);
/** Folders of the project; what a document says of others is no path here. */
const OWN = new Set([
  'bench',
  'cli',
  'client',
  'console',
  'docs',
  'examples',
  'functions',
  'infra',
  'local',
  'schema',
  'scripts',
  'shared',
  'sql',
  'test',
]);

/** What a document says below a heading, up to the next one of its level. */
function section(path: string, heading: string): string {
  const text = sourceOf(path);
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`${path} has no ${heading}`);
  const level = heading.split(' ')[0] ?? '';
  const to = text.indexOf(`\n${level} `, from + heading.length);
  return text.slice(from, to < 0 ? undefined : to);
}

/** The names in the first column of the tables in a text. */
function firstColumn(text: string): string[] {
  const cells = [...text.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

test('README’s table of settings has every setting, and no other', () => {
  expect(firstColumn(section('README.md', '## Settings')).toSorted()).toEqual(DELIVERY_SETTING_NAMES.toSorted());
});

test('the runbook says of every reason of a dead letter who acts', () => {
  expect(firstColumn(section('docs/runbook.md', '## Dead letters')).toSorted()).toEqual(FAILURE_CLASSES.toSorted());
});

describe.each(['CONTRIBUTING.md', 'ARCHITECTURE.md', 'README.md', '.github/pull_request_template.md'])('%s', (path) => {
  const text = sourceOf(path);

  test('points to files that are there', () => {
    const quoted = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]*)+)`|\]\(([\w./-]+)\)/g)].map(
      ([, code, link]) => code ?? link ?? '',
    );
    const missing = quoted.filter((file) => OWN.has(file.split('/')[0] ?? '') && !existsSync(new URL(file, root)));
    expect(missing).toEqual([]);
  });
});

describe.each([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
  '.github/pull_request_template.md',
  ...filesBelow('docs', /\.md$/),
])('%s', (path) => {
  test('names commands that are there', () => {
    const { scripts } = JSON.parse(sourceOf('package.json')) as { scripts: Record<string, string> };
    const named = [...sourceOf(path).matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('what scripts write is marked as generated, and nothing else is', () => {
  const marked = [...sourceOf('.gitattributes').matchAll(/^(\S+) linguist-generated$/gm)].map(
    ([, pattern = '']) => pattern,
  );
  const written = ['sql', 'schema']
    .flatMap((folder) => filesBelow(folder, /\.(?:ts|sql|json)$/))
    .filter((path) => path.startsWith('schema/') || /\bWritten by scripts\//.test(sourceOf(path).slice(0, 200)));
  const patterns = written.map((path) => (path.startsWith('schema/') ? 'schema/*.json' : path));
  expect(marked.toSorted()).toEqual([...new Set(patterns), 'package-lock.json'].toSorted());
});
