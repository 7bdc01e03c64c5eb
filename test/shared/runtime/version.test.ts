// Real: package.json and the constant that bundles carry in its place.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../../shared/runtime/version.ts';

test('the version that receivers see is the package’s', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version: VERSION });
});
