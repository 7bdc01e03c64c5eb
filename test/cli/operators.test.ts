// Real: the program and the SDK over HTTP. Doubles: the functions, which answer what the test says, the terminal, and time, which
// stands at 2026-11-26 12:00 UTC.
import { describe, expect, test } from 'vitest';
import { refusal, ScriptedStack } from './scripted-stack.ts';

const DELIVERY = {
  delivery_id: 42,
  organization_id: 7,
  workflow_run_id: 9,
  webhook_node_id: 'notify',
  endpoint: 'https://example.com',
  phase: 'retrying',
  status: 'pending',
  attempt_count: 2,
  max_attempts: 5,
  created_at: '2026-11-26T11:00:00.000Z',
  scheduled_for: '2026-11-26T12:01:00.000Z',
  dead_letter_reason: null,
};

describe('a database that was asleep', () => {
  const RESUMING = 'the database is unavailable: DatabaseResumingException';

  test('and takes longer to wake than the function waits is told as the console tells it', async () => {
    const stack = await ScriptedStack.open({ inspect: () => refusal('StoreUnavailable', RESUMING) });
    expect(await stack.run(['list'])).toMatchObject({
      code: 1,
      err: `surehook: The database was asleep and is waking up, which takes up to half a minute. Try again then. (StoreUnavailable: ${RESUMING})`,
    });
  });

  test('is not what every database is that cannot be reached', async () => {
    const words = 'the database is unavailable: TimeoutError';
    const stack = await ScriptedStack.open({ inspect: () => refusal('StoreUnavailable', words) });
    expect((await stack.run(['list'])).err).toBe(`surehook: StoreUnavailable: ${words}`);
  });
});

describe('list', () => {
  test('asks for what its options select, and shows a row each and what comes next', async () => {
    const stack = await ScriptedStack.open({ inspect: () => ({ deliveries: [DELIVERY], next: 'x/1' }) });
    const options = ['--organization', '7', '--host', 'Example.com', '--since', '2h', '--dead-until', '2026-11-25'];
    const { code, out, err } = await stack.run(['list', ...options, '--limit', '10']);
    expect(stack.asked).toEqual([
      {
        role: 'inspect',
        request: {
          action: 'list',
          organization_id: 7,
          endpoint_host: 'Example.com',
          created_since: '2026-11-26T10:00:00.000Z',
          dead_until: '2026-11-25T00:00:00Z',
          limit: 10,
        },
      },
    ]);
    expect(out).toMatch(/^id .*\n42 +2026-11-26T11:00:00.000Z +7 +9 +notify +https:\/\/example.com +retrying +2\/5 /);
    expect(err).toContain("--after 'x/1'");
    expect(code).toBe(0);
  });

  test.each([
    [
      'has no column for keys where none has one',
      { ordering_key: null },
      /^id +created +organization +run +node +endpoint /,
    ],
    [
      'shows the key of those that have one',
      { ordering_key: 'order 7' },
      /^id .* node +key +endpoint .*\n.* notify +order 7 +https/,
    ],
  ])('%s', async (_, more, table) => {
    const stack = await ScriptedStack.open({ inspect: () => ({ deliveries: [{ ...DELIVERY, ...more }], next: null }) });
    const { out } = await stack.run(['list', '--phase', 'behind']);
    expect(out).toMatch(table);
  });

  test.each([
    [
      ['--phase', 'held', '--organization', '7'],
      { organization_id: 7, status: 'pending', order: 'due', phase: 'held' },
    ],
    [['--held-by', 'k'], { status: 'pending', order: 'due', held_by: 'k' }],
  ])('with %j tells pending ones as they are due', async (options, selection) => {
    const stack = await ScriptedStack.open({ inspect: () => ({ deliveries: [DELIVERY], next: null }) });
    await stack.run(['list', ...options]);
    expect(stack.asked).toEqual([{ role: 'inspect', request: { action: 'list', ...selection, limit: 50 } }]);
  });

  test('without a selection is of the last day', async () => {
    const stack = await ScriptedStack.open({ inspect: () => ({ deliveries: [], next: null }) });
    const { err } = await stack.run(['list']);
    expect(stack.asked[0]?.request['created_since']).toBe('2026-11-25T12:00:00.000Z');
    expect(err).toBe('none in the last 24 hours');
  });

  test('prints exactly what the function answered with --json', async () => {
    const answer = { deliveries: [DELIVERY], next: null, more: 1 };
    const stack = await ScriptedStack.open({ inspect: () => answer });
    const { out } = await stack.run(['list', '42', '--json']);
    expect(out).toBe(JSON.stringify(answer));
    expect(stack.asked[0]?.request['delivery_ids']).toEqual([42]);
  });

  test.each([
    [['--organization', 'acme'], '--organization must be a whole number'],
    [['--since', 'yesterday'], '--since must be a time such as'],
    [['1', 'aaaaaaaa-0000-4000-8000-000000000000'], 'give either ids or uuids'],
  ])('refuses %j', async (options, says) => {
    const stack = await ScriptedStack.open({ inspect: () => ({}) });
    const { code, err } = await stack.run(['list', ...options]);
    expect(err).toContain(says);
    expect(code).toBe(2);
    expect(stack.asked).toEqual([]);
  });

  test('tells a refusal in the function’s words', async () => {
    const stack = await ScriptedStack.open({
      inspect: () => refusal('InvalidRequest', 'reason must be one of status'),
    });
    const { code, err } = await stack.run(['list', '--reason', 'weather']);
    expect(err).toBe('surehook: InvalidRequest: reason must be one of status');
    expect(code).toBe(1);
  });
});

