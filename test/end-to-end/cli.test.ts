// Real: the command in a process of its own, against a whole stack on this machine and the template's functions. No doubles.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningStack } from '../support/stack/running-stack.ts';
import type { Said } from '../cli/cli-world.ts';

const CLI = fileURLToPath(new URL('../../cli/surehook.ts', import.meta.url));

let stack: RunningStack;
beforeAll(async () => {
  stack = await RunningStack.start({});
});
afterAll(() => stack.dispose());

function surehook(args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const options = ['--data-dir', stack.dataDir];
    const child = execFile(process.execPath, [CLI, ...options, ...args], (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
    child.stdin?.end(input);
  });
}

function request(node: string): object {
  return {
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: node,
    endpoint_url: `${stack.endpoints.aws}/demo/ok`,
    payload: {},
  };
}

test('enqueue prints exactly what the function answered', async () => {
  const { code, out } = await surehook(['enqueue', '-', '--json'], JSON.stringify(request('one')));
  expect(JSON.parse(out)).toMatchObject({ created: true, status: 'pending', warnings: [] });
  expect(code).toBe(0);
});

test('enqueue takes a request a line, and says which were not taken', async () => {
  const lines = [request('two'), { ...request('three'), endpoint_url: 'ftp://example.com/' }];
  const { code, out, err } = await surehook(['enqueue', '-'], lines.map((line) => JSON.stringify(line)).join('\n'));
  expect(out).toMatch(/^delivery +uuid +created +status +due\n\d+ +[0-9a-f-]{36} +new +pending /);
  expect(err).toContain('InvalidRequest: deliveries[1].endpoint_url');
  expect(err).toContain('1 of the requests was not taken');
  expect(code).toBe(1);
});
