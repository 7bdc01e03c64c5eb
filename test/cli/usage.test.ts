// Real: the program. Double: the terminal.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { confirm } from '../../cli/command-world.ts';
import { jsonTextsOf } from '../../cli/read-requests.ts';
import { tableOf } from '../../cli/table.ts';
import { scriptedTerminal, surehook } from './cli-world.ts';

function folderWith(file: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, file), text);
  return folder;
}

test('help is an answer', async () => {
  const { code, out } = await surehook(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('enqueue [options] <file>');
});

test.each([
  ['no command', [], 'Usage: surehook'],
  ['an unknown command', ['enqueu'], 'Did you mean enqueue?'],
  ['an unknown option', ['enqueue', '-', '--jsn'], 'Did you mean --json?'],
  ['a missing argument', ['enqueue'], "missing required argument 'file'"],
  [
    'two stacks',
    ['enqueue', '-', '--data-dir', '/nowhere', '--stack', 'Mine'],
    '--data-dir names a stack on this machine',
  ],
])('%s is wrong usage', async (_what, args, says) => {
  const { code, err } = await surehook(args, { input: '{}' });
  expect(err).toContain(says);
  expect(code).toBe(2);
});

test.each([
  ['a file that is not there', ['enqueue', '/nowhere/requests.json'], '/nowhere/requests.json cannot be read'],
  ['no input', ['enqueue', '-'], 'there is nothing in it'],
])('%s is a failure', async (_what, args, says) => {
  const { code, err } = await surehook(args);
  expect(err).toContain(says);
  expect(code).toBe(1);
});

test('a folder in which no stack runs is told', async () => {
  const folder = folderWith('x', '');
  const { code, err } = await surehook(['enqueue', '-', '--data-dir', folder], { input: '{}' });
  expect(err).toContain(`no stack is running in ${folder}`);
  expect(code).toBe(1);
});

test('what a killed stack left behind is no running stack', async () => {
  // No process has this number: Linux allows 2^22.
  const folder = folderWith('endpoints.json', '{"pid":4194305,"aws":"http://127.0.0.1:1"}');
  const { err } = await surehook(['enqueue', '-', '--data-dir', folder], { input: '{}' });
  expect(err).toContain(`no stack is running in ${folder}`);
});

test('input is one JSON value, or one a line', () => {
  expect(jsonTextsOf('{\n "a": 1.10\n}\n')).toEqual(['{\n "a": 1.10\n}']);
  expect(jsonTextsOf('{"a":1}\r\n\n{"b":2}\n')).toEqual(['{"a":1}', '{"b":2}']);
  expect(() => jsonTextsOf('{"a":1}\n\n{"b":\n')).toThrow('line 3 is no JSON');
});

test('whatever changes is asked for on a terminal, and needs --yes elsewhere', async () => {
  const asked = (circumstances: { answers?: boolean }, options: { yes?: true }) => {
    const terminal = scriptedTerminal(circumstances, { out: [], err: [] });
    return confirm('Cancel 3 deliveries?', options, { terminal });
  };
  await expect(asked({}, {})).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('--yes') });
  await expect(asked({ answers: false }, {})).rejects.toMatchObject({ exitCode: 1, message: 'nothing was changed' });
  await expect(asked({ answers: true }, {})).resolves.toBeUndefined();
  await expect(asked({}, { yes: true })).resolves.toBeUndefined();
});

test('a table keeps what comes from outside in its place', () => {
  const rows = [
    { id: 1, name: 'a\u001B[31m\nb' },
    { id: 22, name: null },
  ];
  expect(tableOf(rows, { id: ({ id }) => id, name: ({ name }) => name })).toBe('id  name\n1   a [31m b\n22');
});

test('a stack that cannot be looked up is not said to be the only one, while another runs on this machine', async () => {
  const endpoints = { pid: process.pid, aws: 'http://127.0.0.1:1', region: 'us-east-1', functions: {} };
  const env = { DATA_DIR: folderWith('endpoints.json', JSON.stringify(endpoints)) };
  // No such profile: the SDK gives up before it asks anybody.
  const { code, err } = await surehook(['list', '--stack', 'Webhooks', '--profile', 'nobody-has-this'], { env });
  expect(err).toContain(`One is running in ${env.DATA_DIR} on this machine: leave out --stack`);
  expect(err).toContain('export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_REGION=us-east-1');
  expect(err).not.toContain('Nor is');
  expect(code).toBe(1);
});
