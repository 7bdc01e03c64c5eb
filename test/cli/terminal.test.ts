// Real: the command as a process of its own, its pipes. Double: who started a command that serves until it is ended.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { untilOrphaned } from '../../cli/until-orphaned.ts';

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

describe('a command that serves until it is ended', () => {
  const surroundings = (env: Readonly<Record<string, string>>, parents: number[]) => {
    const waits: number[] = [];
    return {
      waits,
      env,
      ppid: () => (parents.length > 1 ? (parents.shift() ?? 0) : (parents[0] ?? 0)),
      wait: async (ms: number) => waits.push(ms),
    };
  };

  test('ends within a second of the npm that started it', async () => {
    const npm = surroundings({ npm_lifecycle_event: 'npx' }, [4711, 4711, 4711, 900]);
    await untilOrphaned(npm);
    expect(npm.waits).toEqual([1_000, 1_000]);
  });

  test.each([
    ['npm is 1, as in a container', { npm_lifecycle_event: 'npx' }, [1, 900]],
    ['it was left behind without npm', {}, [4711, 1]],
  ])('stays where %s', async (_why, env, parents) => {
    let ended = false;
    void untilOrphaned(surroundings(env, parents)).then(() => (ended = true));
    await setImmediate();
    expect(ended).toBe(false);
  });
});
