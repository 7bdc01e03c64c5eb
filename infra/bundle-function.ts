import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Esbuild from 'esbuild';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** Writes the bundle of `functions/<entry>.ts`. Returns the files it is made from, relative to the project. */
export function bundleFunction(entry: string, outfile: string): string[] {
  // Loaded when first needed: in an installed package the bundles are ready made, and esbuild is not there.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const { metafile } = buildSync({
    entryPoints: [`functions/${entry}.ts`],
    outfile,
    absWorkingDir: projectRoot,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Each kilobyte costs start-up time, and identifiers are a third of them. Errors carry their names as fields, and their
    // classes as static ones: Lambda's client logs the latter.
    minify: true,
    // CommonJS packages inside the bundle call require for Node's own modules.
    banner: {
      js: "import{createRequire as surehookRequire}from'node:module';const require=surehookRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
