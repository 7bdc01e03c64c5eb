// What is deployed. Real: the bundles, made as for a deployment, and the lockfile. No doubles.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../infra/bundle-function.ts';
import { readDeliverySettings } from '../../shared/settings.ts';
import { filesBelow, runtimePackages, sourceOf } from './sources.ts';

const functions = filesBelow('functions').map((path) => path.slice('functions/'.length, -'.ts'.length));
const inputs = new Map<string, string[]>();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-bundles-'));
  for (const name of functions) inputs.set(name, bundleFunction(name, join(folder, `${name}.mjs`)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Bytes, some three hundredths above what each has today: start-up time, and a part of the price of an invocation. Whoever needs more raises
 * it here, and says why.
 */
const LARGEST: Readonly<Record<string, number>> = {
  deliver: 303_000,
  enqueue: 186_000,
  inspect: 575_000,
  migrate: 709_000,
  operate: 592_000,
  sweep: 245_000,
  widget: 407_000,
};

type Locked = { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
const lockfile: { packages: Record<string, Locked> } = JSON.parse(sourceOf('package-lock.json'));
const allowed = withDependencies(runtimePackages());

// Lambda's client logs an error by the name of its class, and a bundle shortens that.
test('every error class says its name by itself', () => {
  const classes = [...filesBelow('shared'), ...filesBelow('functions')].flatMap((path) =>
    [...sourceOf(path).matchAll(/class (\w+) extends \w*Error \{\n(.*)\n/g)].map(([, name = '', first = '']) => ({
      path,
      name,
      first,
    })),
  );
  expect(classes.length).toBeGreaterThan(5);
  expect(classes.filter(({ name, first }) => first.trim() !== `static override readonly name = '${name}';`)).toEqual(
    [],
  );
});

describe.each(functions)('the bundle of %s', (name) => {
  test('holds the product and nothing of the twin, the tests or the stack', () => {
    const own = (inputs.get(name) ?? []).filter((path) => !path.startsWith('node_modules/'));
    expect(own).toContain(`functions/${name}.ts`);
    expect(own.filter((path) => !/^(?:functions|shared)\/|^sql\/compiled-\w+\.ts$/.test(path))).toEqual([]);
  });

  test('holds no other function', () => {
    const others = (inputs.get(name) ?? []).filter((path) => path.startsWith('functions/'));
    expect(others).toEqual([`functions/${name}.ts`]);
  });

  test('is not larger than it was', () => {
    expect(statSync(join(folder, `${name}.mjs`)).size).toBeLessThanOrEqual(LARGEST[name] ?? 0);
  });

  // A setting that a deployment forgot would turn into one of them.
  test('holds no default of a setting', () => {
    const bundle = readFileSync(join(folder, `${name}.mjs`), 'utf8');
    const { headerPrefix, credentialPrefix } = readDeliverySettings({});
    expect([headerPrefix, credentialPrefix].filter((text) => bundle.includes(text))).toEqual([]);
  });

  test('holds the runtime dependencies of ARCHITECTURE.md, what they need, and nothing else', () => {
    const packages = (inputs.get(name) ?? []).flatMap((path) => lockedPackageOf(path) ?? []);
    expect(packages).not.toEqual([]);
    expect(packages.filter((path) => !allowed.has(path))).toEqual([]);
  });
});

test('another dependency would be seen', () => {
  expect(allowed).toContain('node_modules/ipaddr.js');
  expect(allowed).not.toContain('node_modules/pg');
  expect(lockedPackageOf('node_modules/a/node_modules/@b/c/index.js')).toBe('node_modules/a/node_modules/@b/c');
});

test('every runtime dependency is pinned', () => {
  const { devDependencies } = JSON.parse(sourceOf('package.json')) as { devDependencies: Record<string, string> };
  const versions = runtimePackages().map((name) => devDependencies[name] ?? `${name} is missing`);
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

/** Places of packages and of everything they depend on, as Node would find it. */
function withDependencies(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const follow = (name: string, from: string): void => {
    const place = placeOf(name, from);
    if (place === undefined || found.has(place)) return;
    found.add(place);
    const { dependencies = {}, optionalDependencies = {} } = lockfile.packages[place] ?? {};
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) follow(next, place);
  };
  for (const name of names) follow(name, '');
  return found;
}

function placeOf(name: string, from: string): string | undefined {
  const place = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (place in lockfile.packages) return place;
  if (from === '') return undefined;
  return placeOf(name, from.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, ''));
}

/** The lockfile's name of the package a file belongs to. */
function lockedPackageOf(path: string): string | undefined {
  return /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}
