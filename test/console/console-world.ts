import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Pool } from 'pg';
import { createConsole } from '../../console/create-console.ts';
import type { ConsoleParts } from '../../console/console-parts.ts';
import type { ConsoleEvent } from '../../console/events-page.ts';
import type { ConsoleFunction, InvokeResult } from '../../console/invoke-function.ts';
import { createDemoReceiver } from '../../local/demo/demo-receiver.ts';
import { type Timers, systemTimers } from '../../local/timers.ts';
import { inspectDeliveries, InspectRefused } from '../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../shared/operate/inspect-request.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';

/** The console on a port of its own; inspect is real, over a real database, the other functions are played by `answers`. */
export type ConsoleBench = {
  origin: string;
  store: PostgresStoreBench;
  pool: Pool;
  /** Every invoke of what is played, in order; of inspect none but with `answers.inspect`. */
  invoked: { functionName: ConsoleFunction; payload: unknown }[];
  /** What a function answers; unset, inspect looks into the database, and the others answer `{}`. */
  answers: Partial<Record<ConsoleFunction, (payload: unknown) => InvokeResult | Promise<InvokeResult>>>;
  faults: unknown[];
  /** What was put on the event bus, newest first. */
  events: ConsoleEvent[];
  ask(path: string, options?: AskOptions): Promise<Asked>;
  close(): Promise<void>;
};

type AskOptions = { method?: string; headers?: Record<string, string>; body?: string };
type Asked = { status: number; headers: IncomingHttpHeaders; body: string };

export async function startConsoleBench(
  changes: Partial<ConsoleParts> & { timers?: Timers } = {},
): Promise<ConsoleBench> {
  const store = await openPostgresStore();
  const invoked: ConsoleBench['invoked'] = [];
  const answers: ConsoleBench['answers'] = {};
  const faults: unknown[] = [];
  const events: ConsoleEvent[] = [];
  const demoReceiver = createDemoReceiver({ timers: changes.timers ?? systemTimers });
  let handle: ReturnType<typeof createConsole> | undefined;
  const server = createServer((request, response) => {
    if (demoReceiver.handle(request, response)) return;
    void serve(request, response);
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const handled = await handle?.(request, response);
    if (handled !== true) response.writeHead(404).end('not the console');
  };
  const port = await listen(server);
  const origin = `http://127.0.0.1:${port}`;
  handle = createConsole({
    invoke: async (functionName, payload) => {
      const played = answers[functionName];
      // The banner on every page is nothing that a test asked for.
      if (functionName === 'inspect' && (played === undefined || isOfBanner(payload))) return inspect(store, payload);
      invoked.push({ functionName, payload });
      return played === undefined ? { ok: true, answer: {} } : played(payload);
    },
    origin,
    stack: { name: 'local', options: '', dashboard: '/dashboard' },
    by: 'console',
    local: {
      dataDir: '/tmp/new comer/.surehook',
      region: 'us-east-1',
      functions: { enqueue: 'WebhookDelivery-Enqueue-1' },
      queues: { delivery: 'WebhookDelivery-Delivery-1' },
      queueDepths: () => [{ name: 'WebhookDelivery-Delivery-1', visible: 3, inFlight: 2, delayed: 1 }],
      demoReceiver,
      events: () => events,
    },
    reportFault: (error) => faults.push(error),
    ...changes,
  });
  return {
    origin,
    store,
    pool: store.pool,
    events,
    invoked,
    answers,
    faults,
    ask: (path, options = {}) => ask(port, path, options),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await store.close();
    },
  };
}

/** Columns of a delivery that matter to a test; the rest is a plain pending one, due now. */
export type DeliveryColumns = Record<string, unknown>;

let runs = 0;

/** @returns the id */
export async function insertDelivery(pool: Pool, columns: DeliveryColumns = {}): Promise<string> {
  const row: DeliveryColumns = {
    workflow_run_id: ++runs + 1_000_000,
    organization_id: 1,
    webhook_node_id: 'node',
    endpoint_url: 'https://receiver.example/hook',
    payload: '{}',
    ...columns,
  };
  const names = Object.keys(row);
  const inserted = await pool.query<{ id: string }>(
    `insert into webhook_deliveries (${names.join(', ')})
     values (${names.map((_, index) => `$${index + 1}`).join(', ')}) returning id`,
    Object.values(row),
  );
  return inserted.rows[0]?.id ?? '';
}

export function deadLetter(columns: DeliveryColumns = {}): DeliveryColumns {
  return {
    status: 'dead_letter',
    scheduled_for: null,
    attempt_count: 5,
    dead_letter_reason: 'status',
    last_error: 'HTTP 404',
    ...columns,
  };
}

export function succeeded(columns: DeliveryColumns = {}): DeliveryColumns {
  return { status: 'succeeded', scheduled_for: null, attempt_count: 1, last_status_code: 200, ...columns };
}

/** As the function does it. */
async function inspect({ inspectStore: store }: PostgresStoreBench, payload: unknown): Promise<InvokeResult> {
  const parsed = parseInspectRequest(payload);
  if (!parsed.ok) return { ok: false, errorType: 'InvalidRequest', errorMessage: parsed.errorMessage };
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  try {
    const parts = { store, examiner, clock: systemClock };
    return { ok: true, answer: await inspectDeliveries(parts, parsed.request, systemClock.monotonicMs() + 5_000) };
  } catch (fault) {
    const { name, message } = fault instanceof Error ? fault : new Error('unknown');
    return { ok: false, errorType: name, errorMessage: fault instanceof InspectRefused ? message : 'it failed' };
  }
}

function isOfBanner(payload: unknown): boolean {
  return JSON.stringify(payload) === '{"action":"endpoints","state":"held","limit":6}';
}

/** Unlike fetch, says any Host and Origin. */
async function ask(port: number, path: string, { method = 'GET', headers, body }: AskOptions): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the console has no port');
  return address.port;
}
