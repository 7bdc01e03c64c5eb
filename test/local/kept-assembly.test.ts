// Real: folders and files. No doubles.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isWholeAssembly, sealAssembly } from '../../local/twin/kept-assembly.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-assembly-'));
  writeFileSync(join(folder, 'Stack.template.json'), '{}');
  mkdirSync(join(folder, 'asset.1'));
  writeFileSync(join(folder, 'asset.1', 'index.mjs'), 'export const handler = 1;');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is whole as it was sealed', () => {
  sealAssembly(folder);
  expect(isWholeAssembly(folder)).toBe(true);
});

it.each([
  ['was never sealed, as one of a start that was killed', () => rmSync(join(folder, 'surehook-files.json'))],
  ['has lost its template', () => rmSync(join(folder, 'Stack.template.json'))],
  ['has lost a bundle', () => rmSync(join(folder, 'asset.1', 'index.mjs'))],
  ['has lost a folder', () => rmSync(join(folder, 'asset.1'), { recursive: true })],
  ['has an emptied file', () => truncateSync(join(folder, 'asset.1', 'index.mjs'))],
  ['has a changed file', () => appendFileSync(join(folder, 'asset.1', 'index.mjs'), '//')],
  ['has a seal that cannot be read', () => truncateSync(join(folder, 'surehook-files.json'), 5)],
  ['is open to the group', () => chmodSync(folder, 0o775)],
  ['has a folder that everybody may write', () => chmodSync(join(folder, 'asset.1'), 0o777)],
  ['has a file that everybody may write', () => chmodSync(join(folder, 'asset.1', 'index.mjs'), 0o666)],
  ['is gone', () => rmSync(folder, { recursive: true }) ?? mkdirSync(folder)],
])('is not whole when it %s', (_what, spoil) => {
  sealAssembly(folder);
  spoil();
  expect(isWholeAssembly(folder)).toBe(false);
});

it('is taken from others when it is sealed', () => {
  chmodSync(join(folder, 'asset.1'), 0o777);
  chmodSync(join(folder, 'asset.1', 'index.mjs'), 0o666);
  sealAssembly(folder);
  expect(statSync(join(folder, 'asset.1')).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, 'asset.1', 'index.mjs')).mode & 0o777).toBe(0o644);
  expect(isWholeAssembly(folder)).toBe(true);
});
