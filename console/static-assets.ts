import { readFileSync } from 'node:fs';
import type { Answer } from './respond.ts';

const TYPES = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'favicon.svg': 'image/svg+xml',
} as const;

/** The console's few files, read once. */
export function readStaticAssets(): ReadonlyMap<string, Answer> {
  return new Map(
    Object.entries(TYPES).map(([name, type]) => {
      const body = readFileSync(new URL(`assets/${name}`, import.meta.url));
      return [name, { status: 200, type, body }];
    }),
  );
}
