// The dashboard's widget, from the event to the markup, and what a click on it is answered. Real: the rules of the widget, of operate
// and of its requests. Doubles: inspect, which answers as the test says; for orders the store (in memory, held to the contract of the
// real one), the queue, the relay, time. Never asserted: the layout.
import { describe, expect, it, test } from 'vitest';
import { answerOperator } from '../../../shared/operate/answer-operator.ts';
import type { Inspected, Inspector } from '../../../shared/operate/inspector.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { parseOperateRequest } from '../../../shared/operate/operate-request.ts';
import { showWidget } from '../../../shared/operate/show-widget.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';
import { buttonsOf } from '../../support/stack/widget-buttons.ts';
import { NO_ADOPTION } from '../../support/store/no-adoption.ts';

const NOON = Date.parse('2026-11-26T12:00:00Z');
const OPERATE = 'arn:aws:lambda:eu-central-1:111122223333:function:operate';
const HOSTILE = `'"><script>alert(1)</script><cwdb-action action="call" endpoint="arn:evil">{}</cwdb-action>&amp;`;
const KEY = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
const context = { dashboardName: 'Webhooks', timeRange: { mode: 'relative', start: NOON - 3_600_000, end: NOON } };

const DEAD = {
  delivery_id: 42,
  organization_id: 7,
  webhook_node_id: 'notify',
  webhook_name: 'CRM',
  endpoint: 'https://hooks.example.com',
  dead_letter_reason: 'status',
  last_status_code: 404,
  last_error: 'status 404',
  attempt_count: 1,
  created_at: '2026-11-26T11:00:00.000Z',
  updated_at: '2026-11-26T11:30:00.000Z',
  dismissed_at: null,
  expunged_at: null,
  cancelled: false,
};
const DOWN = {
  endpoint_key: KEY,
  scope: 'origin',
  organization_id: 7,
  endpoint: 'https://hooks.example.com',
  state: 'down',
  failures: 12,
  last_error_class: 'timeout',
  down_since: '2026-11-26T10:00:00.000Z',
  next_probe_at: '2026-11-26T12:01:00.000Z',
  held_deliveries: 4000,
  held_since: null,
  note: null,
};
const HELD = {
  ...DOWN,
  endpoint_key: KEY.replace('3f', '4f'),
  scope: 'organization',
  endpoint: null,
  state: 'held',
  held_since: '2026-11-26T11:00:00.000Z',
  held_deliveries: 5,
  note: 'they asked for it',
};

type Answers = Partial<Record<'list' | 'count' | 'down' | 'held', (request: Record<string, unknown>) => Inspected>>;
const ok = (answer: Record<string, unknown>): Inspected => ({ ok: true, answer });
const EMPTY: Required<Answers> = {
  list: () => ok({ deliveries: [], next: null }),
  count: () => ok({ matched: 0, counts: [], complete: true }),
  down: () => ok({ endpoints: [], next: null }),
  held: () => ok({ endpoints: [], next: null }),
};

/** An inspect that answers as it is told, and refuses what the real one would. */
function inspecting(answers: Answers): Inspector {
  return {
    async ask(request) {
      expect(parseInspectRequest(request)).toMatchObject({ ok: true });
      const { action, state } = request as { action: 'list' | 'count' | 'endpoints'; state: 'down' | 'held' };
      const which = action === 'endpoints' ? state : action;
      return (answers[which] ?? EMPTY[which])(request as Record<string, unknown>);
    },
  };
}

function draw(answers: Answers, event: unknown = { widgetContext: context }): Promise<string> {
  const clock = { nowMs: () => NOON } as Parameters<typeof showWidget>[1]['clock'];
  return showWidget(event, { inspector: inspecting(answers), operateArn: OPERATE, clock });
}

const troubled: Answers = {
  list: () => ok({ deliveries: [DEAD], next: null }),
  count: () =>
    ok({
      matched: 4000,
      counts: [{ organization: 7, endpoint: 'https://hooks.example.com', count: 4000 }],
      complete: true,
    }),
  down: () => ok({ endpoints: [DOWN], next: null }),
  held: () => ok({ endpoints: [HELD], next: null }),
};

