import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const rootPath = fileURLToPath(root);

/** One `import` or re-export, also of types only, and `import('…')`. */
export type Import = {
  from: string;
  specifier: string;
  /** Relative to the project, where it names a file of ours. */ to: string | undefined;
};

/** Files below a folder of the project, as paths relative to it. */
export function filesBelow(folder: string, matching = /\.(?:ts|js|mjs)$/): string[] {
  return readdirSync(new URL(`${folder}/`, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && matching.test(entry.name))
    .map((entry) => `${entry.parentPath.slice(rootPath.length).replace(/\/$/, '')}/${entry.name}`)
    .sort();
}

export function sourceOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** Every import of a source, read by its form: the formatter writes one statement in one way. */
export function importsOf(path: string, source = sourceOf(path)): Import[] {
  const statements = source.matchAll(
    /^(?:import|export)(?:\s+type)?\s+(?:[\w*\s{},$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm,
  );
  return [...statements].map(([, stated, called]) => {
    const specifier = stated ?? called ?? '';
    const to = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
    return { from: path, specifier, to };
  });
}

/** `zod/mini` is of the package `zod`; undefined for a file of ours and for Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The packages that may be in a bundle: ARCHITECTURE.md's table of runtime dependencies. */
export function runtimePackages(): string[] {
  const [, table = ''] = sourceOf('ARCHITECTURE.md').split('## Runtime dependencies of the functions');
  return [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replace(/^zod\/mini$/, 'zod')),
  );
}
