import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../cli/run-program.ts';
import { type Said, scriptedTerminal } from '../cli/cli-world.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const [SETUP = '', ...BLOCKS] = [...RUNBOOK.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
/** Blocks of the command line alone, each under the heading where it stands. */
const COMMANDS = BLOCKS.filter((block) => /^(?:surehook .*\n)+$/.test(block)).map((block) => {
  const [heading = ''] = [...RUNBOOK.slice(0, RUNBOOK.indexOf(block)).matchAll(/^## (.+)$/gm)].at(-1)?.slice(1) ?? [];
  return { heading, block };
});
const CREDENTIAL = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';

/**
 * Every block of the runbook that is written for the command line, as a shell reads it, one after the other, against a stack in which
 * there is what each is about. Whoever is at the terminal says yes.
 */
export function describeRunbook(stackOf: () => RunningStack): void {
  describe("the runbook's commands", () => {
    const folder = mkdtempSync(join(tmpdir(), 'surehook-runbook-'));
    let example: ReadonlyMap<string, string>;
    beforeAll(async () => {
      writeFileSync(
        join(folder, 'npx'),
        '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\nprintf "\\0"\n',
      );
      chmodSync(join(folder, 'npx'), 0o755);
      const stack = stackOf();
      for (const [name, value] of Object.entries({
        AWS_ENDPOINT_URL: stack.endpoints.aws,
        AWS_REGION: stack.endpoints.region,
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
      })) {
        vi.stubEnv(name, value);
      }
      example = await whatItIsAbout(stack);
    });
    afterAll(() => {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    });

    test('are there for every alarm that an operator can act on by them', () => {
      expect([...new Set(COMMANDS.map(({ heading }) => heading))]).toEqual([
        'Dead letters',
        'Endpoint down',
        'Credentials that cannot be used',
        'Oldest due delivery',
        'Internal faults',
        'One delivery',
      ]);
      expect(
        BLOCKS.filter((block) => block.includes('surehook ') && !COMMANDS.some((one) => one.block === block)),
      ).toEqual([]);
    });

    test.each(COMMANDS.map(({ heading, block }, index) => [index + 1, heading, block] as const))(
      '%i: those under *%s* do what they say',
      async (_index, _heading, block) => {
        for (const words of await asAShellReads(`${SETUP}\n${block}`, folder)) {
          const args = words.map((word) => example.get(word) ?? word);
          const said = await inThisProcess(args);
          expect({ args, ...said }).toMatchObject({ args, code: 0, out: expect.stringMatching(/./) });
          expect(said.err).not.toMatch(/^none$/m);
        }
      },
    );

    test('are orders with a note afterwards, and leave nothing held', async () => {
      const { out } = await inThisProcess(['--json', 'orders', '--limit', '100']);
      const { orders } = JSON.parse(out) as {
        orders: { action: string; state: string; note: string | null; done: number }[];
      };
      const given = orders.filter(({ note }) => note !== null && RUNBOOK.includes(`--note "${note}"`));
      expect(given.map(({ action, done }) => [action, done > 0]).toReversed()).toEqual([
        ['redeliver', true],
        ['dismiss', expect.any(Boolean)],
        ['hold', true],
        ['redeliver', true],
        ['hold', true],
      ]);
      const [left] = await stackOf().rows<{ count: number }>(
        'select count(*) as count from webhook_endpoints where stopped_at is not null',
      );
      expect(left?.count).toBe(0);
    });
  });
}

/** The words of each `npx` that the lines call. */
async function asAShellReads(lines: string, folder: string): Promise<string[][]> {
  const said = await new Promise<string>((resolve, reject) => {
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    execFile('sh', ['-c', lines], { env }, (fault, stdout, stderr) =>
      fault === null && stderr === '' ? resolve(stdout) : reject(new Error(stderr, { cause: fault })),
    );
  });
  const calls = said
    .split('\0\0')
    .filter(Boolean)
    .map((call) => call.split('\0'));
  for (const [program, ...words] of calls)
    expect([program, ...words.slice(0, 2)]).toEqual(['surehook', '--stack', 'WebhookDelivery']);
  return calls.map(([, ...words]) => words);
}

/** One command as it is given at a terminal where somebody says yes. */
export async function inThisProcess(args: readonly string[]): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = scriptedTerminal({ answers: true }, { out, err });
  const wait = async () => undefined;
  const code = await runProgram(args, { env: {}, terminal, nowMs: () => Date.now(), wait, untilInterrupted: wait });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** Makes what the runbook speaks of, and says what stands for its examples. */
async function whatItIsAbout(stack: RunningStack): Promise<ReadonlyMap<string, string>> {
  const { aws } = stack.endpoints;
  const about = { organization_id: 7, webhook_node_id: 'notify', payload: {} };
  const to = (path: string, run: number, more: object = {}) =>
    stack.enqueue({ ...about, workflow_run_id: run, endpoint_url: `${aws}${path}`, ...more });
  const [dead, ...others] = await Promise.all([123, 124, 125].map((run) => to('/demo/status/404', run)));
  for (const { delivery_id } of [dead, ...others].flatMap((one) => one ?? [])) await stack.over(delivery_id);
  // Five in a row put the endpoint down, and the rest is held.
  const held = await Promise.all([201, 202, 203, 204, 205, 206].map((run) => to('/demo/status/503', run)));
  const isDown = async () => {
    const [row] = await stack.rows<{ down: number }>(
      'select count(*) as down from webhook_endpoints where down_since is not null',
    );
    return row?.down === 1 ? true : undefined;
  };
  await stack.log.until(isDown);
  expect(held).toHaveLength(6);
  // That a secret is missing is remembered for seconds: the one that the runbook names is there from the beginning.
  const missing = await to('/', 301, {
    endpoint_url: `${aws.replace('127.0.0.1', 'localhost')}/demo/ok`,
    credential_uuid: randomUUID(),
    max_attempts: 1,
  });
  await stack.over(missing.delivery_id);
  const secret = { credential_type: 'bearer_token', credential_data: { token: 'tok-1' } };
  await stack.secrets.send(
    new CreateSecretCommand({ Name: `webhook-credentials/7/${CREDENTIAL}`, SecretString: JSON.stringify(secret) }),
  );
  // Nobody has come for it yet.
  await stack.change(
    `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, scheduled_for)
     select 123, 7, 'due', 'http://127.0.0.1:9/', '{}', now() - interval '10 seconds'`,
  );
  return new Map([
    ['42', String(dead?.delivery_id)],
    ['00000000-0000-4000-8000-000000000000', dead?.delivery_uuid ?? ''],
    ['hooks.example.com', '127.0.0.1'],
    ['https://hooks.example.com/orders', `${aws}/demo/status/503`],
  ]);
}
