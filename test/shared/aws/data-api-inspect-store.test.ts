// What operators see. Real: the rules of inspect, the statements, the Data API over HTTP, PostgreSQL. No doubles.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatExchange } from '../../../shared/delivery/exchange.ts';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { parseOperateRequest } from '../../../shared/operate/operate-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import {
  claimed,
  deadLetter,
  exchange,
  failure,
  freshToken,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  stored,
  success,
} from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;
const orders = new OrderBench(() => bench);

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

/** What the tests read of answers by name. */
type Told = {
  deliveries: { delivery_id: number }[];
  delivery: { delivery_uuid: string; payload?: string; dismissed: unknown };
  attempts: unknown;
  explanation: string[];
  counts: unknown;
  orders: unknown;
  endpoints: Record<string, unknown>[];
  next: string | number | null;
};

async function inspect(request: object): Promise<Told> {
  const parsed = parseInspectRequest(request);
  if (!parsed.ok) throw new Error(parsed.errorMessage);
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  const parts = { store: bench.inspectStore, examiner, clock: systemClock };
  return (await inspectDeliveries(parts, parsed.request, performance.now() + 10_000)) as unknown as Told;
}
const listed = async (request: object) =>
  (await inspect({ action: 'list', ...request })).deliveries.map(({ delivery_id }) => delivery_id);

const SECRET = {
  body: '{"name":"Ada","text":"ünïcode"}',
  customHeaders: [{ key: 'X-Tenant', value: 'acme' }],
  endpointUrl: 'https://receiver.example/t/token?who=ada',
};

describe('show', () => {
  it('finds one delivery by each of its names, and says where it is and why', async () => {
    const id = await stored(bench, { workflowRunId: 123, webhookNodeId: 'notify', webhookName: 'Notify', ...SECRET });
    await settleOne(bench, { ...settledAs(failure, await claimed(bench, id)), exchange });
    const shown = await inspect({ action: 'show', delivery_id: id });
    expect(shown.delivery).toMatchObject({
      delivery_id: id,
      workflow_run_id: 123,
      organization_id: 7,
      webhook_node_id: 'notify',
      webhook_name: 'Notify',
      endpoint_url: SECRET.endpointUrl,
      http_method: 'POST',
      status: 'pending',
      phase: 'retrying',
      attempt_count: 1,
      max_attempts: 5,
      created_at: NOON,
      custom_headers: [{ key: 'X-Tenant' }],
      payload_bytes: Buffer.byteLength(SECRET.body),
      dismissed: null,
    });
    expect(shown.attempts).toMatchObject([{ attempt: 1, status_code: failure.statusCode, duration_ms: 120 }]);
    expect(shown.attempts).toMatchObject([{ exchange: formatExchange(exchange) }]);
    expect(shown.explanation[0]).toMatch(/^It is tried again in /);
    const byKey = await inspect({ action: 'show', workflow_run_id: 123, webhook_node_id: 'notify' });
    const byUuid = await inspect({ action: 'show', delivery_uuid: shown.delivery.delivery_uuid });
    expect([byKey, byUuid]).toEqual([shown, shown]);
  });

  it('shows payload and header values only to whoever asks for them', async () => {
    const id = await stored(bench, SECRET);
    expect(JSON.stringify(await inspect({ action: 'show', delivery_id: id }))).not.toMatch(/Ada|acme/);
    const whole = await inspect({ action: 'show', delivery_id: id, include: ['payload'] });
    expect(whole.delivery).toMatchObject({ payload: SECRET.body, custom_headers: SECRET.customHeaders });
  });

  it('shows a payload as large as there are', async () => {
    const body = JSON.stringify('ä'.repeat(128 * 1024 - 1));
    const id = await stored(bench, { body });
    expect((await inspect({ action: 'show', delivery_id: id, include: ['payload'] })).delivery.payload).toBe(body);
  });

  it('says who dismissed it, when and with what words', async () => {
    const id = await deadLetter(bench);
    const by = 'arn:aws:iam::1:user/ada';
    await orders.give({ action: 'dismiss', delivery_ids: [id], note: 'told them', by });
    const { delivery } = await inspect({ action: 'show', delivery_id: id });
    expect(delivery.dismissed).toEqual({ at: NOON, order_id: 1, by, note: 'told them' });
  });

  it('of what is not there is refused by name', async () => {
    await expect(inspect({ action: 'show', delivery_id: 999 })).rejects.toMatchObject({ name: 'DeliveryNotFound' });
  });
});

