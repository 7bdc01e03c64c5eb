// Rules take the time, chance and settings they need as arguments. Real: every source of the product, without its comments and
// types. No doubles.
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { filesBelow, sourceOf } from './sources.ts';

/** What would make a rule depend on when and where it runs. */
const AMBIENT: [what: string, pattern: RegExp][] = [
  ['the environment', /\bprocess\s*(?:\.|\?\.|\[)|= process\b|node:process/],
  ['the wall clock', /\bDate\.now\b|\bnew Date\(\)|(?<!new |[.\w])Date\(\)/],
  ['a monotonic clock', /\bperformance\.|\bhrtime\b/],
  ['chance', /\bMath\.random\b|\brandom(?:UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/],
  ['a timer', /(?<![.\w])set(?:Timeout|Interval|Immediate)\(|\bAbortSignal\.timeout\b|node:timers/],
];

describe.each(filesBelow('shared').filter((path) => path !== 'shared/runtime/clock.ts'))('%s', (path) => {
  test('reads neither environment nor clock nor chance', () => {
    expect(ambientIn(sourceOf(path))).toEqual([]);
  });
});

test.each(filesBelow('functions'))('%s reads the environment, and time by the clock alone', (path) => {
  expect(ambientIn(sourceOf(path)).filter((what) => what !== 'the environment')).toEqual([]);
});

test('what is forbidden would be seen', () => {
  expect(ambientIn(sourceOf('shared/runtime/clock.ts'))).toEqual([
    'the wall clock',
    'a monotonic clock',
    'chance',
    'a timer',
  ]);
  expect(ambientIn('const at = new Date();')).toEqual(['the wall clock']);
  expect(ambientIn('export const url = process.env.URL;')).toEqual(['the environment']);
  expect(ambientIn('fetch(url, { signal: AbortSignal.timeout(5) });')).toEqual(['a timer']);
});

test('what is allowed is not', () => {
  expect(ambientIn('// Date.now()\nconst at = new Date(ms); socket.setTimeout(5); clock.random();')).toEqual([]);
});

function ambientIn(source: string): string[] {
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', legalComments: 'none', charset: 'utf8' });
  return AMBIENT.flatMap(([what, pattern]) => (pattern.test(code) ? [what] : []));
}
