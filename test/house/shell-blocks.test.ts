// Each command that a document shows is run by a test, or it is said why not. Real: the documents, the files of the tests. No doubles.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FATES, fateOf, SHELL_BLOCKS } from './shell-blocks.ts';

test('there are many', () => {
  expect(SHELL_BLOCKS.length).toBeGreaterThan(40);
});

test.each(SHELL_BLOCKS)('$document: $text', (block) => {
  expect(fateOf(block)).toBeDefined();
});

test('whoever runs them is there, and nobody is named for nothing', () => {
  const runners = FATES.flatMap((fate) => ('by' in fate ? [fate.by] : []));
  expect(runners.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  const idle = FATES.filter((fate) => !SHELL_BLOCKS.some((block) => fateOf(block) === fate));
  expect(idle.map((fate) => ('by' in fate ? fate.by : fate.because))).toEqual([]);
});
