// The runbook's statements, and its way to forget old deliveries. Real: the runbook's own lines in a shell, the local Data API,
// PostgreSQL 17 with the migrations. Double: the `aws` command, a script that hands each statement to that Data API and prints
// the answer as the CLI does.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDataApi } from '../../local/aws/data-api/service.ts';
import { migrateUp } from '../support/postgres/public-schemas.ts';
import { serveAwsService } from '../local/serve-aws-service.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const FIRST_LINES = shellOf(runbook);
const FORGET = shellOf(runbook.slice(runbook.indexOf('## Old deliveries')));
const OUTBOX = readFileSync(new URL('../../docs/outbox.md', import.meta.url), 'utf8');
const STATEMENTS = [...runbook.matchAll(/\bsql "((?:select|show) [^"]+)"/g)].map(([, sql = '']) => sql);

/** The first block of shell in a text. */
function shellOf(text: string): string {
  return /```sh\n([\s\S]+?)```/.exec(text)?.[1] ?? '';
}

const RESOURCE_ARN = 'arn:aws:rds:us-east-1:000000000000:cluster:runbook';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:runbook-abcdef';

/** Stands for `aws`. */
const AWS = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const { ENDPOINT, DATABASE, ASKED, FAILING } = process.env;
const [, action, ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes('--' + name) ? rest[rest.indexOf('--' + name) + 1] : undefined);
const outputs = { DatabaseResourceArn: '${RESOURCE_ARN}', DatabaseSecretArn: '${SECRET_ARN}', DatabaseName: DATABASE };
if (action === 'describe-stacks') console.log(outputs[/OutputKey=='(\\w+)'/.exec(option('query'))[1]]);
else execute(option('sql'));

