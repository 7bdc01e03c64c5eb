// Real: the table people read, the list of faults, and the files it points to.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const table = readFileSync(new URL('../../docs/what-can-go-wrong.md', import.meta.url), 'utf8');
const faults: { id: string }[] = JSON.parse(readFileSync(new URL('../data/faults.json', import.meta.url), 'utf8'));

it('every known fault has a line in what-can-go-wrong', () => {
  const lines = new Set([...table.matchAll(/^\| ([A-Z]{3}-\d{2}) \|/gm)].map(([, id]) => id));
  expect(faults.filter(({ id }) => !lines.has(id))).toEqual([]);
  expect(faults.length).toBeGreaterThan(100);
});

it('every file that what-can-go-wrong points to is there', () => {
  const files = [...table.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file ?? '');
  expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
});

it('every test that SECURITY.md points to is there', () => {
  const security = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const files = [...security.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file ?? '');
  expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

it('every alarm and every promise of the README points to a file that is there', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const files = [...readme.matchAll(/(?:\]\(|`)((?:docs|test|schema)\/[\w./-]+)/g)].map(([, file]) => file ?? '');
  expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
});
