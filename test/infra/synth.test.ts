// Real: `node infra/app.ts` as a deployment runs it, esbuild, the bundles, and the local twin's reader of templates.
// Never: an account, a look-up, the network.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../infra/bundle-function.ts';
import { loadStack } from '../../local/template/load-stack.ts';
import type { StackDescription } from '../../local/template/stack-description.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/** Runs an app with nothing of this process's environment but a home, which a user without an entry has by it alone. */
function synthesize(app: string, environment: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  // As for somebody who keeps files to themselves.
  const closed = ['-c', 'umask 027 && exec "$0" "$@"', process.execPath, `infra/${app}.ts`];
  return run('sh', closed, {
    cwd: project,
    env: { HOME: process.env['HOME'], ...environment },
  });
}

describe('a synthesized stack', () => {
  let folder: string;
  let stack: StackDescription;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'surehook-synth-'));
    await synthesize('app', {
      CDK_OUTDIR: folder,
      EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '5',
    });
    const queueUrl = (name: string): string => `http://127.0.0.1:1/000000000000/${name}`;
    stack = await loadStack({ stackName: 'WebhookDelivery', assemblyFolder: folder, queueUrl });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is one the local twin can run', () => {
    expect(stack.functions).toHaveLength(7);
    expect(stack.queues).toHaveLength(4);
    expect(stack.eventSourceMappings.map(({ maximumConcurrency }) => maximumConcurrency).sort()).toEqual([20, 50]);
    expect(stack.rules.map(({ everyMs }) => everyMs)).toEqual([300_000]);
    expect(stack.triggers.map(({ functionName }) => functionName)).toEqual([stack.outputs['MigrateFunctionName']]);
    expect(stack.database).toMatchObject({ databaseName: 'surehook', username: 'surehook' });
    expect(stack.dashboards).toHaveLength(1);
  });

  // AWS reads it as another user: aws/aws-cdk#8233.
  test('has bundles that everybody may read, whatever the umask', () => {
    const modes = stack.functions.map(({ codeFolder }) => statSync(join(codeFolder, 'index.mjs')).mode & 0o777);
    expect(modes.map((mode) => mode.toString(8))).toEqual(stack.functions.map(() => '644'));
  });

  test('allows no private address, whatever the environment says', () => {
    const allowed = stack.functions.flatMap(({ environment }) => environment['EGRESS_ALLOW_CIDRS'] ?? []);
    expect(allowed).toEqual(['', '']);
  });

  test('follows the attempt’s timeout of the environment', () => {
    const deliver = stack.functions.find(({ name }) => name === stack.outputs['DeliverFunctionName']);
    expect(deliver?.timeoutSeconds).toBe(35);
  });

  test('gives each function a bundle of its own, which starts by itself', async () => {
    const bundles = stack.functions.map(({ codeFolder }) => pathToFileURL(join(codeFolder, 'index.mjs')).href);
    expect(new Set(bundles).size).toBe(7);
    const script = `for (const url of ${JSON.stringify(bundles)}) console.log(typeof (await import(url)).handler);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder, env: {} });
    expect(stdout.trim().split('\n')).toEqual(bundles.map(() => 'function'));
  });
});

test('a bundle holds no file of the local twin, of tests or of the stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-bundle-'));
  const files = ['enqueue', 'deliver', 'sweep', 'migrate', 'inspect', 'operate', 'widget'].flatMap((entry) =>
    bundleFunction(entry, join(folder, `${entry}.mjs`)),
  );
  rmSync(folder, { recursive: true });
  expect(files).toContain('functions/deliver.ts');
  expect(files.filter((file) => /^(?:local|test|infra)\//.test(file))).toEqual([]);
});

test.each(['app', 'local-app'])('%s refuses malformed settings with one line that names them all', async (app) => {
  const refused = synthesize(app, {
    WEBHOOK_DELIVERY_MAX_ATTEMPTS: 'many',
    WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '0',
  });
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stderr:
      'malformed settings: WEBHOOK_DELIVERY_MAX_ATTEMPTS must be a whole number from 1 to 50; ' +
      'WEBHOOK_DELIVERY_TIMEOUT_SECONDS must be a whole number from 1 to 600\n',
  });
});
