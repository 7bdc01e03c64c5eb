// What stops and limits endpoints. Real: the program and the SDK over HTTP. Doubles: the functions, which answer what the test says, and the
// terminal.
import { expect, test } from 'vitest';
import { ScriptedStack } from './scripted-stack.ts';

test.each([
  [['hold', '--everything', '--note', 'incident 7'], { action: 'hold', everything: true, note: 'incident 7' }],
  [['resume', '--key', 'k'], { action: 'resume', endpoint_key: 'k' }],
  [['resume', '--organization', '7'], { action: 'resume', organization_id: 7 }],
  [
    ['hold', '--organization', '7', '--url', 'https://example.com/a'],
    { action: 'hold', organization_id: 7, endpoint_url: 'https://example.com/a' },
  ],
  [
    ['limit', 'https://example.com/a', '--organization', '7', '--max-in-flight', '2', '--max-per-second', 'none'],
    {
      action: 'set_endpoint',
      organization_id: 7,
      endpoint_url: 'https://example.com/a',
      max_in_flight: 2,
      max_per_second: null,
    },
  ],
])('%j asks, then tells operate', async (args, request) => {
  const stack = await ScriptedStack.open({ operate: () => ({}) });
  expect((await stack.run(args)).code).toBe(2);
  expect(stack.asked).toEqual([]);
  expect((await stack.run([...args, '--yes'])).code).toBe(0);
  expect(stack.asked).toEqual([{ role: 'operate', request: { ...request, by: expect.any(String) } }]);
});

test.each([
  ['hold', 1, 'organization 7: held, order 38'],
  ['hold', 0, 'organization 7: was held already, order 38'],
  ['resume', 1, 'organization 7: resumed, order 38'],
  ['resume', 0, 'organization 7: was not held, nothing was changed, order 38'],
])('%s that changes %i says so, and no number that is none', async (verb, changed, says) => {
  const stack = await ScriptedStack.open({ operate: () => ({ order_id: 38, matched: changed, changed }) });
  expect((await stack.run([verb, '--organization', '7', '--yes'])).out).toBe(says);
});

test('hold says how many are concerned: before whoever can be asked, after whoever said yes', async () => {
  const stack = await ScriptedStack.open({
    operate: () => ({ order_id: 38, matched: 1, changed: 1 }),
    inspect: () => ({ matched: 5, counts: [{ count: 5 }], complete: true }),
  });
  const asked = await stack.run(['hold', '--organization', '7'], { answers: false });
  expect(asked.err).toContain('(5 pending)?');
  const yes = await stack.run(['hold', '--organization', '7', '--yes']);
  expect(yes.err).toBe('concerned: 5 pending, and whatever is enqueued meanwhile');
  expect(stack.asked.map(({ role }) => role)).toEqual(['inspect', 'operate', 'inspect']);
  expect(stack.asked[0]?.request).toEqual({ action: 'count', status: 'pending', organization_id: 7 });
});

test.each([
  [['hold', '--yes']],
  [['hold', '--everything', '--organization', '7', '--yes']],
  [['hold', '--url', 'https://example.com/', '--yes']],
  [['hold', '--everything', '--key', 'k', '--yes']],
  [['hold', '--url', 'https://example.com/', '--key', 'k', '--yes']],
  [['limit', 'https://example.com/', '--organization', '7', '--yes']],
])('%j is wrong usage', async (args) => {
  const stack = await ScriptedStack.open({ operate: () => ({}) });
  expect((await stack.run(args)).code).toBe(2);
  expect(stack.asked).toEqual([]);
});