async function execute(sql) {
  appendFileSync(ASKED, JSON.stringify(sql) + '\\n');
  if (FAILING !== '' && sql.startsWith(FAILING)) process.exit(254);
  const call = { resourceArn: option('resource-arn'), secretArn: option('secret-arn'), database: option('database'), sql,
    formatRecordsAs: option('format-records-as') };
  const response = await fetch(ENDPOINT + '/Execute', {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=any/20261123/us-east-1/rds-data/aws4_request' },
    body: JSON.stringify(call),
  });
  const answer = await response.json();
  if (!response.ok) {
    console.error(JSON.stringify(answer));
    process.exit(254);
  }
  console.log(option('query') === 'records' ? JSON.stringify(answer.records) : (answer.formattedRecords ?? 'None'));
}
`;

let database: TestDatabase;
let endpoint: string;
let close: () => Promise<void>;
const folder = mkdtempSync(join(tmpdir(), 'surehook-runbook-'));

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateUp(database.pool);
  const { hostname, port, username, password } = new URL(database.url);
  const dataApi = createDataApi({
    connection: { host: hostname, port: Number(port), user: username, password, database: database.database },
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
  });
  const served = await serveAwsService({ 'rds-data': dataApi.service });
  endpoint = served.endpoint;
  close = async () => {
    await served.close();
    await dataApi.close();
  };
  writeFileSync(join(folder, 'aws'), AWS);
  chmodSync(join(folder, 'aws'), 0o755);
});
afterAll(async () => {
  await close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs lines after the runbook's first ones; answers how they ended and the statements they ran. */
async function run(lines: string, failing = ''): Promise<{ status: number; output: string; asked: string[] }> {
  const ASKED = join(folder, 'asked');
  writeFileSync(ASKED, '');
  const { status, output } = await new Promise<{ status: number; output: string }>((resolve) => {
    const env = {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      ENDPOINT: endpoint,
      DATABASE: database.database,
      FAILING: failing,
      ASKED,
    };
    execFile('sh', ['-c', `${FIRST_LINES}\n${lines}`], { env }, (fault, stdout, stderr) =>
      resolve({ status: Number(fault?.code ?? 0), output: stdout + stderr }),
    );
  });
  const asked = readFileSync(ASKED, 'utf8').split('\n').filter(Boolean);
  return { status, output, asked: asked.map((line) => String(JSON.parse(line))) };
}

test('every statement of the runbook is one that the database and the Data API answer', async () => {
  expect(STATEMENTS.length).toBeGreaterThan(8);
  const own = STATEMENTS.filter((sql) => !/<\w+>|\$(?!schema\b)/.test(sql));
  const lines = own.map((sql) => `sql "${sql}" || exit`).join('\n');
  const { status, output, asked } = await run(lines);
  expect([status, output]).toEqual([0, expect.stringMatching(/^\[/)]);
  expect(asked).toEqual(own.map((sql) => sql.replaceAll('$schema', 'public')));
});

test('the outbox’s insert returns through the Data API what it returns, and through `sql` nothing', async () => {
  const insert = shellOf(OUTBOX);
  const { status, output } = await run(insert);
  expect(status).toBe(0);
  expect(JSON.parse(output)).toEqual([
    [{ longValue: expect.any(Number) }, { stringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
  ]);
  const [, statement = ''] = /--sql ("insert [\s\S]*")/.exec(insert) ?? [];
  expect((await run(`sql ${statement}`)).output).not.toContain('delivery_uuid');
});

describe('forgetting old deliveries', () => {
  const DELETE = 'delete from public.webhook_deliveries';

  /** Of the first 25,000, 100 days old, each fifth is a dead letter and one is pending; 20,000 are a day old. */
  beforeEach(async () => {
    await database.pool.query(`truncate webhook_deliveries, webhook_delivery_attempts restart identity;
      insert into webhook_deliveries
        (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, scheduled_for, created_at, updated_at)
      select n, 1, 'node', 'https://receiver.example/', '{}', s.status, case when s.status = 'pending' then now() end, t.at, t.at
      from generate_series(1, 45000) n,
        lateral (select (case when n = 7 then 'pending' when n % 5 = 0 then 'dead_letter' else 'succeeded' end)::webhook_delivery_status
          as status) s,
        lateral (select now() - make_interval(days => case when n <= 25000 then 100 else 1 end) as at) t;
      insert into webhook_delivery_attempts (delivery_id, attempt, started_at) values (1, 1, now()), (44999, 1, now())`);
  });

  async function kept(): Promise<unknown> {
    const { rows } = await database.pool.query(
      `select count(*) filter (where id <= 25000)::int as old, count(*) filter (where id > 25000)::int as young,
         count(*) filter (where id <= 25000 and status = 'succeeded')::int as "oldDelivered",
         (select count(*)::int from webhook_delivery_attempts) as attempts
       from webhook_deliveries`,
    );
    return rows[0];
  }

  test('takes what was delivered so long ago, with its attempts, and nothing else, in portions up to the first that is younger', async () => {
    const { status, output, asked } = await run(FORGET);
    expect([status, output]).toEqual([0, '']);
    expect(await kept()).toEqual({ old: 5001, young: 20_000, oldDelivered: 0, attempts: 1 });
    const portions = asked.filter((sql) => sql.startsWith(DELETE)).map((sql) => /id > (\d+) and id <= (\d+)/.exec(sql));
    expect(portions.map((portion) => portion?.slice(1).map(Number))).toEqual([
      [0, 20_000],
      [20_000, 40_000],
    ]);
    expect(asked).toHaveLength(5);
  });

  test('twice goes by what is left, whatever gaps there are between the ids', async () => {
    await run(FORGET);
    const { asked } = await run(FORGET);
    expect(asked.filter((sql) => sql.startsWith(DELETE))).toHaveLength(1);
    expect(asked).toHaveLength(3);
    expect(await kept()).toMatchObject({ old: 5001, young: 20_000 });
  });

  test('ends where a statement fails, and says so', async () => {
    for (const failing of [DELETE, 'select max(id)']) {
      const { status, asked } = await run(FORGET, failing);
      expect(status).not.toBe(0);
      expect(asked.length).toBeLessThanOrEqual(2);
    }
    expect(await kept()).toMatchObject({ old: 25_000 });
  });

  test('without a number of days forgets nothing', async () => {
    const named = FORGET.replace(/^forget_delivered 90$/m, 'forget_delivered "1; x"');
    expect(named).not.toBe(FORGET);
    expect(await run(named)).toMatchObject({ status: 2, asked: [] });
  });
});
