// Figures in documents are the code's. Real: the documents and the comments of props, the limits, the template of the default stack. No
// doubles. Figures of requests and templates: test/shared/enqueue/enqueue-documents.test.ts; of alarms and their price: test/infra/alarms.test.ts;
// defaults and ranges of props: test/infra/documented-props.test.ts; measured ones come from the benchmark.
import { describe, expect, test } from 'vitest';
import { DELIVERY_DEFAULTS } from '../../shared/settings.ts';
import { constantOf, figures } from './figures.ts';
import { sourceOf } from './sources.ts';

/** As it is read: lines that go on, a comment's stars and emphasis do not count. */
function read(path: string): string {
  return sourceOf(path)
    .replaceAll('**', '')
    .replaceAll(/\s+(?:\*(?=\s)\s*)?/g, ' ');
}

test.each(figures())('%s: %s', (document, sentence) => {
  // The title has both: the whole document would be no help.
  expect(read(document).includes(sentence)).toBe(true);
});

test('a constant is found by its name, with what it is made of', () => {
  expect(constantOf('shared/credentials/credential-cache.ts', 'LAST_GOOD_MS')).toBe(900_000);
  expect(() => constantOf('shared/credentials/credential-cache.ts', 'NO_ANSWER')).toThrow('no arithmetic');
  expect(() => constantOf('shared/credentials/credential-cache.ts', 'ABSENT')).toThrow('has no ABSENT');
});

describe('README’s table of settings', () => {
  const [, table = ''] = sourceOf('README.md').split('\n## Settings\n');
  const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, name = '', said = '']) => [
    name,
    said.trim(),
  ]);
  /** Where the default depends on something, the cell says on what. */
  const TOLD = new Set(['EGRESS_ALLOW_CIDRS', 'REGISTER_UNKNOWN_RUNS']);

  test.each(rows.filter(([name = '']) => !TOLD.has(name)))('%s: %s', (name = '', said = '') => {
    const [first = ''] = said.split(';');
    expect(first.replaceAll('`', '')).toBe(Reflect.get(DELIVERY_DEFAULTS, name));
  });
});
