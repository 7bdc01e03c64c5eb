// What is deployed. Real: the bundles, made as for a deployment, and the lockfile. No doubles.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../infra/function-code.ts';
import { readDeliverySettings } from '../../shared/settings.ts';
import { filesBelow, sourceOf } from './sources.ts';

const functions = filesBelow('functions').map((path) => path.slice('functions/'.length, -'.ts'.length));
const inputs = new Map<string, string[]>();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-bundles-'));
  for (const name of functions) inputs.set(name, bundleFunction(name, join(folder, `${name}.mjs`)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lockfile: { packages: Record<string, { dev?: boolean; devOptional?: boolean }> } = JSON.parse(
  sourceOf('package-lock.json'),
);

describe.each(functions)('the bundle of %s', (name) => {
  test('holds the product and nothing of the twin, the tests or the stack', () => {
    const own = (inputs.get(name) ?? []).filter((path) => !path.startsWith('node_modules/'));
    expect(own).toContain(`functions/${name}.ts`);
    expect(own.filter((path) => !/^(?:functions|shared)\/|^sql\/compiled\.ts$/.test(path))).toEqual([]);
  });

  test('holds no other function', () => {
    const others = (inputs.get(name) ?? []).filter((path) => path.startsWith('functions/'));
    expect(others).toEqual([`functions/${name}.ts`]);
  });

  // A setting that a deployment forgot would turn into one of them.
  test('holds no default of a setting', () => {
    const bundle = readFileSync(join(folder, `${name}.mjs`), 'utf8');
    const { headerPrefix, credentialPrefix } = readDeliverySettings({});
    expect([headerPrefix, credentialPrefix].filter((text) => bundle.includes(text))).toEqual([]);
  });

  test('holds no development dependency', () => {
    const packages = (inputs.get(name) ?? []).flatMap((path) => lockedPackageOf(path) ?? []);
    expect(packages).not.toEqual([]);
    const wrong = packages.filter(
      (path) => lockfile.packages[path]?.dev ?? lockfile.packages[path]?.devOptional ?? false,
    );
    expect(wrong).toEqual([]);
  });
});

test('a development dependency would be seen', () => {
  expect(lockfile.packages['node_modules/pg']?.dev).toBe(true);
  expect(lockedPackageOf('node_modules/a/node_modules/@b/c/index.js')).toBe('node_modules/a/node_modules/@b/c');
});

/** The lockfile's name of the package a file belongs to. */
function lockedPackageOf(path: string): string | undefined {
  return /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}
