// The dashboard's widget, from the event to the markup. Real: its rules, and those of requests to inspect and operate. Double: inspect,
// which answers as the test says. Never asserted: the layout.
import { describe, expect, it } from 'vitest';
import type { Inspected, Inspector } from '../../../shared/operate/inspector.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { parseOperateRequest } from '../../../shared/operate/operate-request.ts';
import { showWidget } from '../../../shared/operate/show-widget.ts';
import { buttonsOf } from '../../support/stack/widget-buttons.ts';

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
  key: KEY,
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
  key: KEY.replace('3f', '4f'),
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
      { action: 'resume', organization_id: 7 },
      {
        action: 'redeliver',
        organization_id: 7,
        endpoint_host: 'hooks.example.com:443',
        standing: true,
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

  it('names what is held in the way that an order can', async () => {
    const everything = { ...HELD, scope: 'everything', organization_id: null };
    const endpoint = { ...HELD, scope: 'endpoint', endpoint: 'https://hooks.example.com' };
    const markup = await draw({ held: () => ok({ endpoints: [everything, endpoint], next: null }) });
    const buttons = buttonsOf(markup);
    expect(buttons.map(({ confirmation }) => confirmation)).toEqual([
      'Resume everything? What is held goes out at once.',
      'Resume one URL of https://hooks.example.com, organization 7? What is held goes out at once.',
    ]);
    expect(buttons.map(({ request }) => request)).toMatchObject([{ everything: true }, { endpoint_key: HELD.key }]);
    for (const { request } of buttons) expect(parseOperateRequest(request)).toMatchObject({ ok: true });
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

  it('asks for what nobody has dealt with, and tells of rows that have no id', async () => {
    const asked: unknown[] = [];
    const list = (request: Record<string, unknown>) => {
      asked.push(request['standing']);
      return ok({ deliveries: [], unreadable: [KEY], next: 'more' });
    };
    const count = (request: Record<string, unknown>) => {
      asked.push(request['standing']);
      return EMPTY.count(request);
    };
    const markup = await draw({ list, count });
    expect(asked).toEqual([true, true]);
    expect(buttonsOf(markup)).toEqual([]);
    expect(markup).toContain('there are more than could be looked through');
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