describe('the widget', () => {
  it('shows what is down and held, whom it concerns and why the newest are dead, with times in UTC', async () => {
    const markup = await draw(troubled);
    expect(markup).toContain('all of https://hooks.example.com');
    expect(markup).toContain('2026-11-26 10:00:00 UTC (2 h ago)');
    expect(markup).toContain('12 failures in a row, the last: timeout; next probe 2026-11-26 12:01:00 UTC');
    expect(markup).toContain('they asked for it');
    expect(markup).toContain('The receiver refused it for good with 404: there is nothing at this URL.');
    expect(markup).toContain('2026-11-26 11:00:00 UTC to 2026-11-26 12:00:00 UTC');
    expect(markup.indexOf('4,000')).toBeLessThan(markup.indexOf('they asked for it'));
  });

  it('has buttons that ask first, call operate itself, and say what operate takes', async () => {
    const buttons = buttonsOf(await draw(troubled));
    expect(buttons.map(({ label }) => label)).toEqual([
      'Hold',
      'Resume',
      'Redeliver all',
      'Hold the organization',
      'Redeliver',
    ]);
    for (const { endpoint, display, confirmation, request } of buttons) {
      expect([endpoint, display]).toEqual([OPERATE, 'popup']);
      expect(confirmation).toMatch(/^(?:Hold|Resume|Redeliver) .+\? /);
      expect(parseOperateRequest(request)).toMatchObject({ ok: true });
      expect(request).toMatchObject({ by: 'the dashboard Webhooks' });
    }
    expect(buttons.map(({ request }) => request)).toMatchObject([
      { action: 'hold', endpoint_key: KEY },
      { action: 'resume', endpoint_key: HELD.endpoint_key },
      {
        action: 'redeliver',
        organization_id: 7,
        endpoint_host: 'hooks.example.com:443',
        dead_since: '2026-11-26T11:00:00.000Z',
        dead_until: '2026-11-26T12:00:00.000Z',
        per_second: 10,
      },
      { action: 'hold', organization_id: 7 },
      { action: 'redeliver', delivery_ids: [42] },
    ]);
    const keys = buttons.map(({ request }) => request['order_key']);
    expect(new Set(keys).size).toBe(keys.length);
    expect(buttonsOf(await draw(troubled)).map(({ request }) => request['order_key'])).toEqual(keys);
  });

  it('asks for the time that the dashboard shows, for what somebody has zoomed into, and else for a day', async () => {
    const asked: unknown[] = [];
    const count = (request: Record<string, unknown>) => {
      asked.push([request['dead_since'], request['dead_until']]);
      return ok({ matched: 0, counts: [], complete: true });
    };
    const zoom = { start: NOON - 60_000, end: NOON - 30_000 };
    await draw({ count });
    await draw({ count }, { widgetContext: { ...context, timeRange: { ...context.timeRange, zoom } } });
    for (const odd of [{}, { start: 'yesterday', end: NOON }, { start: NOON, end: 1 }, { start: 0, end: 8e15 }]) {
      await draw({ count }, { widgetContext: { timeRange: odd } });
    }
    await draw({ count }, {});
    const day = ['2026-11-25T12:00:00.000Z', '2026-11-26T12:00:00.000Z'];
    expect(asked).toEqual([
      ['2026-11-26T11:00:00.000Z', '2026-11-26T12:00:00.000Z'],
      ['2026-11-26T11:59:00.000Z', '2026-11-26T11:59:30.000Z'],
      ...Array.from({ length: 5 }, () => day),
    ]);
  });

  it('leaves out what somebody has dealt with, and tells of rows that have no id', async () => {
    const dealt = [
      { ...DEAD, delivery_id: 1, dismissed_at: '2026-11-26T11:40:00.000Z' },
      { ...DEAD, delivery_id: 2, expunged_at: '2026-11-26T11:40:00.000Z' },
      { ...DEAD, delivery_id: 3, dead_letter_reason: 'cancelled' },
    ];
    const markup = await draw({ list: () => ok({ deliveries: dealt, unreadable: [KEY], next: 'more' }) });
    expect(buttonsOf(markup)).toEqual([]);
    expect(markup).toContain('None among the newest.');
    expect(markup).toContain('1 more have an id that JSON cannot hold');
  });

  it('of a thousand endpoints shows those that hold most, and says how many there are', async () => {
    const page = (after: unknown): Inspected => {
      const from = after === undefined ? 0 : Number(String(after).slice(-4));
      const endpoints = Array.from({ length: 200 }, (_, index) => ({
        ...DOWN,
        endpoint: `https://receiver-${from + index}.example`,
        held_deliveries: from + index,
      }));
      const next = `3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d${String(from + 200).padStart(4, '0')}`;
      return ok({ endpoints, next });
    };
    const markup = await draw({ down: ({ after }) => page(after) });
    expect(markup).toContain('20 of at least 1,000');
    expect(markup).toContain('https://receiver-999.example');
    expect(markup).not.toContain('https://receiver-979.example');
    expect(buttonsOf(markup)).toHaveLength(20);
    expect(markup.length).toBeLessThan(40_000);
  });

  it.each(['list', 'count', 'down', 'held'] as const)('says so where inspect does not answer: %s', async (which) => {
    const because = 'Lambda refused it: the account has no concurrency left.';
    const markup = await draw({ ...troubled, [which]: () => ({ ok: false, because }) });
    expect(markup.match(/Not known:/g)).toHaveLength(1);
    expect(markup).toContain(because);
    expect(buttonsOf(markup).length).toBeGreaterThanOrEqual(3);
  });

  it('lets no text from outside become markup, a button, or a question', async () => {
    const texts = (row: object) => Object.fromEntries(Object.keys(row).map((name) => [name, HOSTILE]));
    const odd: Answers = {
      list: () =>
        ok({
          deliveries: [
            { ...texts(DEAD), dismissed_at: null, expunged_at: null, delivery_id: 1 },
            { ...DEAD, webhook_name: HOSTILE, endpoint: `https://ada:secret@${HOSTILE}` },
          ],
          next: HOSTILE,
        }),
      count: () =>
        ok({
          matched: 1,
          counts: [{ organization: 7, endpoint: HOSTILE, count: 1 }, texts({ organization: 1, endpoint: 1, count: 1 })],
        }),
      down: () =>
        ok({ endpoints: [{ ...DOWN, endpoint: HOSTILE, last_error_class: HOSTILE }, texts(DOWN)], next: null }),
      held: () =>
        ok({
          endpoints: [
            { ...HELD, note: HOSTILE, scope: HOSTILE },
            { ...texts(HELD), state: 'held' },
          ],
          next: null,
        }),
    };
    const event = { widgetContext: { ...context, dashboardName: HOSTILE } };
    const markup = await draw(odd, event);
    expect(markup).toContain('&lt;script&gt;');
    expect(markup).not.toMatch(/<script|secret/);
    const calls = markup.match(/<cwdb-action/g) ?? [];
    const buttons = buttonsOf(markup);
    expect(buttons).toHaveLength(calls.length);
    for (const { endpoint, confirmation } of buttons) {
      expect(endpoint).toBe(OPERATE);
      expect(confirmation).not.toMatch(/[<>&'"]/);
    }
  });

  it('holds no payload, no credential, no path and no query', async () => {
    const asked: string[] = [];
    const keep = (request: Record<string, unknown>) => void asked.push(JSON.stringify(request));
    await draw({
      list: (request) => (keep(request), EMPTY.list(request)),
      count: (request) => (keep(request), EMPTY.count(request)),
    });
    expect(asked.join()).not.toContain('payload');
    const wide = {
      ...DEAD,
      endpoint_url: 'https://hooks.example.com/t/token?key=secret',
      payload: '{"secret":1}',
      custom_headers: [{ key: 'x', value: 'secret' }],
    };
    expect(await draw({ list: () => ok({ deliveries: [wide], next: null }) })).not.toMatch(/secret|token/);
  });

  it('is described to the editor of a dashboard, which asks nobody', async () => {
    const nobody: Inspector = { ask: () => Promise.reject(new Error('nobody is asked')) };
    const clock = { nowMs: () => NOON } as Parameters<typeof showWidget>[1]['clock'];
    const text = await showWidget({ describe: true }, { inspector: nobody, operateArn: OPERATE, clock });
    expect(text).toMatch(/^## Surehook/);
    expect(text).toContain('`lambda:InvokeFunction`');
  });
});

describe('a click', () => {
  const click = (bench: SweepBench, request: object, id = 'request') => {
    const parts = {
      ...bench.parts({}),
      moreAttempts: 5,
      adoption: NO_ADOPTION,
      relay: { handOver: async () => undefined },
    };
    const invocation = { id, stopAtMonotonicMs: bench.clock.monotonicMs() + 160_000 };
    return answerOperator(request, parts, invocation);
  };
  const widgetContext = context;

  it('is answered in words, and twice it is one order', async () => {
    const bench = new SweepBench();
    const ids = await bench.stored(2);
    const hold = { action: 'hold', organization_id: 7, order_key: 'k', by: 'the dashboard', widgetContext };
    expect(await click(bench, hold)).toContain('Held: nothing of it is attempted until it is resumed.');
    expect(await click(bench, hold, 'again')).toContain('Order 1:');
    expect(bench.tables.orders.size).toBe(1);
    const resume = { action: 'resume', organization_id: 7, widgetContext };
    expect(await click(bench, resume, 'second')).toContain('Resumed: what was held goes out now.');
    expect(await click(bench, resume, 'third')).toContain('It was not held.');
    const cancelled = await click(bench, { action: 'cancel', delivery_ids: ids, widgetContext }, 'fourth');
    expect(cancelled).toContain('2 of 2 cancelled.');
    const redelivered = await click(bench, { action: 'redeliver', delivery_ids: [...ids, 99], widgetContext }, 'fifth');
    expect(redelivered).toContain('0 of 0 pending again.');
    expect(redelivered).toContain('delivery 99: ');
  });

  it('that is refused says so in words: a thrown refusal would count against the function', async () => {
    const bench = new SweepBench();
    const answer = await click(bench, { action: 'redeliver', delivery_ids: ['<script>'], [HOSTILE]: 1, widgetContext });
    expect(answer).toContain('Nothing was changed.');
    expect(answer).toContain('delivery_ids[0]: must be an integer');
    expect(answer).not.toContain('<script>');
    const gone = await click(bench, { action: 'resume', endpoint_key: KEY, widgetContext }, 'gone');
    expect(gone).toContain('endpoint_key: nothing is listed under it any more');
    expect(bench.tables.orders.size).toBe(0);
  });

  it('that fails for our reasons is an error of the function', async () => {
    const bench = new SweepBench();
    const broken = {
      ...bench.parts({ changeEndpoint: () => Promise.reject(new Error('no database')) }),
      moreAttempts: 5,
      adoption: NO_ADOPTION,
      relay: { handOver: async () => undefined },
    };
    const hold = { action: 'hold', everything: true, widgetContext };
    await expect(answerOperator(hold, broken, { id: 'x', stopAtMonotonicMs: 1e9 })).rejects.toThrow('no database');
  });

  test('whoever is no dashboard is answered and refused as ever', async () => {
    const bench = new SweepBench();
    await expect(click(bench, { action: 'hold' })).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(click(bench, { action: 'hold', everything: true, widgetContext: 'no object' })).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    expect(await click(bench, { action: 'hold', everything: true })).toMatchObject({ order_id: 1, changed: 1 });
  });
});
