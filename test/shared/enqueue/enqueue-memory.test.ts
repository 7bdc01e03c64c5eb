// How much memory hostile requests take. Real: a process for each, with the heap that Lambda gives a function of 512 MB, and
// all of enqueue; see enqueue-process.ts. Never asserted: how long it takes.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** As Lambda's runtime starts Node for 512 MB: a tenth for new objects, in two halves, the rest for old ones. */
const HEAP = ['--max-semi-space-size=25', '--max-old-space-size=461'];
const PROCESS = fileURLToPath(new URL('enqueue-process.ts', import.meta.url));
/** A function of 512 MB is killed beyond that; parsing alone takes Lambda's runtime up to 340 MB of it. */
const MOST_MB = 400;

async function enqueueInProcess(event: string): Promise<{ outcome: string; peakMb: number }> {
  const child = spawn(process.execPath, [...HEAP, PROCESS], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(event);
  return JSON.parse((await text(child.stdout)) || '{"outcome":"killed"}');
}

const item = (node: string, members: string) =>
  `{"workflow_run_id":1,"organization_id":1,"webhook_node_id":"${node}","endpoint_url":"https://a.example/",${members}}`;
const rendering = (context: string, template = '"{{x}}"') =>
  item('node', `"payload_template":${template},"render_context":${context}`);
const listOf = (unit: string, bytes = 4_900_000) =>
  `[${Array(Math.floor(bytes / (unit.length + 1)))
    .fill(unit)
    .join()}]`;
const hundred = (members: string, context: string) =>
  `{"render_context":${context},"deliveries":[${Array.from({ length: 100 }, (_, n) => item(`${n}`, members)).join()}]}`;
const tenMessages = (message: string) => JSON.stringify({ Records: Array(10).fill(message) });
/** Not in Latin-1: each character of its string takes two bytes. */
const WIDE = '中';

test.each<[what: string, event: () => string, outcome: string]>([
  ['a context of 4.9 MB of empty objects', () => rendering(`{"c":${listOf('{}')}}`), 'PayloadTooLarge'],
  ['a context of 4.9 MB of empty lists', () => rendering(`{"c":${listOf('[]')}}`), 'PayloadTooLarge'],
  [
    'a context nested two million deep',
    () => rendering(`{"c":${'['.repeat(2e6)}${']'.repeat(2e6)}}`),
    'InvalidRequest',
  ],
  ['a template of 4.9 MB of empty objects', () => rendering('{}', listOf('{}')), 'PayloadTooLarge'],
  ['a template of a million placeholders', () => rendering('{}', `"${'{{a}}'.repeat(970_000)}"`), 'stored'],
  ['a context of as many lists as are allowed', () => rendering(`{"c":${listOf('[0]', 3_990_000)}}`), 'stored'],
  ['a context of millions of numbers', () => rendering(`{"c":${listOf('1')}}`), 'stored'],
  [
    'a hundred deliveries that share a context of as many objects as are allowed',
    () => hundred('"payload_template":"{{x}}"', `{"x":1,"c":${listOf('{}', 2_950_000)}}`),
    '100 stored',
  ],
  [
    'a hundred deliveries that each ask for all of a shared context',
    () => hundred('"payload_template":"{{c}}"', `{"c":${listOf('{}', 2_950_000)}}`),
    '0 stored',
  ],
  [
    'a hundred deliveries that each render a body of 256 KiB',
    () => hundred('"payload_template":"{{a}}"', `{"a":"${'x'.repeat(250_000)}${WIDE}"}`),
    '100 stored',
  ],
  [
    'ten intake messages that each render a hundred bodies of 256 KiB',
    () => {
      const message = hundred('"payload_template":"{{a}}"', `{"a":"${'x'.repeat(250_000)}${WIDE}"}`);
      return tenMessages(message);
    },
    '10 messages done',
  ],
  [
    'ten intake messages of numbers that keep their digits, all of them alike',
    () => tenMessages(rendering(`{"c":${listOf('-0', 1_040_000)},"x":1}`)),
    '10 messages done',
  ],
  [
    'ten intake messages of numbers that keep their digits, each another one',
    () => tenMessages(rendering(`{"c":[${Array.from({ length: 140_000 }, (_, n) => `${n}.0`).join()}],"x":1}`)),
    '10 messages done',
  ],
])('%s', async (_what, event, outcome) => {
  const came = await enqueueInProcess(event());
  expect(came.outcome).toBe(outcome);
  expect(came.peakMb).toBeLessThan(MOST_MB);
});
