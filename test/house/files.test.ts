// How files are kept. Real: every text file of the project. No doubles.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filesBelow, sourceOf } from './sources.ts';

const FOLDERS = [
  'functions',
  'infra',
  'client',
  'cli',
  'examples',
  'local',
  'console',
  'shared',
  'sql',
  'scripts',
  'bench',
  'test',
  'docs',
];
const TEXT = /\.(?:ts|js|mjs|sql|md|json|css)$/;
const top = readdirSync(new URL('../../', import.meta.url)).filter(
  (name) => TEXT.test(name) && name !== 'package-lock.json',
);
const texts = [...FOLDERS.flatMap((folder) => filesBelow(folder, TEXT)), ...top];

test.each(filesBelow('functions'))(
  '%s is a composition root: 80 lines at most beside its imports, and no decisions',
  (path) => {
    const lines = sourceOf(path)
      .replaceAll(/^import\s[^;]+;\n/gm, '')
      .trim()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(80);
  },
);

describe('no file holds', () => {
  const product = ['shared', 'functions', 'infra', 'client', 'cli', 'local', 'console', 'sql', 'scripts'].flatMap(
    (folder) => filesBelow(folder),
  );

  test.each([
    ['a note to self', /\b(?:TODO|FIXME|XXX)\b/, texts.filter((path) => path !== 'test/house/files.test.ts')],
    ['a path of the machine it was written on', /(?:^|[\s'"`(=:])\/(?:home|root|Users|work)\/\w/m, texts],
    ['a conflict', /^(?:<{7}|>{7}) /m, texts],
    ['a default export', /^export default /m, product],
    ['a test that is left out or alone', /\b(?:test|it|describe)\.(?:only|skip|todo)\(/, filesBelow('test')],
    [
      'a branch for the local twin',
      /\bif \(\W*(?:is)?local\b/i,
      product.filter((path) => !/^(?:local|console)\//.test(path)),
    ],
  ])('%s', (_what, pattern, files) => {
    expect(files.filter((path) => pattern.test(sourceOf(path)))).toEqual([]);
  });
});

test('no file bears a name that says nothing', () => {
  const sources = FOLDERS.flatMap((folder) => filesBelow(folder));
  const names = sources.filter((path) => /\/(?:utils?|helpers?|types|common|misc|index)\.\w+$/.test(path));
  expect(names).toEqual([]);
  expect(sources.filter((path) => !/\/[a-z0-9][a-z0-9.-]*$/.test(path))).toEqual([]);
});
