// The blocks of shell in the documents that need another client, each as it stands. Real: a whole stack on this machine, bash, Debian's AWS
// CLI, Python with boto3, the command line of this clone. Replaced are only names: of functions, of a receiver, of where the stack is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, type ShellBlock } from '../house/shell-blocks.ts';
import { sourceOf } from '../house/sources.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { ClientShell, clientsOfThisMachine } from './other-clients.ts';

const CLONE = fileURLToPath(new URL('../../', import.meta.url));
const SETUP = /```sh\n(STACK=[\s\S]*?)```/.exec(sourceOf('docs/runbook.md'))?.[1] ?? '';
const BLOCKS = blocksOf('test/clients/document-blocks.test.ts');
/** Lines that this machine's clients do not know. */
const LEFT_OUT = /^logs Deliver$/gm;

let stack: RunningStack;
let shell: ClientShell;
const folder = mkdtempSync(join(tmpdir(), 'surehook-blocks-'));

beforeAll(async () => {
  clientsOfThisMachine();
  stack = await RunningStack.start({});
  shell = new ClientShell(stack.endpoints);
  const about = { organization_id: 1, endpoint_url: `${stack.endpoints.aws}/demo/ok`, payload: { hello: 'world' } };
  const { delivery_id } = await stack.enqueue({ ...about, workflow_run_id: 123, webhook_node_id: 'notify' });
  await stack.over(delivery_id);
  writeFileSync(join(folder, 'client.pem'), "certificate's text\n");
  writeFileSync(join(folder, 'client.key'), "key's text\n");
  writeFileSync(
    join(folder, 'requests.jsonl'),
    `${JSON.stringify({ ...about, endpoint_url: 'https://receiver.example.com/', workflow_run_id: 124, webhook_node_id: 'a' })}\n`,
  );
});
afterAll(async () => {
  shell?.dispose();
  await stack?.dispose();
  rmSync(folder, { recursive: true });
});

/** Where the stack of this test is, in place of the usual one. */
function here(text: string): string {
  return text
    .replaceAll('http://127.0.0.1:4566', stack.endpoints.aws)
    .replaceAll('.surehook/', `${stack.dataDir}/`)
    .replaceAll(/<(\w+FunctionName)>/g, '"$(output $1)"')
    .replaceAll('https://receiver.example.com/', `${stack.endpoints.aws}/demo/ok`)
    .replaceAll(/\b(requests\.jsonl|bodies\.txt|smoke\.json|client\.pem|client\.key)\b/g, `${folder}/$1`)
    .replaceAll(LEFT_OUT, '');
}

/** What a reader has typed by then: what a block exports is there in those after it. */
function typed({ document, text }: ShellBlock): string {
  const before = BLOCKS.filter((block) => block.document === document);
  const exports = before
    .slice(
      0,
      before.findIndex((block) => block.text === text),
    )
    .flatMap((block) => block.text.split('\n'));
  return [...exports.filter((line) => line.startsWith('export ')), text].join('\n');
}

function run(block: ShellBlock) {
  // In a clone the command line is a script of the package, as the runbook says.
  const inClone = `cd '${CLONE}'\nsurehook() { npm run --silent surehook -- --stack "$STACK" "$@"; }`;
  const localClient = `export AWS_ENDPOINT_URL=${stack.endpoints.aws} AWS_REGION=us-east-1`;
  return shell.run(`${SETUP}\n${inClone}\n${localClient}\nset -e\n${here(typed(block))}`);
}

const SEEN: Readonly<Record<string, RegExp>> = {
  'README.md': /"dry_run":true,"matched":0/,
  'docs/credentials.md': /"certificate": "certificate's text\\n",\s+"private_key": "key's text\\n"/,
  'docs/deploy.md': /"errorType":"MigrationRefused"/,
  'docs/enqueue.md': /^1 taken, 0 of them with warnings/,
  'docs/first-deploy.md': /delivered by its first attempt|pending|in flight/,
  'docs/operations.md': /"webhook_node_id":"notify".*"phase":"succeeded"/,
  'docs/privacy.md': /"dry_run":true,"matched":1/,
  'examples/README.md': /"created": ?true/,
};

test.each(BLOCKS)('$document: $text', async (block) => {
  const { stdout, stderr, code } = await run(block);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(SEEN[block.document] ?? /never/);
});

test('they are of every document that has any, and what they write is there', () => {
  expect(new Set(BLOCKS.map(({ document }) => document))).toEqual(new Set(Object.keys(SEEN)));
  expect(readFileSync(join(folder, 'bodies.txt'), 'utf8')).toContain('{"hello":"world"}');
});
