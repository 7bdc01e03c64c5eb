import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** The name of a bundle in its folder; its handler is `index.handler`. */
const BUNDLE = 'index.mjs';

/**
 * `functions/<entry>.ts` with everything it imports, as one file. esbuild is called in this process: `NodejsFunction` starts
 * npx and a shell for each function, which takes four fifths of its time. The asset's hash covers only the bundle.
 */
export function functionCode(scope: Construct, entry: string): Code {
  // Tests that only read the template switch bundling off.
  if (!Stack.of(scope).bundlingRequired) return Code.fromInline(`// functions/${entry}.ts`);
  return Code.fromAsset(projectRoot, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never started: what the local bundler cannot do, it throws.
      image: DockerImage.fromRegistry('local-bundling-only'),
      // CDK bundles once for equal options: without this, every function would get the first one's code.
      command: [entry],
      local: {
        tryBundle: (folder) => {
          bundleFunction(entry, `${folder}/${BUNDLE}`);
          return true;
        },
      },
    },
  });
}

/** Writes the bundle of `functions/<entry>.ts`. Returns the files it is made from, relative to the project. */
export function bundleFunction(entry: string, outfile: string): string[] {
  const { metafile } = buildSync({
    entryPoints: [`functions/${entry}.ts`],
    outfile,
    absWorkingDir: projectRoot,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Each kilobyte costs start-up time, and identifiers are a third of them. Errors carry their names as fields.
    minify: true,
    // undici's own switch for bundles leaves out its experimental second parser, 160 KB.
    define: { esbuildDetection: '1' },
    // CommonJS packages inside the bundle call require for Node's own modules.
    banner: {
      js: "import{createRequire as surehookRequire}from'node:module';const require=surehookRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