describe('list', () => {
  it('shows the newest first, page by page, each once', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 5; count++) {
      // Two at a time share their instant.
      bench.setNow(noonAnd(Math.floor(count / 2)));
      ids.push(await stored(bench));
    }
    await stored(bench, { organizationId: 8 });
    const seen: number[][] = [];
    let after: string | number | undefined;
    do {
      const page = await inspect({ action: 'list', organization_id: 7, limit: 2, ...(after ? { after } : {}) });
      seen.push(page.deliveries.map(({ delivery_id }) => delivery_id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen.flat()).toEqual(ids.toReversed());
  });

  it('holds of a URL its origin alone', async () => {
    await stored(bench, SECRET);
    const { deliveries } = await inspect({ action: 'list', organization_id: 7 });
    expect(deliveries).toMatchObject([{ endpoint: 'https://receiver.example', phase: 'due' }]);
    expect(JSON.stringify(deliveries)).not.toMatch(/token|ada|acme/i);
  });

  it('finds by everything that selects, along every walk', async () => {
    const credentialUuid = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
    const [dead, done] = [await deadLetter(bench), await stored(bench, { webhookName: 'Named', workflowRunId: 9 })];
    await settleOne(bench, settledAs(success, await claimed(bench, done)));
    bench.setNow(noonAnd(10));
    const pending = await stored(bench, { credentialUuid, webhookNodeId: 'other', ...SECRET });
    const { delivery } = await inspect({ action: 'show', delivery_id: pending });
    for (const [selection, wanted] of [
      [{ delivery_ids: [dead, pending, 999] }, [pending, dead]],
      [{ delivery_uuids: [delivery.delivery_uuid.toUpperCase()] }, [pending]],
      [{ workflow_run_id: 9 }, [done]],
      [{ webhook_node_id: 'other' }, [pending]],
      [{ webhook_name: 'Named' }, [done]],
      [{ credential_uuid: credentialUuid }, [pending]],
      [{ status: 'pending' }, [pending]],
      [{ status: 'succeeded' }, [done]],
      [{ status: 'dead_letter' }, [dead]],
      [{ reason: 'status' }, [dead]],
      [{ status: 'pending', reason: 'status' }, []],
      [{ endpoint_host: 'receiver.example' }, [pending, done, dead]],
      [{ endpoint_host: 'receiver.example', status: 'dead_letter' }, [dead]],
      [{ endpoint_url: 'https://receiver.example/t/token' }, [pending]],
      [{ created_since: noonAnd(5) }, [pending]],
      [{ created_until: noonAnd(5) }, [done, dead]],
      [{ dead_since: NOON, dead_until: noonAnd(1) }, [dead]],
      [{ organization_id: 7, created_since: noonAnd(5) }, [pending]],
      [{ organization_id: 8 }, []],
    ] as const) {
      expect([selection, await listed(selection)]).toEqual([selection, wanted]);
    }
  });
});

describe('count', () => {
  it('says how many there are by what they have in common, the most first', async () => {
    await deadLetter(bench, { endpointUrl: 'https://a.example/one?x' });
    await deadLetter(bench, { endpointUrl: 'https://a.example/two' });
    await deadLetter(bench, { organizationId: 8, endpointUrl: 'https://b.example:8443/' });
    await stored(bench);
    const dead = { action: 'count', status: 'dead_letter' };
    expect(await inspect(dead)).toMatchObject({ matched: 3, counts: [{ count: 3 }], complete: true });
    expect((await inspect({ ...dead, by: ['organization'] })).counts).toEqual([
      { organization: 7, count: 2 },
      { organization: 8, count: 1 },
    ]);
    expect((await inspect({ ...dead, by: ['endpoint', 'reason'] })).counts).toEqual([
      { endpoint: 'https://a.example', reason: 'status', count: 2 },
      { endpoint: 'https://b.example:8443', reason: 'status', count: 1 },
    ]);
    expect((await inspect({ action: 'count', created_since: NOON, by: ['status'] })).counts).toEqual([
      { status: 'dead_letter', count: 3 },
      { status: 'pending', count: 1 },
    ]);
  });
});

describe('backlog', () => {
  it('says how many are due, in flight, for later, and dead', async () => {
    await stored(bench);
    await stored(bench, { scheduledForMs: Date.parse(noonAnd(3600)) });
    await claimed(bench, await stored(bench));
    const [dismissed] = [await deadLetter(bench), await deadLetter(bench)];
    await orders.give({ action: 'dismiss', delivery_ids: [dismissed] });
    bench.setNow(noonAnd(20));
    expect(await inspect({ action: 'backlog' })).toEqual({
      due: 1,
      behind: 0,
      in_flight: 1,
      later: 1,
      held: 0,
      dead_letters: 2,
      standing_dead_letters: 1,
      oldest_due_seconds: 20,
      looked_last_hour: 5,
      succeeded_last_hour: 0,
      counted_up_to: 10_000,
    });
  });
});

