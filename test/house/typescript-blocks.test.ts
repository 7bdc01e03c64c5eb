// TypeScript in the documents is what the package takes. Real: the documents, the compiler, the package by its sources, the CDK. No doubles.
// Names that a reader has to fill in (`onCall`, `workflowWorker`) may stand for anything.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow, sourceOf } from './sources.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTS = ['README.md', ...filesBelow('docs', /\.md$/).filter((path) => !/decisions\/|api\.md/.test(path))];
const BLOCKS = DOCUMENTS.flatMap((document) =>
  [...sourceOf(document).matchAll(/^( *)```ts\n([\s\S]*?)^ *```/gm)].flatMap(([, , text = '']) =>
    programsOf(text).map((program) => ({ document, program })),
  ),
);

/** Whole programs of a block that shows a part of one: members of settings, statements in a stack, a file of settings. */
function programsOf(text: string): string[] {
  const settings = `import type { StackSettings } from '${join(PROJECT, 'infra/stack-settings.ts')}';\n`;
  const members = text.trim().split('\n');
  const isMembers = /^\w+: /.test(text);
  const key = /^\w+: /.exec(text)?.[0] ?? '';
  if (isMembers && members.length > 1 && members.every((line) => line.startsWith(key))) {
    return members.flatMap((line) => programsOf(`${line}\n`));
  }
  if (isMembers) return [`${settings}export const props: StackSettings = {\n${text}\n};`];
  if (text.includes('satisfies StackSettings')) return [settings + text];
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import '));
  const construct = text.includes("from 'surehook'")
    ? ''
    : "import { WebhookDelivery } from 'surehook';\nvoid WebhookDelivery;\n";
  const stack = "import type { Stack } from 'aws-cdk-lib';\n";
  return [
    `${construct}${stack}${imports.join('\n')}\nexport async function shown(this: Stack) {\n${rest.join('\n')}\n}`,
  ];
}

/** A name that nobody declared: the reader's. */
const UNDECLARED = /error TS(?:2304|2552|18004):/;

const folder = mkdtempSync(join(tmpdir(), 'surehook-typescript-'));
let said: string[];

beforeAll(() => {
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  BLOCKS.forEach(({ program }, nth) => writeFileSync(join(folder, `block-${nth}.ts`), program));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2024',
    lib: ['es2025', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    allowImportingTsExtensions: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    paths: {
      surehook: [join(PROJECT, 'infra/surehook.ts')],
      'surehook/client': [join(PROJECT, 'client/surehook-client.ts')],
    },
  };
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['block-*.ts'] }));
  const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
  });
  said = (stdout + stderr).split('\n').filter(Boolean);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(BLOCKS.map((block, nth) => ({ ...block, nth })))('$document, block $nth', ({ nth }) => {
  expect(said.filter((line) => line.includes(`block-${nth}.ts`) && !UNDECLARED.test(line))).toEqual([]);
});

test('the compiler has looked at all of them, and nothing else is wrong', () => {
  expect(BLOCKS.length).toBeGreaterThan(12);
  expect(said.filter((line) => !line.includes('block-'))).toEqual([]);
  expect(said.some((line) => line.includes("'onCall'"))).toBe(true);
});
