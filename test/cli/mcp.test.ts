// Real: the command in a process of its own, the official client of the Model Context Protocol, the SDK over HTTP. Double: the
// functions, which answer what the test says.
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished, test } from 'vitest';
import { refusal, ScriptedStack } from './scripted-stack.ts';

const CLI = fileURLToPath(new URL('../../cli/surehook.ts', import.meta.url));

async function connected(stack: ScriptedStack, ...options: string[]): Promise<Client> {
  const args = [CLI, 'mcp', '--data-dir', stack.dataDir, ...options];
  const client = new Client({ name: 'a test', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
  onTestFinished(() => client.close());
  return client;
}

test('an agent may look, by every action of inspect, and operate is not even listed', async () => {
  const backlog = { due: 1, dead_letters: 2 };
  const stack = await ScriptedStack.open({ inspect: () => backlog, operate: () => ({}) });
  const client = await connected(stack);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['inspect_show', 'inspect_list', 'inspect_backlog']),
  );
  expect(tools.filter(({ name, annotations }) => /operate/.test(name) || annotations?.readOnlyHint !== true)).toEqual(
    [],
  );
  const list = tools.find(({ name }) => name === 'inspect_list');
  expect(list?.inputSchema.type).toBe('object');
  expect(list?.inputSchema.properties).toHaveProperty('organization_id');
  expect(list?.inputSchema.properties).not.toHaveProperty('action');

  const { content } = await client.callTool({ name: 'inspect_backlog', arguments: {} });
  expect(content).toEqual([{ type: 'text', text: JSON.stringify(backlog) }]);
  const refused = await client
    .callTool({ name: 'operate_cancel', arguments: { delivery_ids: [1] } })
    .catch(() => 'refused');
  expect(refused === 'refused' || (refused as { isError?: boolean }).isError).toBeTruthy();
  expect(stack.asked).toEqual([{ role: 'inspect', request: { action: 'backlog' } }]);
});

test('a refusal is told in the function’s words', async () => {
  const stack = await ScriptedStack.open({ inspect: () => refusal('InvalidRequest', 'reason: must be one of status') });
  const client = await connected(stack);
  const answer = await client.callTool({ name: 'inspect_list', arguments: { reason: 'weather' } });
  expect(answer).toMatchObject({
    isError: true,
    content: [{ type: 'text', text: 'InvalidRequest: reason: must be one of status' }],
  });
});

test('with --allow-write operate is served, and an order says who gives it', async () => {
  const stack = await ScriptedStack.open({ inspect: () => ({}), operate: () => ({ order_id: 1 }) });
  const client = await connected(stack, '--allow-write');
  await client.callTool({ name: 'operate_cancel', arguments: { delivery_ids: [1], dry_run: true } });
  expect(stack.asked).toEqual([
    { role: 'operate', request: { action: 'cancel', delivery_ids: [1], dry_run: true, by: expect.any(String) } },
  ]);
});
