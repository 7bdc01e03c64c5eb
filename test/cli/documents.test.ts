// Every command of the documents, as a shell reads it, is one that the command line takes. Real: the documents, the program. Double: a stack
// whose functions answer nothing in particular.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesBelow } from '../house/sources.ts';
import { ScriptedStack } from './scripted-stack.ts';

const DOCUMENTS = ['README.md', ...filesBelow('docs', /\.md$/).filter((path) => !path.includes('/decisions/'))];
/** How a document calls the program. */
const CALL = /^(?:npx surehook|npm run --silent surehook --|surehook) (.+)$/;
/** Run for ever, or about a stack or files of one's own. */
const ELSEWHERE = /^(?:local|console|mcp|watch(?! --times)|enqueue|check|credentials|adopt)\b/;

const COMMANDS = DOCUMENTS.flatMap((path) => {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(([, , block = '']) => block);
  return blocks
    .flatMap((block) => block.split('\n'))
    .flatMap((line) => CALL.exec(line.trim())?.[1] ?? [])
    .filter((command) => !ELSEWHERE.test(command))
    .map((command) => [path, command] as const);
});

/** Words of a line, with quotes as in a shell; what follows a lone # is a comment. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
  const comment = words.findIndex((word) => word.startsWith('#'));
  return comment < 0 ? words : words.slice(0, comment);
}

test('there are many', () => {
  expect(COMMANDS.length).toBeGreaterThan(35);
  expect(new Set(COMMANDS.map(([path]) => path)).size).toBeGreaterThan(3);
});

test.each(COMMANDS)('%s: surehook %s', async (_path, command) => {
  const answer = {
    order_id: 1,
    matched: 1,
    changed: 1,
    complete: true,
    deliveries: [],
    counts: [],
    steps: [],
    orders: [],
  };
  const stack = await ScriptedStack.open({ inspect: () => answer, operate: () => answer });
  const args = wordsOf(command);
  const said = await stack.run(args, { answers: true });
  expect(said).toMatchObject({ code: 0 });
  expect(stack.asked.length).toBeGreaterThan(0);
});

test('a command that is mistyped would be seen', async () => {
  const stack = await ScriptedStack.open({ inspect: () => ({}) });
  expect((await stack.run(wordsOf('list --organisation 7'))).code).toBe(2);
  expect(wordsOf('hold --note "a b" # why')).toEqual(['hold', '--note', 'a b']);
});
