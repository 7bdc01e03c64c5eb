import type { StackClient } from '../../bench/stack-client.ts';

/** What the database says of a delivery at the end. */
export type LedgerDelivery = {
  id: number;
  uuid: string;
  key: string;
  status: string;
  attemptCount: number;
  maxAttempts: number;
  deadLetterReason: string | null;
  succeededLate: boolean;
};

export type LedgerAttempt = { deliveryId: number; attempt: number; errorClass: string | null; startedAtMs: number };

/** A row is some 200 bytes as JSON, and the Data API answers at most 1 MiB. */
const PAGE_ROWS = 2_000;

export async function readDeliveries(client: StackClient): Promise<LedgerDelivery[]> {
  const rows = await pages(
    client,
    (afterId) => `
    select id, cast(delivery_uuid as text) as uuid, webhook_node_id as key, cast(status as text) as status,
      attempt_count, max_attempts, dead_letter_reason, succeeded_late
    from webhook_deliveries where id > ${afterId} order by id limit ${PAGE_ROWS}`,
  );
  return rows.map((row) => ({
    id: Number(row['id']),
    uuid: String(row['uuid']),
    key: String(row['key']),
    status: String(row['status']),
    attemptCount: Number(row['attempt_count']),
    maxAttempts: Number(row['max_attempts']),
    deadLetterReason: textOrNull(row['dead_letter_reason']),
    succeededLate: row['succeeded_late'] === true,
  }));
}

export async function readAttempts(client: StackClient): Promise<LedgerAttempt[]> {
  // Numbered from 1 in a fixed order, as the table has no single key to page by.
  const rows = await pages(
    client,
    (after) => `
    select id, delivery_id, attempt, error_class, started_ms
    from (
      select row_number() over (order by delivery_id, attempt) as id, delivery_id, attempt, error_class,
        cast(extract(epoch from started_at) * 1000 as bigint) as started_ms
      from webhook_delivery_attempts
    ) numbered
    where id > ${after} order by id limit ${PAGE_ROWS}`,
  );
  return rows.map((row) => ({
    deliveryId: Number(row['delivery_id']),
    attempt: Number(row['attempt']),
    errorClass: textOrNull(row['error_class']),
    startedAtMs: Number(row['started_ms']),
  }));
}

export async function countPending(client: StackClient): Promise<number> {
  const [row] = await client.query(`select count(*) as pending from webhook_deliveries where status = 'pending'`);
  return Number(row?.['pending']);
}

async function pages(client: StackClient, sqlAfter: (afterId: number) => string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (;;) {
    const page = await client.query(sqlAfter(Number(rows.at(-1)?.['id'] ?? 0)));
    rows.push(...page);
    if (page.length < PAGE_ROWS) return rows;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
