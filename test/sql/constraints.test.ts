// Real: PostgreSQL and the migrations. What the CHECKs forbid no statement of ours can do, whatever its bug.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateUp } from '../support/postgres/public-schemas.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateUp(database.pool);
});

afterAll(() => database.drop());

/** A sound pending row; what a test names is the only thing that matters to it. */
async function insert(columns: Readonly<Record<string, unknown>>): Promise<void> {
  const row = {
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: crypto.randomUUID(),
    endpoint_url: 'https://example.com/',
    payload: '{}',
    ...columns,
  };
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await database.pool.query(
    `insert into webhook_deliveries (${names.join(', ')}) values (${places.join(', ')})`,
    Object.values(row),
  );
}

const soon = new Date('2026-11-23T12:00:00Z');

describe('the table takes', () => {
  it('a pending row with nothing but what the specification names', async () => {
    await expect(insert({})).resolves.toBeUndefined();
  });

  it('any status number a receiver thinks of, and none (ROW-07)', async () => {
    await expect(insert({ last_status_code: 999 })).resolves.toBeUndefined();
    await expect(insert({ last_status_code: null })).resolves.toBeUndefined();
  });

  it('ids beyond 2^31 (ROW-05)', async () => {
    await expect(insert({ id: 2 ** 53 - 1, workflow_run_id: 2 ** 40 })).resolves.toBeUndefined();
  });
});

describe('the table refuses', () => {
  const refused: [what: string, columns: Record<string, unknown>][] = [
    ['a pending row that is never due (ROW-02)', { scheduled_for: null }],
    ['a terminal row that is still due (ROW-03)', { status: 'succeeded', scheduled_for: soon }],
    [
      'a terminal row under a lease (ROW-03)',
      { status: 'dead_letter', scheduled_for: null, lease_token: crypto.randomUUID(), lease_expires_at: soon },
    ],
    ['a terminal row that waits to be handed out', { status: 'succeeded', scheduled_for: null, awaits_hand_out: true }],
    ['more attempts than allowed (ROW-03)', { attempt_count: 6, max_attempts: 5 }],
    ['a lease without a token', { lease_expires_at: soon }],
    ['a dead letter reason on a living row', { dead_letter_reason: 'status' }],
    ['a reason outside the closed list', { status: 'dead_letter', scheduled_for: null, dead_letter_reason: 'mood' }],
    ['a last error beyond 2000 characters', { last_error: 'x'.repeat(2001) }],
    ['an unknown method', { http_method: 'TRACE' }],
    ['a row without its half of the key', { webhook_node_id: null }],
  ];

  it.each(refused)('%s', async (_, columns) => {
    await expect(insert(columns)).rejects.toMatchObject({ code: expect.stringMatching(/^23(514|502)$/) });
  });

  it('a second delivery of one run and node', async () => {
    await insert({ workflow_run_id: 77, webhook_node_id: 'same' });
    await expect(insert({ workflow_run_id: 77, webhook_node_id: 'same' })).rejects.toMatchObject({ code: '23505' });
  });
});
