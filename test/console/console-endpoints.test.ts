// Real: the rules of inspect and operate's requests, the statements, PostgreSQL, HTTP over loopback. Doubles: the operate
// function, whose requests are judged by its own rules.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseOperateRequest } from '../../shared/operate/operate-request.ts';
import { freshToken } from '../support/store/store-world.ts';
import { type ConsoleBench, insertDelivery, startConsoleBench } from './console-world.ts';

const URL_OF_ONE = 'https://receiver.example/t/SECRET';

let bench: ConsoleBench;
beforeAll(async () => {
  // Turned on with every look, so that what holds is never an old look's.
  let nowMs = Date.parse('2026-11-23T12:00:00Z');
  bench = await startConsoleBench({ nowMs: () => (nowMs += 5_000) });
});
afterAll(async () => bench.close());
beforeEach(async () => {
  await bench.store.reset();
  bench.invoked.length = 0;
  bench.answers.operate = operateReally;
});

/** As the function does it, but for its log and queue. */
async function operateReally(payload: unknown) {
  const parsed = parseOperateRequest(payload);
  if (!parsed.ok) return { ok: false, errorType: 'InvalidRequest', errorMessage: parsed.errorMessage } as const;
  if (parsed.request.kind !== 'endpoint') throw new Error('that is no order about an endpoint');
  const changed = await bench.store.store.changeEndpoint({ ...parsed.request.order, orderKey: freshToken() });
  return { ok: true, answer: { matched: changed?.differs === true ? 1 : 0, order_id: changed?.orderId } } as const;
}
const hold = (scope: object, note = 'as <they> asked') => operateReally({ action: 'hold', note, ...scope });
const form = (fields: Record<string, string>) => ({
  method: 'POST',
  headers: { origin: bench.origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});
const linksOf = (body: string, action: string) =>
  [...body.matchAll(new RegExp(`href="(/endpoints/change\\?action=${action}[^"]*)"`, 'g'))].map(([, link = '']) =>
    link.replaceAll('&amp;', '&'),
  );

describe('the endpoints', () => {
  it('tell what is in trouble, since when, what it holds and its limits, and no path of a URL', async () => {
    await operateReally({ action: 'set_endpoint', organization_id: 7, endpoint_url: URL_OF_ONE, max_in_flight: 2 });
    await bench.pool.query(
      `update webhook_endpoints set failures = 9, last_error_class = 'timeout', in_flight_window = 1,
        failing_since = '2026-11-23T11:00:00Z', down_since = '2026-11-23T11:30:00Z', not_before = now() + interval '1 hour'`,
    );
    const { rows } = await bench.pool.query<{ key: string }>('select key from webhook_endpoints');
    const key = rows[0]?.key ?? '';
    const held = {
      organization_id: 7,
      held_by: key,
      held_for: 'down',
      held_due_at: '2026-11-23T11:40:00Z',
      scheduled_for: '2126-01-01T00:00:00Z',
    };
    const ids = [await insertDelivery(bench.pool, held), await insertDelivery(bench.pool, held)];
    const { status, body } = await bench.ask('/endpoints');
    expect(status).toBe(200);
    for (const part of [
      'https://receiver.example',
      '9 in a row',
      'timeout',
      '2 in flight',
      'next probe',
      'datetime="2026-11-23T11:30:00.000Z"',
    ]) {
      expect(body).toContain(part);
    }
    expect(body).toMatch(/<span class="chip down"><span aria-hidden="true">✕<\/span> Down<\/span>/);
    expect(body).not.toContain('SECRET');
    // The number leads to the list that it counts.
    const [, list = ''] = new RegExp(`href="(/\\?state=pending&amp;held_by=${key})"[^>]*>\\s*2<`).exec(body) ?? [];
    const listed = await bench.ask(list.replaceAll('&amp;', '&'));
    expect([...listed.body.matchAll(/href="\/deliveries\/(\d+)"/g)].map(([, id]) => id)).toEqual(ids);
    expect(body).toContain(JSON.parse((await bench.ask('/console/endpoints.json')).body).lists[0].children[0].html);
  });

  it('are found by state and organization', async () => {
    await hold({ organization_id: 7 });
    await operateReally({ action: 'set_endpoint', organization_id: 8, endpoint_url: URL_OF_ONE, max_per_second: 5 });
    expect((await bench.ask('/endpoints?state=limited')).body).toContain('5 a second');
    expect((await bench.ask('/endpoints?state=limited')).body).not.toContain('All of organization 7');
    expect((await bench.ask('/endpoints?organization=7')).body).toContain('All of organization 7');
    expect((await bench.ask('/endpoints?organization=9')).body).toContain('None matches.');
  });

  it.each(['state=foo', 'organization=abc', 'organisation=7', 'after=x'])(
    'are not listed by what is not understood: %s',
    async (query) => {
      await hold({ organization_id: 7 });
      const { status, body } = await bench.ask(`/endpoints?${query}`);
      expect([status, body]).toEqual([422, expect.stringContaining(`${query.split('=')[0]}: `)]);
      expect(body).not.toMatch(/data-refresh|All of organization 7/);
      expect((await bench.ask(`/console/endpoints.json?${query}`)).status).toBe(422);
    },
  );

  it('keep their limits where a form names one wrongly', async () => {
    const fields = { action: 'set_endpoint', organization_id: '7', endpoint_url: URL_OF_ONE, max_inflight: '2' };
    const answers = [
      await bench.ask(`/endpoints/change?${new URLSearchParams(fields).toString()}`),
      await bench.ask('/endpoints/change', form(fields)),
    ];
    for (const { status, body } of answers) {
      expect([status, body]).toEqual([422, expect.stringContaining('max_inflight: there is no such field')]);
    }
    expect(bench.invoked).toEqual([]);
  });

  it('say that every one is healthy', async () => {
    expect((await bench.ask('/endpoints')).body).toContain('every endpoint is healthy');
  });
});

describe('holding and resuming', () => {
  it.each([
    [{ scope: 'everything' }, { everything: true }],
    [{ scope: 'organization', organization_id: '7' }, { organization_id: 7 }],
    [
      { scope: 'endpoint', organization_id: '7', endpoint_url: `${URL_OF_ONE}?who=ada` },
      { organization_id: 7, endpoint_url: `${URL_OF_ONE}?who=ada` },
    ],
  ])('asks before it holds %j, and keeps the note', async (fields, members) => {
    const asked = await bench.ask(`/endpoints/change?${new URLSearchParams({ action: 'hold', ...fields }).toString()}`);
    expect(asked.body).toContain('Nothing is lost');
    expect(asked.body).not.toContain('who=ada</');
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([{ action: 'hold', ...members, dry_run: true }]);
    const key = /name="order_key" value="(console-[\da-f-]{36})"/.exec(asked.body)?.[1] ?? '';
    const done = await bench.ask('/endpoints/change', form({ action: 'hold', ...fields, note: 'why', order_key: key }));
    expect(done).toMatchObject({ status: 303, headers: { location: '/endpoints' } });
    expect(bench.invoked.at(-1)?.payload).toEqual({
      action: 'hold',
      ...members,
      note: 'why',
      order_key: key,
      by: 'console',
    });
    expect((await bench.ask('/endpoints?state=held')).body).toMatch(/chip held/);
  });

  it('resumes, limits and holds what is listed by its key, and says what that is', async () => {
    await hold({ organization_id: 7, endpoint_url: URL_OF_ONE });
    const { body } = await bench.ask('/endpoints');
    const [resume = ''] = linksOf(body, 'resume');
    const asked = await bench.ask(resume);
    expect(asked.body).toContain('https://receiver.example');
    expect(asked.body).toContain('of organization 7');
    const key = new URLSearchParams(resume.split('?')[1]).get('endpoint_key') ?? '';
    await bench.ask('/endpoints/change', form({ action: 'resume', endpoint_key: key }));
    expect((await bench.ask('/endpoints')).body).toContain('every endpoint is healthy');
  });

  it('sets a limit and takes the other away', async () => {
    await operateReally({
      action: 'set_endpoint',
      organization_id: 7,
      endpoint_url: URL_OF_ONE,
      max_in_flight: 2,
      max_per_second: 0.5,
    });
    const [limit = ''] = linksOf((await bench.ask('/endpoints')).body, 'set_endpoint');
    const asked = await bench.ask(limit);
    expect(asked.body).toMatch(/name="max_in_flight"\s+value="2"/);
    expect(asked.body).toMatch(/name="max_per_second"\s+value="0.5"/);
    const key = new URLSearchParams(limit.split('?')[1]).get('endpoint_key') ?? '';
    await bench.ask(
      '/endpoints/change',
      form({ action: 'set_endpoint', endpoint_key: key, max_in_flight: '4', max_per_second: '' }),
    );
    expect(bench.invoked.at(-1)?.payload).toEqual({
      action: 'set_endpoint',
      endpoint_key: key,
      max_in_flight: 4,
      max_per_second: null,
      by: 'console',
    });
    expect((await bench.ask('/endpoints')).body).toMatch(/4 in flight\s*</);
  });

  it('says that it is so already, and what is wrong', async () => {
    await hold({ organization_id: 7 });
    const again = await bench.ask('/endpoints/change?action=resume&scope=organization&organization_id=8');
    expect(again.body).toContain('It is so already.');
    const { status, body } = await bench.ask('/endpoints/change?action=hold&scope=endpoint&organization_id=x');
    expect(status).toBe(422);
    expect(body).toContain('organization_id: must be an integer');
    expect(await bench.ask('/endpoints/change?action=expunge')).toMatchObject({ status: 404 });
  });

  it('never takes a form without a scope for everything', async () => {
    const { status } = await bench.ask('/endpoints/change', form({ action: 'hold' }));
    expect(status).toBe(422);
    expect((await bench.ask('/endpoints')).body).toContain('every endpoint is healthy');
  });
});

describe('what is held', () => {
  it.each(['/', '/deliveries/ID', '/endpoints', '/orders', '/order', '/send'])(
    'is said at the top of %s',
    async (path) => {
      const id = await insertDelivery(bench.pool);
      const at = path.replace('ID', id);
      expect((await bench.ask(at)).body).not.toContain('is held since');
      await hold({ organization_id: 7 });
      expect((await bench.ask(at)).body).toMatch(/Organization <strong>7<\/strong>\s+is held since/);
      expect((await bench.ask(at)).body).toContain('as &lt;they&gt; asked');
      await hold({ everything: true });
      expect((await bench.ask(at)).body).toMatch(/<strong>Everything<\/strong>\s+is held since/);
    },
  );

  it('is said on a page that was open before', async () => {
    await hold({ everything: true });
    const { elements } = JSON.parse((await bench.ask('/console/deliveries.json')).body);
    expect(elements.find(({ key }: { key: string }) => key === 'banner').html).toContain('<strong>Everything</strong>');
  });
});
