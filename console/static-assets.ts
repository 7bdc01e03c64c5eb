import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Answer } from './respond.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The few files in `assets/`, read once. */
export function readStaticAssets(): ReadonlyMap<string, Answer> {
  const folder = new URL('assets/', import.meta.url);
  return new Map(
    readdirSync(folder).map((name) => [
      name,
      {
        status: 200,
        type: TYPES[extname(name)] ?? 'application/octet-stream',
        body: readFileSync(new URL(name, folder)),
      },
    ]),
  );
}
