// Real: the stack's template as the CDK makes it, the metric store, the handler behind HTTP over loopback. Double: the
// clock. Nothing here may repeat what the template says about the dashboard.
import { createServer, type Server } from 'node:http';
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { shortNames } from '../../local/dashboard/alarm-widget.ts';
import { createDashboardHandler } from '../../local/dashboard/dashboard-handler.ts';
import { scaleOf } from '../../local/dashboard/scale.ts';
import type { FunctionAnswer } from '../../local/dashboard/custom-widget.ts';
import { createAlarmStates } from '../../local/aws/metrics/alarm-states.ts';
import { createMetricStore, type MetricStore } from '../../local/aws/metrics/metric-store.ts';
import { readAlarms } from '../../local/template/read-alarms.ts';
import type { StackAlarm, StackDashboard } from '../../local/template/stack-description.ts';
import { startReading } from '../../local/template/stack-reading.ts';
import { templateOf } from '../support/stack/synthesized-stack.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const NOON = Date.parse('2026-11-23T12:00:00.000Z');
const MINUTE = 60_000;
const WIDGET_CALL = '/console/dashboard/call';
const HOSTILE = `"><script>alert(1)</script><svg onload='x'>&`;

let realDashboards: StackDashboard[];
let realAlarms: StackAlarm[];
beforeAll(() => {
  const template = templateOf().toJSON();
  const queueUrl = (name: string) => `http://127.0.0.1:4566/000000000000/${name}`;
  const stack = { stackName: 'WebhookDelivery', template, assets: { files: {} }, assemblyFolder: '', queueUrl };
  const reading = startReading(stack, template);
  realAlarms = readAlarms(reading);
  realDashboards = reading.ofType('AWS::CloudWatch::Dashboard').map((dashboard) => ({
    logicalId: dashboard.logicalId,
    name: reading.nameOf(dashboard),
    body: JSON.parse(String(reading.resolve(dashboard.properties['DashboardBody']))) as unknown,
  }));
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Bench = {
  timers: ManualTimers;
  store: MetricStore;
  ask: (path: string, init?: RequestInit) => Promise<{ status: number; body: string; headers: Headers }>;
  /** As the page's script asks for a custom widget, or for a click on it. */
  call: (question: object, path?: string) => Promise<{ status: number; html: string }>;
  invoked: { functionArn: string; event: Record<string, unknown> }[];
};

async function serve(
  dashboards: readonly StackDashboard[],
  alarms: readonly StackAlarm[] = [],
  answered: FunctionAnswer = { ok: true, answer: '<p>drawn</p>' },
): Promise<Bench> {
  const timers = new ManualTimers(NOON);
  const store = createMetricStore({ timers });
  const states = createAlarmStates({ alarms, store, timers });
  let handle: ReturnType<typeof createDashboardHandler> | undefined;
  const server = createServer((request, response) => {
    void Promise.resolve(handle?.(request, response)).then((isHandled) => {
      if (isHandled !== true) response.writeHead(418).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const invoked: Bench['invoked'] = [];
  const invoke = async (functionArn: string, event: Record<string, unknown>) => {
    invoked.push({ functionArn, event });
    return answered;
  };
  handle = createDashboardHandler({ dashboards, store, alarms: states, timers, origin, invoke });
  const ask: Bench['ask'] = async (path, init) => {
    const answer = await fetch(origin + path, {
      ...init,
      headers: { connection: 'close', cookie: 'surehook-zone=Europe%2FBerlin', ...init?.headers },
    });
    return { status: answer.status, body: await answer.text(), headers: answer.headers };
  };
  return {
    timers,
    store,
    invoked,
    ask,
    async call(question, path = WIDGET_CALL) {
      const headers = { origin, 'content-type': 'application/json' };
      const { status, body } = await ask(path, { method: 'POST', headers, body: JSON.stringify(question) });
      return { status, html: status === 200 ? String((JSON.parse(body) as { html: unknown }).html) : body };
    },
  };
}

const dashboardOf = (widgets: unknown[], rest: object = {}): StackDashboard => ({
  logicalId: 'Dashboard',
  name: 'dashboard',
  body: { widgets, ...rest },
});
const graphOf = (properties: object) =>
  dashboardOf([
    { type: 'metric', x: 0, y: 0, width: 12, height: 6, properties: { view: 'timeSeries', ...properties } },
  ]);
const DELIVERED = { namespace: 'T', name: 'Delivered', dimensions: {} };
const DELIVERED_ROW = ['T', 'Delivered', { stat: 'Sum', label: 'delivered' }];

/** What a pointer over a period is told: `12:55 – 13:00`, then a line for each metric. */
const told = (body: string): string[] =>
  [...body.matchAll(/<title>(\d\d:\d\d[^<]*)<\/title>/g)].map(([, text = '']) => text);

describe("the dashboard of the stack's own template", () => {
  it('shows every widget under its title, and none as unknown', async () => {
    const { ask } = await serve(realDashboards, realAlarms);
    const { body } = await ask('/dashboard');
    const widgets = realDashboards
      .flatMap(({ body }) => (body as { widgets: { type: string; properties: { title: string } }[] }).widgets)
      .filter(({ type }) => type !== 'text');
    expect(widgets.length).toBeGreaterThan(10);
    const titles = [...body.matchAll(/<section class="widget span\d+"[^>]*>\s*<h2>([^<]*)<\/h2>/g)].map(
      ([, title]) => title,
    );
    expect(titles).toEqual(widgets.map(({ properties }) => properties.title));
    expect(body).toContain('The runbook (docs/runbook.md of surehook');
    expect(body).not.toContain('Not shown on this machine');
    expect(body).not.toContain('not computed on this machine');
  });

  it('draws each of its metrics as soon as it is reported, and says which are of machines that are not here', async () => {
    const { ask, store } = await serve(realDashboards, realAlarms);
    const metrics = realDashboards
      .flatMap(({ body }) => (body as { widgets: { properties: { metrics?: unknown[][] } }[] }).widgets)
      .flatMap(({ properties }) => properties.metrics ?? [])
      .map((row) => row.filter((cell) => typeof cell === 'string'));
    for (const [namespace = '', name = '', ...rest] of metrics) {
      const dimensions = Object.fromEntries(
        [0, 2, 4].flatMap((at) => (rest[at] === undefined ? [] : [[rest[at], rest[at + 1] ?? '']])),
      );
      store.record({ metric: { namespace, name, dimensions }, value: 7, atMs: NOON });
    }
    const deaths = { service: 'WebhookDelivery/Surehook', reason: 'dns' };
    store.record({ metric: { namespace: 'Surehook', name: 'DeadLetters', dimensions: deaths }, value: 7, atMs: NOON });
    const { body } = await ask('/dashboard');
    expect(body).not.toContain('nothing in this time');
    expect(body).not.toMatch(/<b>–<\/b>/);
    expect(body.match(/not measured on this machine/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it('says what an alarm says, without its links into an account that is not there', async () => {
    const { ask } = await serve(realDashboards, realAlarms);
    const { body } = await ask('/dashboard');
    expect(realAlarms.every(({ description }) => description.includes('.console.aws.amazon.com/'))).toBe(true);
    expect(body).toContain('automatically. Runbook: docs/runbook.md#dead-letters');
    expect(body).not.toContain('console.aws.amazon.com');
  });

  it('has the state of every alarm, by a name short enough to read', async () => {
    const { ask, timers, store } = await serve(realDashboards, realAlarms);
    const states = async () => {
      const { body } = await ask('/dashboard');
      const tiles = body.matchAll(/<li class="(\w+)" title="[^"]*">\s*<strong[^>]*>([^<]*)<\/strong>/g);
      return new Map([...tiles].map(([, state, name]) => [name, state]));
    };
    expect(new Set((await states()).values())).toEqual(new Set(['unknown']));
    const deaths = { namespace: 'Surehook', name: 'DeadLetters', dimensions: { service: 'WebhookDelivery/Surehook' } };
    store.record({ metric: deaths, value: 1, atMs: NOON });
    await timers.advance(MINUTE);
    expect(await states()).toHaveLength(realAlarms.length);
    expect((await states()).get('Dead letters')).toBe('alarm');
    expect((await states()).get('Deliver errors')).toBe('ok');
    expect((await states()).get('Database capacity')).toBe('elsewhere');
    await timers.advance(5 * MINUTE);
    expect((await states()).get('Dead letters')).toBe('ok');
  });

  it('uses no inline style and no inline script, which the policy of the console would block', async () => {
    const { ask } = await serve(realDashboards, realAlarms);
    const { body, headers } = await ask('/dashboard');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(body).not.toMatch(/\sstyle=|<style|\son\w+=|<script(?! src="\/console\/assets)/);
  });
});

describe('a graph', () => {
  const withDelivered = async (dashboard: StackDashboard) => {
    const bench = await serve([dashboard]);
    await bench.timers.advance(7 * MINUTE);
    for (const [minute, value] of [
      [0, 1],
      [3, 10],
      [6, 100],
    ] as const) {
      bench.store.record({ metric: DELIVERED, value, unit: 'Count', atMs: NOON + minute * MINUTE });
    }
    return bench;
  };

  it('has the period of its widget, in the time zone of the machine', async () => {
    const { ask } = await withDelivered(graphOf({ metrics: [DELIVERED_ROW], period: 300 }));
    expect(told((await ask('/dashboard?range=3h')).body)).toEqual([
      '13:00 – 13:05\ndelivered: 11',
      '13:05 – 13:10\ndelivered: 100',
    ]);
  });

  it('goes by the minute in a shorter range, as CloudWatch adapts periods', async () => {
    const { ask } = await withDelivered(graphOf({ metrics: [DELIVERED_ROW], period: 300 }));
    const minutes = ['13:00 – 13:01\ndelivered: 1', '13:03 – 13:04\ndelivered: 10', '13:06 – 13:07\ndelivered: 100'];
    expect(told((await ask('/dashboard?range=15m')).body)).toEqual(minutes);
  });

  it('keeps its period in every range where the dashboard says that periods are inherited', async () => {
    const [widget] = (graphOf({ metrics: [DELIVERED_ROW], period: 300 }).body as { widgets: unknown[] }).widgets;
    const { ask } = await withDelivered(dashboardOf([widget], { periodOverride: 'inherit' }));
    expect(told((await ask('/dashboard?range=15m')).body)).toHaveLength(2);
  });

  it('opens with the shortest range that holds all that was measured', async () => {
    const { ask, timers } = await withDelivered(graphOf({ metrics: [DELIVERED_ROW] }));
    const current = async () => /range=(\w+)"\s+aria-current/.exec((await ask('/dashboard')).body)?.[1];
    expect(await current()).toBe('15m');
    await timers.advance(10 * MINUTE);
    expect(await current()).toBe('1h');
    await timers.advance(50 * MINUTE);
    expect(await current()).toBe('3h');
  });

  it('joins periods in a row and leaves a hole where nothing was reported', async () => {
    const bench = await serve([graphOf({ metrics: [DELIVERED_ROW], period: 60 })]);
    await bench.timers.advance(5 * MINUTE);
    for (const minute of [0, 1, 4]) bench.store.record({ metric: DELIVERED, value: 1, atMs: NOON + minute * MINUTE });
    const [, drawn = ''] =
      /<path class="line left tone0" d="(M[^"]*)"/.exec((await bench.ask('/dashboard')).body) ?? [];
    expect(drawn.replace(/[^ML]/g, '')).toBe('MLM');
  });

  it('has two axes with their units, and tells which line is on the right', async () => {
    const metrics = [DELIVERED_ROW, ['T', 'Took', { stat: 'p95', label: 'took', yAxis: 'right' }]];
    const bench = await withDelivered(graphOf({ metrics }));
    bench.store.record({
      metric: { ...DELIVERED, name: 'Took' },
      value: 1.5,
      unit: 'Seconds',
      atMs: bench.timers.nowMs(),
    });
    const { body } = await bench.ask('/dashboard');
    expect(body).toMatch(/<span>count<\/span>\s*<span>seconds<\/span>/);
    expect(body).toMatch(/<span>took<\/span>\s*<b>1.5<\/b>\s*<span class="why">right<\/span>/);
    expect(body).toContain('took: latest 1.5, highest 1.5');
  });

  it('draws a horizontal annotation, also above every value', async () => {
    const annotations = { horizontal: [{ value: 500, label: 'too many' }] };
    const { ask } = await withDelivered(graphOf({ metrics: [DELIVERED_ROW], annotations }));
    const { body } = await ask('/dashboard');
    expect(body).toMatch(/<text class="mark"[^>]*>too many<\/text>/);
    expect(body).toMatch(/>600<\/text\s*>|>500<\/text\s*>/);
  });

  it('of an expression draws the expression and not its hidden operands', async () => {
    const metrics = [
      [{ expression: 'd * 2', label: 'doubled' }],
      ['T', 'Delivered', { id: 'd', stat: 'Sum', visible: false, label: 'single' }],
    ];
    const { ask } = await withDelivered(graphOf({ metrics, period: 300 }));
    const { body } = await ask('/dashboard?range=3h');
    expect(body).toMatch(/<span>doubled<\/span>\s*<b>200<\/b>/);
    expect(body).not.toContain('single');
  });
});

describe('single figures and bars', () => {
  test.each(['singleValue', 'bar'])('%s takes the whole range where the widget says so', async (view) => {
    const dashboard = graphOf({ view, metrics: [DELIVERED_ROW], setPeriodToTimeRange: true });
    const { ask, store, timers } = await serve([dashboard]);
    await timers.advance(20 * MINUTE);
    for (const minute of [0, 19]) store.record({ metric: DELIVERED, value: 600, atMs: NOON + minute * MINUTE });
    expect((await ask('/dashboard?range=1h')).body).toMatch(/<(dd|td)[^>]*>1,200</);
    expect((await ask('/dashboard?range=15m')).body).toMatch(/<(dd|td)[^>]*>600</);
  });
});

describe('a custom widget', () => {
  const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:draws';
  const custom = (properties: object = {}) =>
    dashboardOf([
      { type: 'text', x: 0, y: 0, properties: { markdown: '' } },
      {
        type: 'custom',
        x: 0,
        y: 6,
        properties: { title: 'Drawn', endpoint: FUNCTION, params: { rows: 3 }, ...properties },
      },
    ]);
  const WHICH = { dashboard: 0, widget: 1 };

  it('is drawn by its function, which is told its parameters, the time shown and where it stands', async () => {
    const { call, invoked, ask } = await serve([custom()]);
    expect((await ask('/dashboard')).body).toMatch(
      /class="custom"\s+data-dashboard="0"\s+data-widget="1"\s+data-title="Drawn"/,
    );
    expect(await call(WHICH, `${WIDGET_CALL}?range=1h`)).toEqual({ status: 200, html: '<p>drawn</p>' });
    expect(invoked).toMatchObject([
      {
        functionArn: FUNCTION,
        event: {
          rows: 3,
          widgetContext: {
            dashboardName: 'dashboard',
            title: 'Drawn',
            params: { rows: 3 },
            timeRange: { mode: 'relative', start: NOON - 60 * MINUTE, end: NOON },
            forms: { all: {} },
          },
        },
      },
    ]);
  });

  it('of a click has the function called that the click names, with what stands there and in its form', async () => {
    const { call, invoked } = await serve([custom()]);
    await call({ ...WHICH, endpoint: 'arn:other', params: '{"action":"hold"}', forms: { note: 'why' } });
    expect(invoked).toMatchObject([
      { functionArn: 'arn:other', event: { action: 'hold', widgetContext: { forms: { all: { note: 'why' } } } } },
    ]);
    expect(invoked[0]?.event).not.toHaveProperty('rows');
    expect((await call({ ...WHICH, endpoint: 'arn:other', params: 'no JSON' })).html).toContain('InvalidParameters');
    expect(invoked).toHaveLength(1);
  });

  it.each<[answered: FunctionAnswer, shown: RegExp]>([
    [{ ok: true, answer: { markdown: '# A title\n\n<b>' } }, /<h3>A title<\/h3>[^]*&lt;b&gt;/],
    [{ ok: true, answer: { matched: HOSTILE } }, /^<pre>\{[^]*&lt;script&gt;/],
    [
      { ok: false, errorType: 'InvalidRequest', errorMessage: HOSTILE },
      /<strong>InvalidRequest<\/strong>[^]*&lt;script&gt;/,
    ],
  ])('shows Markdown, JSON and failures for what they are: %j', async (answered, shown) => {
    const { call } = await serve([custom()], [], answered);
    const { html } = await call(WHICH);
    expect(html).toMatch(shown);
    expect(html).not.toContain('<script>');
  });

  it('stands in a frame of its own origin, which reaches nothing and runs one script', async () => {
    const { ask } = await serve([custom()]);
    const policy = (await ask('/console/dashboard/frame')).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'; script-src 'nonce-[\w-]{22}';/);
    expect(policy).toMatch(/sandbox allow-scripts$/);
    expect(policy).not.toMatch(/connect-src|script-src[^;]*unsafe/);
    const again = (await ask('/console/dashboard/frame')).headers.get('content-security-policy');
    expect(again).not.toBe(policy);
    expect((await ask('/dashboard')).headers.get('content-security-policy')).toMatch(
      /default-src 'none'[^]*frame-src 'self'$/,
    );
  });

  it('is asked for by a page of this console alone, as JSON, for a widget that is there', async () => {
    const { ask, call, invoked } = await serve([custom()]);
    const body = JSON.stringify(WHICH);
    const foreign = { origin: 'http://evil.example', 'content-type': 'application/json' };
    expect((await ask(WIDGET_CALL, { method: 'POST', headers: foreign, body })).status).toBe(403);
    expect((await ask(WIDGET_CALL, { method: 'POST', headers: { ...foreign, origin: 'null' }, body })).status).toBe(
      403,
    );
    expect((await ask(WIDGET_CALL)).status).toBe(405);
    expect((await call({ ...WHICH, forms: 'x'.repeat(70_000) })).status).toBe(400);
    for (const widget of [0, 7, -1, 'map']) expect((await call({ ...WHICH, widget })).status).toBe(404);
    expect(invoked).toEqual([]);
  });
});

describe('what comes from elsewhere', () => {
  it('is escaped in every kind of widget', async () => {
    const alarm: StackAlarm | undefined = realAlarms[0];
    if (alarm === undefined) throw new Error('the template has no alarm');
    const hostileAlarm = { ...alarm, logicalId: HOSTILE, name: HOSTILE, description: HOSTILE, watches: HOSTILE };
    const row = ['T', HOSTILE, { stat: 'Sum', label: HOSTILE }];
    const annotations = { horizontal: [{ value: 1, label: HOSTILE }] };
    const yAxis = { left: { label: HOSTILE } };
    const properties = {
      title: HOSTILE,
      metrics: [row, [HOSTILE, HOSTILE], [{ expression: HOSTILE }]],
      annotations,
      yAxis,
    };
    const search = [[{ expression: `SEARCH('{Surehook,reason} MetricName="DeadLetters"', 'Sum', 300)` }]];
    const dashboard = dashboardOf([
      ...['timeSeries', 'singleValue', 'bar', HOSTILE].map((view) => ({
        type: 'metric',
        properties: { ...properties, view },
      })),
      { type: 'metric', properties: { metrics: search } },
      { type: 'alarm', properties: { title: HOSTILE, alarms: [alarm.arn, HOSTILE] } },
      {
        type: 'text',
        properties: { markdown: `# ${HOSTILE}\n\n- **${HOSTILE}**\n\n[${HOSTILE}](https://x/${HOSTILE})` },
      },
      { type: HOSTILE, properties: {} },
      { type: 'custom', properties: { title: HOSTILE, endpoint: HOSTILE } },
    ]);
    const { ask, store, timers } = await serve([{ ...dashboard, name: HOSTILE }, dashboard], [hostileAlarm]);
    store.record({ metric: { namespace: 'T', name: HOSTILE, dimensions: {} }, value: 1, unit: HOSTILE, atMs: NOON });
    const metric = { namespace: 'Surehook', name: 'DeadLetters', dimensions: { reason: HOSTILE } };
    store.record({ metric, value: 1, atMs: NOON });
    await timers.advance(MINUTE);
    const { body } = await ask('/dashboard');
    expect(body).toContain('&lt;script&gt;alert(1)');
    expect(body).not.toContain('<script>');
    expect(body).not.toContain('<svg onload');
    expect((await ask('/console/dashboard.json')).body).not.toContain('<script>');
  });

  it('links only to the web from a text', async () => {
    const markdown = '[good](https://example.com/a) [bad](javascript:alert(1))';
    const { ask } = await serve([dashboardOf([{ type: 'text', properties: { markdown } }])]);
    const { body } = await ask('/dashboard');
    expect(body).toContain('<a href="https://example.com/a">good</a>');
    expect(body).not.toContain('href="javascript:');
  });

  it('is a widget that says so where it cannot be shown, and takes nothing else down', async () => {
    const odd = [
      null,
      7,
      { type: 'log', properties: { title: 'Logs' } },
      { type: 'custom', properties: { title: 'Of no function' } },
      { type: 'metric', properties: { view: 'pie' } },
    ];
    const { ask } = await serve([dashboardOf([...odd, { type: 'metric', properties: { metrics: ['x', [], [1]] } }])]);
    const { body, status } = await ask('/dashboard');
    expect(status).toBe(200);
    expect(body).toContain('Not shown on this machine: a widget of the type log');
    expect(body).toContain('Not shown on this machine: the view pie');
  });
});

describe('the page', () => {
  it('refreshes itself with the same widgets, each told by its version', async () => {
    const { ask } = await serve(realDashboards, realAlarms);
    const { body } = await ask('/dashboard');
    const [, refresh = ''] = /data-refresh="([^"]+)"/.exec(body) ?? [];
    const fresh = JSON.parse((await ask(refresh)).body) as {
      elements: { key: string; version: string; html: string }[];
    };
    expect(fresh.elements.length).toBeGreaterThan(10);
    for (const { key, version, html } of fresh.elements) {
      expect(body).toContain(`data-key="${key}" data-version="${version}"`);
      expect(body).toContain(html);
    }
  });

  it('leaves the columns free that the template leaves free', async () => {
    const widget = (x: number, y: number, width: number) => ({
      type: 'text',
      x,
      y,
      width,
      properties: { markdown: '' },
    });
    const { ask } = await serve([dashboardOf([widget(6, 0, 6), widget(0, 6, 24), widget(12, 12, 12)])]);
    const { body } = await ask('/dashboard');
    const cells = [...body.matchAll(/class="(gap|widget) span(\d+)"/g)].map(
      ([, kind, columns]) => `${kind} ${columns}`,
    );
    expect(cells).toEqual(['gap 6', 'widget 6', 'gap 12', 'widget 24', 'gap 12', 'widget 12']);
  });

  it('is not for other hosts and other methods, and leaves other paths alone', async () => {
    const { ask } = await serve(realDashboards);
    expect((await ask('/dashboard', { method: 'POST' })).status).toBe(403);
    expect((await ask('/dashboards')).status).toBe(418);
    expect((await ask('/')).status).toBe(418);
  });
});

test.each([
  [[0.4, 12], { low: 0, high: 15, ticks: [0, 5, 10, 15] }],
  [[], { low: 0, high: 1, ticks: [0, 1] }],
  [[1], { low: 0, high: 1, ticks: [0, 1] }],
  [[3], { low: 0, high: 3, ticks: [0, 1, 2, 3] }],
  [[0.25], { low: 0, high: 0.3, ticks: [0, 0.1, 0.2, 0.3] }],
  [[1234], { low: 0, high: 1500, ticks: [0, 500, 1000, 1500] }],
])('the axis of %j has round figures', (values, expected) => {
  expect(scaleOf(values, { min: 0, max: undefined })).toEqual(expected);
});

test.each([
  [
    ['SurehookDeadLettersAlarm88BCF55F', 'SurehookDeliverErrorsAlarm4A3CD9E1'],
    ['Dead letters', 'Deliver errors'],
  ],
  [['Only12345678'], ['Only']],
  [
    ['Same', 'Same'],
    ['Same', 'Same'],
  ],
])('alarms %j are called %j', (ids, names) => {
  expect(shortNames(ids)).toEqual(names);
});
