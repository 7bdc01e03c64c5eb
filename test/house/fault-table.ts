import { readFileSync } from 'node:fs';

/** A row of docs/what-can-go-wrong.md or of the README's promises, and the files that are to show it. */
export type Shown = { of: string; shownBy: readonly string[] };

export function readFromRoot(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

export function faultRows(): Shown[] {
  const rows = readFromRoot('docs/what-can-go-wrong.md').matchAll(/^\| ([A-Z]{3}-\d{2}) \|.*\| ([^|]*) \|$/gm);
  return [...rows].map(([, of = '', cell = '']) => ({
    of,
    shownBy: [...cell.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file ?? ''),
  }));
}

export function promises(): Shown[] {
  const [, section = ''] = readFromRoot('README.md').split('\n## What it promises\n');
  const [table = ''] = section.split('\n## ');
  return [...table.matchAll(/^\| ([^|`-][^|]*) \| (.*`.*) \|$/gm)].map(([, of = '', cell = '']) => ({
    of: of.replaceAll('`', ''),
    shownBy: [...cell.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file ?? ''),
  }));
}
