// An application's own insert, in its own transaction. Real: PostgreSQL 17 and its rights, the migrations, the wire protocol with the
// types that object-relational mappers name, the stores by the local Data API. No doubles. Never asserted: ids.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg, { type PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ExampleProcess, typescript } from '../support/stack/example-process.ts';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';
import { claimed, newDelivery, soon } from '../support/store/store-world.ts';
import { insert, MAPPED, type Values, webhook } from './outbox-inserts.ts';

const ROLE = `inserts_only_${process.pid}`;
const page = readFileSync(new URL('../../docs/outbox.md', import.meta.url), 'utf8');
/** As the page has them, for the schema and the role of this test. */
const [RIGHTS = '', INSERT = ''] = [...page.matchAll(/```sql\n([\s\S]+?)```/g)].map(([, sql = '']) =>
  sql.replaceAll(/\bsurehook(?=[.\s])/g, 'public').replaceAll(/\bto app;/g, `to ${ROLE};`),
);
let bench: PostgresStoreBench;
/** Of a role that may insert and nothing else. */
let application: PoolClient;

beforeAll(async () => {
  bench = await openPostgresStore();
  await bench.pool.query(`
    create role ${ROLE} login password 'inserts'; grant ${ROLE} to current_user; revoke create on schema public from public;
    grant usage on schema public to ${ROLE}; grant insert on webhook_outbox to ${ROLE};
    create schema decoy; create table decoy.webhook_deliveries (id bigint); grant usage on schema decoy to public`);
  application = await bench.pool.connect();
  await application.query(`set role ${ROLE}; set search_path = decoy`);
});
afterEach(() => application.query('rollback'));
afterAll(async () => {
  await application.query(`reset role; drop owned by ${ROLE}; drop role ${ROLE}`);
  application.release();
  await bench.close();
});

const rowsOf = async (runId: unknown) =>
  (
    await bench.pool.query<Record<string, unknown>>('select * from webhook_deliveries where workflow_run_id = $1', [
      runId,
    ])
  ).rows;

describe('a mapper’s insert that names every column', () => {
  test.each<[string, Values]>([
    ['by the types of the application’s own table', MAPPED],
    [
      'with jsonb and uuid',
      {
        ...MAPPED,
        payload: pg.types.builtins.JSONB,
        custom_headers: pg.types.builtins.JSONB,
        delivery_uuid: pg.types.builtins.UUID,
        credential_uuid: pg.types.builtins.UUID,
      },
    ],
    [
      'with text for all that is no number',
      Object.fromEntries(
        Object.entries(MAPPED).map(([column, type]) => [
          column,
          type === pg.types.builtins.INT4 || column === 'scheduled_for' ? type : pg.types.builtins.TEXT,
        ]),
      ),
    ],
    ['and leaves the types to the server', {}],
  ])('%s has its nulls filled in', async (_, types) => {
    const given = webhook({ delivery_uuid: randomUUID().toUpperCase() });
    await insert(application, given, { types });
    expect(await rowsOf(given.workflow_run_id)).toMatchObject([
      {
        delivery_uuid: String(given.delivery_uuid).toLowerCase(),
        http_method: 'POST',
        custom_headers: [],
        credential_uuid: null,
        status: 'pending',
        attempt_count: 0,
        max_attempts: 5,
        scheduled_for: expect.any(Date),
        created_at: expect.any(Date),
      },
    ]);
  });

  test('in SQLAlchemy’s words for asyncpg, with what it returns', async () => {
    const [uuid, runId] = [randomUUID(), 5];
    const { rows } = await bench.pool.query<Record<string, unknown>>(
      `INSERT INTO public.webhook_outbox (delivery_uuid, workflow_run_id, organization_id, webhook_name, endpoint_url, http_method, payload, custom_headers, credential_uuid, webhook_node_id, status, attempt_count, max_attempts, scheduled_for, last_status_code, last_error)
      VALUES ($1::VARCHAR, $2::INTEGER, $3::INTEGER, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR, $7::JSON, $8::JSON, $9::VARCHAR, $10::VARCHAR, $11::VARCHAR, $12::INTEGER, $13::INTEGER, $14::TIMESTAMP WITH TIME ZONE, $15::INTEGER, $16::VARCHAR)
      RETURNING public.webhook_outbox.id, public.webhook_outbox.created_at, public.webhook_outbox.delivery_uuid`,
      [
        uuid,
        runId,
        7,
        'name',
        'https://receiver.example/',
        'put',
        '{"a": 1.10}',
        '[{"key":"X-A","value":"b"}]',
        null,
        'node',
        'pending',
        0,
        5,
        null,
        null,
        null,
      ],
    );
    expect(rows).toEqual([{ id: expect.any(String), created_at: expect.any(Date), delivery_uuid: uuid }]);
    expect(await rowsOf(runId)).toMatchObject([
      { http_method: 'PUT', payload: '{"a": 1.10}', custom_headers: [{ key: 'X-A', value: 'b' }] },
    ]);
  });

  test('fills in the nulls of the table itself, too, which has no place for other types', async () => {
    const given = webhook();
    await expect(insert(bench.pool, given, { into: 'public.webhook_deliveries', types: MAPPED })).rejects.toMatchObject(
      {
        code: '42804',
      },
    );
    await insert(bench.pool, { ...given, scheduled_for: new Date() }, { into: 'public.webhook_deliveries' });
    expect(await rowsOf(given.workflow_run_id)).toMatchObject([
      { custom_headers: [], max_attempts: 5, status: 'pending' },
    ]);
    await expect(
      insert(bench.pool, webhook({ payload: null }), { into: 'public.webhook_deliveries' }),
    ).rejects.toMatchObject({ code: '23502', column: 'payload' });
  });
});

