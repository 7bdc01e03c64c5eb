// What the command line says where there is nothing. Real: the program and the SDK over HTTP. Doubles: the functions, which answer what
// the test says, and the terminal.
import { expect, test } from 'vitest';
import { ScriptedStack } from './scripted-stack.ts';

test.each<[string, string, boolean, [number, string]]>([
  ['continue', 'running', false, [0, 'order 5 is running: 4 of 9 done']],
  ['stop', 'stopped', true, [0, 'nothing was done: order 5 was stopped already, 4 of 9 done']],
  [
    'continue',
    'stopped',
    true,
    [1, 'surehook: nothing was done: order 5 is stopped, and continue changes nothing of that'],
  ],
  ['pause', 'done', true, [1, 'surehook: nothing was done: order 5 is done, and pause changes nothing of that']],
])('%s of an order that is then %s, with nothing done: %s', async (verb, state, nothing_done, [code, words]) => {
  const operate = () => ({ order_id: 5, state, nothing_done, matched: 9, changed: 4 });
  const stack = await ScriptedStack.open({ operate });
  const said = await stack.run(['orders', verb, '5', '--yes']);
  expect([said.code, said.out + said.err]).toEqual([code, words]);
  const json = await stack.run(['orders', verb, '5', '--yes', '--json']);
  expect([json.code, JSON.parse(json.out)]).toEqual([code, operate()]);
});

test('a count of nothing says 0', async () => {
  const stack = await ScriptedStack.open({ inspect: () => ({ counts: [], matched: 0, complete: true }) });
  const { code, out, err } = await stack.run(['count', '--status', 'dead_letter']);
  expect([code, out, err]).toEqual([0, '0', '']);
});
