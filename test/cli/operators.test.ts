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

describe('an order', () => {
  const counted = (request: Readonly<Record<string, unknown>>) =>
    request['dry_run'] === true
      ? { dry_run: true, matched: 3, changed: 0, refused: [], complete: true, dismissed: 2, expunged: 1 }
      : { order_id: 5, state: 'done', matched: 3, changed: 3, refused: [], complete: true };

  test('is counted first and asked for on a terminal', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const { code, out, err } = await stack.run(['redeliver', '--reason', 'timeout', '--since', '1d'], {
      answers: true,
    });
    expect(err).toContain(
      `Redeliver 3 deliveries of the local stack in ${stack.dataDir} (2 of them dismissed; 1 of them erased`,
    );
    expect(out).toBe('order 5: 3 of 3 done');
    expect(code).toBe(0);
    const selection = { action: 'redeliver', reason: 'timeout', dead_since: '2026-11-25T12:00:00.000Z' };
    expect(stack.asked.map(({ request }) => request)).toEqual([
      { ...selection, dry_run: true },
      { ...selection, by: expect.any(String) },
    ]);
  });

  test('is not given where the answer is no, or nobody can be asked', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const no = await stack.run(['cancel', '42'], { answers: false });
    expect([no.code, no.err]).toEqual([1, expect.stringContaining('nothing was changed')]);
    const nobody = await stack.run(['cancel', '42']);
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('Cancel 3 deliveries of')]);
    expect(nobody.err).toContain('--yes');
    expect(stack.asked.filter(({ request }) => request['dry_run'] !== true)).toEqual([]);
  });

  test('of a single one speaks of one', async () => {
    const one = { dry_run: true, matched: 1, changed: 0, refused: [], complete: true, dismissed: 0, expunged: 0 };
    const stack = await ScriptedStack.open({ operate: () => one });
    expect((await stack.run(['cancel', '42'])).err).toContain('Cancel 1 delivery of');
  });

  test('of everything is refused before anything is asked', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    expect((await stack.run(['expunge', '--yes'])).code).toBe(2);
    expect(stack.asked).toEqual([]);
  });

  test('only counts with --dry-run', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const { out } = await stack.run(['dismiss', '--host', 'example.com', '--dry-run']);
    expect(out).toBe(
      '3 match (2 of them dismissed; 1 of them erased: none of these can be sent again); nothing was changed',
    );
    expect(stack.asked).toHaveLength(1);
  });

  test('carries its note, key and pace', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const options = ['--note', 'they lost it', '--order-key', 'k', '--per-second', '5', '--max-attempts', '2'];
    await stack.run(['replay', '42', ...options, '--yes']);
    expect(stack.asked[0]?.request).toMatchObject({
      note: 'they lost it',
      order_key: 'k',
      per_second: 5,
      max_attempts: 2,
    });
  });

  test('that goes on is followed until it is done with --wait, and left alone without', async () => {
    const states = ['running', 'done'];
    const stack = await ScriptedStack.open({
      operate: () => ({ order_id: 5, state: 'running', matched: 9, changed: 1, refused: [], complete: false }),
      inspect: () => ({ orders: [{ order_id: 5, state: states.shift(), matched: 9, done: 9 - states.length }] }),
    });
    const waited = await stack.run(['redeliver', '--host', 'example.com', '--yes', '--wait']);
    expect(waited.err).toBe('order 5 is done: 9 of 9 done');
    const left = await stack.run(['redeliver', '--host', 'example.com', '--yes']);
    expect(left.err).toContain('it goes on by itself');
  });

  test('that is paced says when the last one has its turn, as long as that is to come', async () => {
    const order = (last_due_at: string) => ({ ...counted({}), last_due_at });
    const later = await ScriptedStack.open({ operate: () => order('2026-11-26T12:05:00.000Z') });
    const { err } = await later.run(['redeliver', '42', '--yes']);
    expect(err).toBe('done means pending again: each has its turn, the last one at 2026-11-26T12:05:00.000Z');
    const past = await ScriptedStack.open({ operate: () => order('2026-11-26T11:59:00.000Z') });
    expect((await past.run(['redeliver', '42', '--yes'])).err).toBe('');
  });

  test('says what it left, and why', async () => {
    const refused = [{ delivery_id: 43, because: 'pending' }];
    const stack = await ScriptedStack.open({ operate: () => ({ ...counted({}), refused }) });
    expect((await stack.run(['redeliver', '42', '43', '--yes'])).err).toBe('left: 43 pending');
  });
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