describe('a role that may insert and nothing else', () => {
  test('inserts in its own transaction, whatever its search_path: what it takes back was never there', async () => {
    const [kept, takenBack] = [webhook(), webhook()];
    await application.query('begin');
    await insert(application, takenBack);
    await application.query('rollback; begin');
    await insert(application, kept);
    expect(await rowsOf(kept.workflow_run_id)).toEqual([]);
    await application.query('commit');
    expect(await rowsOf(kept.workflow_run_id)).toHaveLength(1);
    expect(await rowsOf(takenBack.workflow_run_id)).toEqual([]);
  });

  test.each([
    'select from public.webhook_outbox',
    'update public.webhook_outbox set max_attempts = 1',
    'delete from public.webhook_outbox',
    'select from public.webhook_deliveries',
    'insert into public.webhook_deliveries (workflow_run_id) values (1)',
    'select from public.webhook_delivery_attempts',
  ])('is refused: %s', async (statement) => {
    await expect(application.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('needs select on no more than what it has returned', async () => {
    const answered = () => insert(application, webhook(), { returning: 'returning id, delivery_uuid' });
    await expect(answered()).rejects.toMatchObject({ code: '42501' });
    await bench.pool.query(`grant select (id, delivery_uuid) on webhook_outbox to ${ROLE}`);
    expect((await answered()).rows).toEqual([{ id: expect.any(String), delivery_uuid: expect.any(String) }]);
    await bench.pool.query(`revoke select (id, delivery_uuid) on webhook_outbox from ${ROLE}`);
  });
});

describe('the page', () => {
  test('has the rights that its insert needs', async () => {
    await bench.pool.query(RIGHTS);
    expect((await application.query(INSERT)).rows).toEqual([
      { id: expect.any(String), delivery_uuid: expect.any(String) },
    ]);
    await expect(application.query('select payload from public.webhook_outbox')).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('lists the columns that there are', async () => {
    const { rows } = await bench.pool.query(
      "select attname from pg_attribute where attrelid = 'webhook_outbox'::regclass",
    );
    const [insertion = ''] = page.split('## Announce');
    const listed = [...insertion.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(listed.toSorted()).toEqual(rows.map(({ attname }: { attname: string }) => attname).toSorted());
  });

  test('points to a program in TypeScript that inserts, and says what is wrong', async () => {
    await bench.pool.query(RIGHTS);
    const url = new URL(bench.url);
    Object.assign(url, { username: ROLE, password: 'inserts' });
    const run = (endpointUrl: string) =>
      new ExampleProcess(typescript('caller/insert.ts', endpointUrl, '77'), {
        DATABASE_URL: url.href,
        OUTBOX_SCHEMA: 'public',
      });
    await using inserting = run('https://receiver.example/');
    expect(await inserting.ended()).toEqual({ code: 0, said: '' });
    expect(await rowsOf(77)).toMatchObject([{ payload: '{"greeting":"Hello TypeScript"}' }]);
    await using refused = run('ftp://a');
    expect(await refused.ended()).toEqual({
      code: 1,
      said: 'this webhook cannot be sent: endpoint_url: must be an absolute http or https URL\n',
    });
  });
});

describe('what cannot be sent is refused by its column, without a value', () => {
  test.each<[string, Values, string]>([
    ['no run', { workflow_run_id: null }, 'workflow_run_id'],
    ['a run beyond 2^53', { workflow_run_id: '9007199254740992' }, 'workflow_run_id'],
    ['organization 0', { organization_id: 0 }, 'organization_id'],
    ['no node', { webhook_node_id: null }, 'webhook_node_id'],
    ['a node of 256 characters', { webhook_node_id: 'n'.repeat(256) }, 'webhook_node_id'],
    ['no URL', { endpoint_url: null }, 'endpoint_url'],
    ['a URL of another kind', { endpoint_url: 'ftp://secret.example/' }, 'endpoint_url'],
    ['a URL without a host', { endpoint_url: 'https:///secret' }, 'endpoint_url'],
    ['user info', { endpoint_url: 'https://u:secret@receiver.example/' }, 'endpoint_url'],
    ['too long a URL', { endpoint_url: `https://receiver.example/${'secret'.repeat(400)}` }, 'endpoint_url'],
    ['another method', { http_method: 'secret' }, 'http_method'],
    ['no payload', { payload: null }, 'payload'],
    ['a payload that is no JSON', { payload: '{secret' }, 'payload'],
    ['too large a payload', { payload: JSON.stringify('s'.repeat(262_143)) }, 'payload'],
    ['headers that are no list', { custom_headers: '{"secret":"1"}' }, 'custom_headers'],
    ['headers that are no JSON', { custom_headers: 'secret' }, 'custom_headers'],
    ['a header without a value', { custom_headers: '[{"key":"secret"}]' }, 'custom_headers'],
    ['a header that is a text', { custom_headers: '["secret"]' }, 'custom_headers'],
    ['a header with NUL', { custom_headers: String.raw`[{"key":"a","value":"\u0000"}]` }, 'custom_headers'],
    [
      'a header that looks like a secret',
      { custom_headers: '[{"key":"X_API_key","value":"secret"}]' },
      'custom_headers',
    ],
    ['a header name with a blank', { custom_headers: '[{"key":"X A","value":"b"}]' }, 'custom_headers'],
    [
      'a header value with a line end',
      { custom_headers: String.raw`[{"key":"X-A","value":"b\r\nX-B: c"}]` },
      'custom_headers',
    ],
    ['a header value beyond ASCII', { custom_headers: '[{"key":"X-A","value":"ü"}]' }, 'custom_headers'],
    [
      '51 headers',
      { custom_headers: JSON.stringify(Array.from({ length: 51 }, () => ({ key: 'a', value: 'b' }))) },
      'custom_headers',
    ],
    ['a credential that is no UUID', { credential_uuid: 'secret' }, 'credential_uuid'],
    ['a delivery_uuid that is none', { delivery_uuid: 'secret' }, 'delivery_uuid'],
    ['51 attempts', { max_attempts: 51 }, 'max_attempts'],
    ['a time beyond a year', { scheduled_for: new Date('2036-01-01T00:00:00Z') }, 'scheduled_for'],
    ['one that is over', { status: 'succeeded' }, 'status'],
    ['attempts already made', { attempt_count: 1 }, 'status'],
  ])('%s', async (_, values, column) => {
    const refusal = await insert(application, webhook(values)).catch((fault: unknown) => fault as pg.DatabaseError);
    expect(refusal).toMatchObject({ code: '23514', table: 'webhook_outbox', column });
    expect(refusal).toHaveProperty('message', expect.stringContaining(`${column}: `));
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  test('every fault at once', async () => {
    await expect(insert(application, webhook({ endpoint_url: 'x', payload: null, max_attempts: 0 }))).rejects.toThrow(
      'this webhook cannot be sent: endpoint_url: must be an absolute http or https URL; payload: must be JSON; max_attempts: must be 1 to 50',
    );
  });
});

test('what forms leave behind is no fault', async () => {
  const given = webhook({
    endpoint_url: ' https://receiver.example/a?b=c#fragment\n',
    http_method: ' patch',
    custom_headers: ' null ',
    credential_uuid: '',
    webhook_name: 'n'.repeat(300),
    scheduled_for: new Date(0),
  });
  await insert(application, given);
  const [row] = await rowsOf(given.workflow_run_id);
  expect(row).toMatchObject({
    endpoint_url: 'https://receiver.example/a?b=c',
    http_method: 'PATCH',
    custom_headers: [],
    credential_uuid: null,
    webhook_name: 'n'.repeat(255),
  });
  expect(Number(row?.['scheduled_for'])).toBeGreaterThan(Date.parse('2026-01-01T00:00:00Z'));
});

describe('a repeated insert', () => {
  const RETURNING = { returning: 'returning id, delivery_uuid, status, endpoint_url' };

  test('is answered with the delivery that is there, and changes nothing', async () => {
    const given = webhook();
    const first = await insert(bench.pool, given, RETURNING);
    const again = await insert(bench.pool, { ...given, endpoint_url: 'https://other.example/' }, RETURNING);
    expect(again.rows).toEqual(first.rows);
    expect(await rowsOf(given.workflow_run_id)).toHaveLength(1);
  });

  test('of another organization is refused', async () => {
    const given = webhook();
    await insert(application, given);
    await expect(insert(application, { ...given, organization_id: 8 })).rejects.toMatchObject({
      code: '23514',
      column: 'organization_id',
    });
  });

  test('at the same time waits for the first, and there is one', async () => {
    const given = webhook();
    await application.query('begin');
    await insert(application, given);
    const other = insert(bench.pool, given, RETURNING);
    await application.query('commit');
    expect((await other).rows).toMatchObject([
      { delivery_uuid: (await rowsOf(given.workflow_run_id))[0]?.['delivery_uuid'] },
    ]);
  });

  test('by enqueue is answered with it, too', async () => {
    const given = webhook();
    await insert(application, given);
    await bench.addRun(Number(given.workflow_run_id), 7);
    const repeated = newDelivery({ workflowRunId: Number(given.workflow_run_id) });
    const [answer] = await bench.store.acceptDeliveries([repeated], 'refuse', soon());
    expect(answer).toMatchObject({
      kind: 'stored',
      created: false,
      deliveryUuid: (await rowsOf(given.workflow_run_id))[0]?.['delivery_uuid'],
    });
  });
});

test('the next sweep hands it out, at once, and its payload is sent as it was inserted', async () => {
  await bench.reset();
  const payload = '{"n": 1.10, "m":\n 1e-400, "ü": "\\u0000"}';
  const given = webhook({ payload });
  await insert(application, given, { types: MAPPED });
  const page = await bench.store.putBackDeliveries({ after: undefined, pageRows: 10 }, soon());
  expect(page).toMatchObject([{ organizationId: 7, attempt: 1, delaySeconds: 0, handedOut: true }]);
  const delivery = await claimed(bench, page[0]?.deliveryId ?? 0);
  expect(Buffer.from(delivery.body ?? []).toString()).toBe(payload);
});
