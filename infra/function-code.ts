import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { bundleFunction } from './bundle-function.ts';

const functionsFolder = fileURLToPath(new URL('../functions', import.meta.url));

/** The name of a bundle in its folder; its handler is `index.handler`. */
const BUNDLE = 'index.mjs';

/**
 * `functions/<entry>.ts` with everything it imports, as one file. esbuild is called in this process: `NodejsFunction` starts
 * npx and a shell for each function, which takes four fifths of its time. The asset's hash covers only the bundle.
 */
export function functionCode(scope: Construct, entry: string): Code {
  // Tests that only read the template switch bundling off.
  if (!Stack.of(scope).bundlingRequired) return Code.fromInline(`// functions/${entry}.ts`);
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never started: what the local bundler cannot do, it throws.
      image: DockerImage.fromRegistry('local-bundling-only'),
      // CDK bundles once for equal options: without this, every function would get the first one's code.
      command: [entry],
      local: {
        tryBundle: (folder) => {
          placeBundle(entry, folder);
          return true;
        },
      },
    },
  });
}

/** Puts the bundle of a function into a folder: the ready-made one of an installed package, else a new one. */
function placeBundle(entry: string, folder: string): void {
  const bundle = join(folder, BUNDLE);
  const readyMade = join(functionsFolder, entry, BUNDLE);
  if (existsSync(readyMade)) copyFileSync(readyMade, bundle);
  else bundleFunction(entry, bundle);
  // Lambda reads the code as another user. Under a strict umask it would get files that it cannot read (aws/aws-cdk#8233).
  chmodSync(bundle, 0o644);
  chmodSync(folder, 0o755);
}
