// Real: the command as a process of its own, its pipes. No doubles.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../cli/surehook.ts', import.meta.url));
const REQUEST = {
  workflow_run_id: 1,
  organization_id: 1,
  webhook_node_id: 'node',
  endpoint_url: 'https://receiver.example.com/',
  payload: 'x'.repeat(1000),
};

test('a command whose reader has seen enough ends without a trace, and does its work', async () => {
  const child = spawn(process.execPath, [COMMAND, 'check', '-', '--render']);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.once('data', () => child.stdout.destroy());
  child.stdin.end(`${JSON.stringify(REQUEST)}\n`.repeat(2000));
  await once(child, 'exit');
  expect(said).not.toContain('EPIPE');
  expect(child.exitCode).toBe(0);
});

test('local hands on whose app it is to run, and which of its stacks', () => {
  const local = (...words: string[]) => spawnSync(process.execPath, [COMMAND, 'local', ...words], { encoding: 'utf8' });
  expect(local('--stack', 'Shop')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('--stack names a stack of --app, which is missing'),
  });
  const dataDir = mkdtempSync(join(tmpdir(), 'surehook-cli-'));
  const noApp = local('--app', 'no-such-folder', '--stack', 'Shop', '--data-dir', dataDir);
  rmSync(dataDir, { recursive: true });
  expect(noApp).toMatchObject({ status: 1, stderr: expect.stringMatching(/no-such-folder is no cloud assembly/) });
});
