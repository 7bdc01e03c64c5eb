// The figures of the documents are those of the committed run. Real: docs/, bench/results.json. No doubles.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { placed, sectionsOf } from '../../bench/document.ts';
import type { BenchResults } from '../../bench/report.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const results = JSON.parse(read('bench/results.json')) as BenchResults;
const sections = sectionsOf(results);

test.each(sections)('$document says of $name what the bench measured (npm run bench:document)', (section) => {
  const document = read(section.document);
  expect(document).toBe(placed(document, section));
});

test('another run would be seen', () => {
  const [first] = results.throughput;
  if (first === undefined) throw new Error('the run has no throughput');
  const faster = { ...results, throughput: [{ ...first, deliveriesPerSecond: 1 }, ...results.throughput.slice(1)] };
  const [section] = sectionsOf(faster);
  if (section === undefined) throw new Error('there is no section');
  const document = read(section.document);
  expect(document).not.toBe(placed(document, section));
});

test('the committed run has what the documents reckon with', () => {
  const scenarios = results.throughput.map(({ scenario }) => scenario);
  expect(scenarios).toEqual(expect.arrayContaining(['live, batches', 'live, singly']));
  for (const { seconds } of results.throughput) expect(seconds.length).toBeGreaterThan(0);
});

test('a document without a place for a section is told', () => {
  expect(() => placed('# Benchmarks\n', { name: 'run', text: 'text' })).toThrow('no place for the section run');
});
