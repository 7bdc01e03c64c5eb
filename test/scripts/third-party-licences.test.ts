// Real: packages in node_modules. Double: a package under a licence that may not be passed on so, in a folder of the test's own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { thirdPartyLicences } from '../../scripts/third-party-licences.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

test('the licence of each package in a bundle is passed on once, and own files have none', () => {
  const inputs = [
    'cli/surehook.ts',
    'node_modules/ipaddr.js/lib/ipaddr.js',
    'node_modules/ipaddr.js/lib/a.js',
    'node_modules/zod/mini/a.js',
  ];
  const text = thirdPartyLicences(project, inputs);
  expect(text.match(/^\S+ \d+\.\S+ \(MIT\)$/gm)?.map((line) => line.split(' ')[0])).toEqual(['ipaddr.js', 'zod']);
  expect(text).toContain('whitequark');
});

test('a package whose licence forbids it is not bundled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-licences-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const place = 'node_modules/@a/b';
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, place, 'package.json'), '{"name":"@a/b","version":"1.0.0","license":"AGPL-3.0"}');
  expect(() => thirdPartyLicences(folder, [`${place}/index.js`])).toThrow('@a/b 1.0.0 has the licence AGPL-3.0');
});
