// npm run bench:document: writes the tables of docs/ that come from a run of the bench out of bench/results.json. Make that by
// `npm run bench -- --repeat 3 --into bench/results.json` on a machine that does nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { placed, sectionsOf } from './document.ts';
import type { BenchResults } from './report.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);
const results = JSON.parse(readFileSync(at('bench/results.json'), 'utf8')) as BenchResults;
for (const section of sectionsOf(results)) {
  const document = readFileSync(at(section.document), 'utf8');
  writeFileSync(at(section.document), placed(document, section));
}