describe('endpoints', () => {
  const url = 'https://receiver.example/t/token';
  const order = (request: object) => {
    const parsed = parseOperateRequest(request);
    if (!parsed.ok || parsed.request.kind !== 'endpoint') throw new Error('that is no order about an endpoint');
    return bench.store.changeEndpoint({ ...parsed.request.order, orderKey: freshToken() });
  };
  const told = async (request: object) =>
    (await inspect({ action: 'endpoints', ...request })).endpoints
      .map(({ scope, state }) => `${scope}: ${state}`)
      .toSorted();

  it('tell what holds, why, since when and how much, and no path of a URL', async () => {
    await order({ action: 'hold', organization_id: 7, endpoint_url: url, note: 'they asked for it' });
    const asked = [{ deliveryId: await stored(bench, SECRET), attempts: [1], token: freshToken() }];
    await bench.store.claimDeliveries(asked, 60, soon());
    const answer = await inspect({ action: 'endpoints' });
    expect(answer).toEqual({
      endpoints: [
        {
          key: expect.stringMatching(/^[\da-f-]{36}$/),
          scope: 'endpoint',
          organization_id: 7,
          endpoint: 'https://receiver.example',
          state: 'held',
          failures: 0,
          last_error_class: null,
          failing_since: null,
          down_since: null,
          next_probe_at: null,
          held_deliveries: 1,
          max_in_flight: null,
          max_per_second: null,
          held_since: NOON,
          note: 'they asked for it',
        },
      ],
      next: null,
      counted_up_to: 1000,
    });
    expect(JSON.stringify(answer)).not.toContain('token');
    expect(await inspect({ action: 'backlog' })).toMatchObject({ due: 0, later: 0, held: 1 });
  });

  it('that an operator holds are explained by what is held, since when and why, and keep the due time they had', async () => {
    await order({ action: 'hold', organization_id: 7, note: 'they asked for it' });
    const deliveryId = await stored(bench, SECRET);
    await bench.store.claimDeliveries([{ deliveryId, attempts: [1], token: freshToken() }], 60, soon());
    bench.setNow(noonAnd(120));
    const { delivery, explanation } = await inspect({ action: 'show', delivery_id: deliveryId });
    expect(explanation[0]).toBe(
      'An operator has held its whole organization for 2 min (“they asked for it”): it goes out when that is resumed.',
    );
    expect(delivery).toMatchObject({ phase: 'held', scheduled_for: NOON });
    expect((await inspect({ action: 'list', organization_id: 7 })).deliveries).toMatchObject([{ scheduled_for: NOON }]);
  });

  it('that fail, are down and limited say so, since when and when they are asked next', async () => {
    const fail = async (delivery: { endpointUrl: string }) => {
      const settled = settledAs(failure, await claimed(bench, await stored(bench, delivery)));
      const evidence = { endpoint: 'failure', origin: 'answer' } as const;
      await bench.store.settleDeliveries([{ ...settled, evidence }], soon());
    };
    await fail({ endpointUrl: 'https://failing.example/' });
    for (let count = 0; count < 3; count++) await fail({ endpointUrl: 'https://down.example/' });
    await order({
      action: 'set_endpoint',
      organization_id: 7,
      endpoint_url: url,
      max_per_second: 0.5,
      max_in_flight: 2,
    });
    const { endpoints } = await inspect({ action: 'endpoints' });
    const of = (state: string) => endpoints.find((one) => one['state'] === state);
    expect(endpoints).toHaveLength(3);
    expect(of('failing')).toMatchObject({ failures: 1, last_error_class: 'status', failing_since: NOON });
    expect(of('down')).toMatchObject({ failures: 3, down_since: NOON, next_probe_at: noonAnd(120) });
    expect(of('limited')).toMatchObject({ max_in_flight: 2, max_per_second: 0.5, failures: 0 });
    expect(await told({ state: 'down' })).toEqual(['endpoint: down']);
  });

  it('of an organization come with what holds everything, page by page', async () => {
    await order({ action: 'hold', everything: true });
    await order({ action: 'hold', organization_id: 7 });
    await order({ action: 'hold', organization_id: 8 });
    expect(await told({ organization_id: 7 })).toEqual(['everything: held', 'organization: held']);
    const first = await inspect({ action: 'endpoints', limit: 2 });
    const second = await inspect({ action: 'endpoints', limit: 2, after: first.next });
    expect([...first.endpoints, ...second.endpoints].map((one) => one['organization_id']).toSorted()).toEqual([
      7,
      8,
      null,
    ]);
    expect(second.next).toBeNull();
  });
});

describe('orders', () => {
  it('are told newest first, with who gave them and what came of them, and no path of a URL', async () => {
    const id = await deadLetter(bench, SECRET);
    const by = 'arn:aws:iam::1:user/ada';
    await orders.give({ action: 'dismiss', endpoint_url: SECRET.endpointUrl, note: 'told them', by });
    await orders.give({ action: 'cancel', delivery_ids: [id, 999] });
    const { orders: told } = await inspect({ action: 'orders' });
    expect(told).toMatchObject([
      {
        action: 'cancel',
        state: 'done',
        matched: 0,
        done: 0,
        refused: 2,
        refused_named: [
          { delivery_id: 999, because: 'unknown' },
          { delivery_id: id, because: 'dead_letter' },
        ],
      },
      { action: 'dismiss', selection: { endpoint: 'https://receiver.example' }, by, note: 'told them', done: 1 },
    ]);
    expect(JSON.stringify(told)).not.toMatch(/token|who=/);
    const first = await inspect({ action: 'orders', limit: 1 });
    expect((await inspect({ action: 'orders', after: first.next }))['orders']).toMatchObject([{ action: 'dismiss' }]);
    expect((await inspect({ action: 'orders', state: 'running' }))['orders']).toEqual([]);
  });
});
