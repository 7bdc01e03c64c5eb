// Real: docs/first-deploy.md, and test/data/aws-assumptions.json: what the stack takes for granted of AWS and nobody could try, from
// people's measurements, manuals, and the decisions here. Whoever adds an assumption adds it there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Assumption = { id: string; claim: string; says: string };

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const assumptions = JSON.parse(read('test/data/aws-assumptions.json')) as Assumption[];
const page = read('docs/first-deploy.md');
const [, list = ''] = page.split('\n## The assumptions\n');
const rows = list
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| assumption |'))
  .map((line) => line.slice(2, -2).split(' | '));

test.each(assumptions)('the page tells whoever deploys that $claim', ({ says }) => {
  expect(rows.filter(([assumption = '']) => assumption.includes(says))).toHaveLength(1);
});

test('nothing stands on the page that is no assumption of the list', () => {
  const unlisted = rows.filter(([text = '']) => !assumptions.some(({ says }) => text.includes(says)));
  expect(unlisted).toEqual([]);
});

/** A command, a page of the console or an alarm to look at, or something to wait for: never only words. */
const CONFIRMED =
  /`[^`]+`|smoke test|alarm|CloudWatch|Cost Explorer|CloudTrail|deployment itself|arrives|click|functions start|dashboard/;

test('each assumption has one way to confirm it', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter(([, how = '', ...more]) => !CONFIRMED.test(how) || more.length > 0)).toEqual([]);
});

test('outputs that a command asks for are the stack’s, or the runbook’s own', () => {
  const asked = [...page.matchAll(/output ([A-Z]\w+)/g)].map(([, name = '']) => name);
  const outputs = read('infra/outputs.ts');
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((name) => !outputs.includes(`${name}:`))).toEqual([]);
});
