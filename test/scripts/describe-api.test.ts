// Real: the sources, docs/api.md. No doubles.
import { expect, test } from 'vitest';
import { describeApi } from '../../scripts/describe-api.ts';
import { sourceOf } from '../house/sources.ts';

const { text, undocumented } = describeApi();

test('docs/api.md says what the sources say', () => {
  expect(sourceOf('docs/api.md')).toBe(text);
});

test('everything that the package exports has a comment, each prop too', () => {
  expect(undocumented).toEqual([]);
  expect(text).toMatch(/^- `maxAttempts\?: number`: Attempts of a delivery/m);
  expect(text).toMatch(/^- `grantEnqueue\(grantee: IGrantable\): Grant`: Lets/m);
});

test('every type that props mention can be imported', () => {
  const declared = [...sourceOf('infra/webhook-delivery-props.ts').matchAll(/^export type (\w+)/gm)].map(
    ([, name]) => name,
  );
  expect(declared.length).toBeGreaterThan(4);
  expect(declared.filter((name) => !text.includes(`\n### ${name}\n`))).toEqual([]);
});