test('count shows numbers by what was asked for', async () => {
  const counts = [
    { reason: 'timeout', count: 3 },
    { reason: null, count: 1 },
  ];
  const stack = await ScriptedStack.open({ inspect: () => ({ matched: 4, counts, complete: false }) });
  const { out, err } = await stack.run(['count', '--status', 'dead_letter', '--by', 'reason']);
  expect(out).toBe('reason   count\ntimeout  3\n         1');
  expect(err).toContain('at least');
  expect(stack.asked[0]?.request).toEqual({ action: 'count', status: 'dead_letter', by: ['reason'] });
});

test('doctor fails where a step does', async () => {
  const steps = [
    { step: 'dns', ok: true, ms: 3, detail: '1 address' },
    { step: 'tls', ok: false, ms: 9, detail: 'the certificate has expired' },
  ];
  const stack = await ScriptedStack.open({ inspect: () => ({ steps }) });
  const { code, out } = await stack.run(['doctor', 'https://example.com/', '--organization', '7', '--send']);
  expect(out).toContain('tls   FAILED  9   the certificate has expired');
  expect(code).toBe(1);
  expect(stack.asked[0]?.request).toEqual({
    action: 'doctor',
    endpoint_url: 'https://example.com/',
    organization_id: 7,
    send: true,
  });
});

test('watch shows the backlog as often as it was asked to', async () => {
  const backlog = {
    due: 1,
    in_flight: 2,
    later: 3,
    held: 0,
    standing_dead_letters: 0,
    dead_letters: 4,
    oldest_due_seconds: 5,
  };
  const stack = await ScriptedStack.open({ inspect: () => backlog });
  const { out } = await stack.run(['watch', '--times', '2']);
  const figures = 'due 1  in flight 2  later 3  held 0  standing dead letters 0  dead letters 4  oldest due 5 s';
  const line = `2026-11-26T12:00:00.000Z  ${figures}`;
  expect(out).toBe(`${line}\n${line}`);
});

test('adopt is an order over a table', async () => {
  const stack = await ScriptedStack.open({
    operate: () => ({ order_id: 6, matched: 2, changed: 2, refused: [], complete: true }),
  });
  expect((await stack.run(['adopt', 'public.webhook_deliveries'])).code).toBe(2);
  expect((await stack.run(['adopt', 'public.webhook_deliveries', '--back', '--yes'])).out).toBe('order 6: 2 of 2 done');
  const request = { action: 'adopt', table: 'public.webhook_deliveries', back: true, by: expect.any(String) };
  expect(stack.asked.map((asked) => asked.request)).toEqual([
    { action: 'adopt', table: 'public.webhook_deliveries', dry_run: true },
    request,
  ]);
});

test.each([
  ['the dashboard WebhookDelivery-SurehookDashboard718F3A2B-abcdefghijklmnop', 'the dashboard WebhookDeliv…'],
  ['arn:aws:sts::123456789012:assumed-role/Operators/ada@example.com', '…/Operators/ada@example.com'],
  ['ada', 'ada'],
])('orders by %s stay in their column', async (by, shown) => {
  const order = { order_id: 5, action: 'hold', state: 'done', matched: 1, done: 1, refused: 0, given_at: 'then', by };
  const stack = await ScriptedStack.open({ inspect: () => ({ orders: [order] }) });
  const { out } = await stack.run(['orders']);
  expect(out.split('\n')[1]).toMatch(new RegExp(`then +${shown.replaceAll('/', '\\/')}$`));
});

test('orders are listed, paused, continued and stopped', async () => {
  const order = { order_id: 5, action: 'redeliver', state: 'paused', matched: 9, done: 4, refused: 0, by: 'ann' };
  const stack = await ScriptedStack.open({
    inspect: () => ({ orders: [order] }),
    operate: () => ({ order_id: 5, state: 'paused', matched: 9, changed: 4 }),
  });
  expect((await stack.run(['orders', '--state', 'paused'])).out).toContain('5      redeliver  paused  4/9');
  for (const verb of ['pause', 'continue', 'stop']) {
    expect((await stack.run(['orders', verb, '5'])).code).toBe(2);
    expect((await stack.run(['orders', verb, '5', '--yes'])).out).toBe('order 5 is paused: 4 of 9 done');
  }
  expect(stack.asked.slice(1).map(({ request }) => request)).toEqual(
    ['pause', 'continue', 'stop'].map((action) => ({ action, order_id: 5, by: expect.any(String) })),
  );
});

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

test('an older stack without the function says so', async () => {
  const stack = await ScriptedStack.open({});
  const { code, err } = await stack.run(['list']);
  expect(err).toContain('has no function inspect');
  expect(code).toBe(1);
});

test('console says where it is', async () => {
  const stack = await ScriptedStack.open({});
  expect((await stack.run(['console'])).out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
});
