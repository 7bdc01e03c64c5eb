import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ExecuteStatementCommand, RDSDataClient, type SqlParameter } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Endpoints } from '../../../local/twin/endpoints-file.ts';
import { FunctionLog } from './function-log.ts';
import { stillRunning, withDescendants } from './processes.ts';
import { bringAssembly, keepAssembly } from './prepared-assembly.ts';
import { makeDataDir, removeDataDir, type StackProcess, startStack } from './stack-process.ts';

const GONE_WITHIN_MS = 10_000;

export type Invoked = { ok: true; answer: unknown } | { ok: false; errorType: string; errorMessage: string };

export type DeliveryRow = {
  id: number;
  status: 'pending' | 'succeeded' | 'dead_letter';
  attempt_count: number;
  claim_count: number;
  last_status_code: number | null;
  last_error: string | null;
  dead_letter_reason: string | null;
  /** Epoch milliseconds; null once it is over. */
  due_ms: number | null;
};

export type AttemptRow = {
  attempt: number;
  /** Epoch milliseconds. */
  ended_ms: number;
  status_code: number | null;
  error_class: string | null;
};

/** A whole stack on this machine, driven as other programs drive it: by the real SDK clients, and signals. */
export class RunningStack {
  readonly dataDir: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly process: StackProcess;
  readonly endpoints: Endpoints;
  readonly log: FunctionLog;
  readonly sqs: SQSClient;
  readonly secrets: SecretsManagerClient;
  readonly #lambda: LambdaClient;
  readonly #database: RDSDataClient;

  private constructor(
    dataDir: string,
    settings: Readonly<Record<string, string>>,
    started: { process: StackProcess; endpoints: Endpoints },
  ) {
    this.dataDir = dataDir;
    this.settings = settings;
    this.process = started.process;
    this.endpoints = started.endpoints;
    this.log = new FunctionLog(dataDir);
    const { aws: endpoint, region } = started.endpoints;
    const client = { endpoint, region, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } };
    this.sqs = new SQSClient(client);
    this.secrets = new SecretsManagerClient(client);
    this.#lambda = new LambdaClient({ ...client, maxAttempts: 1 });
    this.#database = new RDSDataClient(client);
  }

  /**
   * @param dataDir of a stack that ended; a new one without it
   * @param circumstances words of a command that runs the stack as somebody else
   */
  static async start(
    settings: Readonly<Record<string, string>>,
    dataDir = makeDataDir(),
    circumstances: readonly string[] = [],
  ): Promise<RunningStack> {
    try {
      bringAssembly(dataDir, settings);
      const started = await startStack(dataDir, settings, circumstances);
      keepAssembly(dataDir, settings);
      return new RunningStack(dataDir, settings, started);
    } catch (error) {
      removeDataDir(dataDir);
      throw error;
    }
  }

  /** Kills what is left and removes the folder. */
  async dispose(): Promise<void> {
    await this.abandon();
    removeDataDir(this.dataDir);
  }

  /**
   * Kills the whole process group, waits for PostgreSQL, which has a group of its own and ends with its parent, and
   * leaves the folder to the next start. Answers who is still there after 10 s.
   */
  async abandon(): Promise<number[]> {
    const processes = withDescendants(this.process.pid);
    this.log.close();
    for (const client of [this.sqs, this.secrets, this.#lambda, this.#database]) client.destroy();
    await this.process.killGroup();
    return stillRunning(processes, GONE_WITHIN_MS);
  }

  /** Invokes a function by its file's name and waits for its answer. */
  async invoke(role: string, payload: unknown): Promise<Invoked> {
    const answer = await this.#lambda.send(
      new InvokeCommand({ FunctionName: this.functionName(role), Payload: JSON.stringify(payload) }),
    );
    const parsed: unknown = JSON.parse(answer.Payload?.transformToString() ?? 'null');
    if (answer.FunctionError === undefined) return { ok: true, answer: parsed };
    return { ok: false, ...(parsed as { errorType: string; errorMessage: string }) };
  }

  async invokeAsynchronously(role: string, payload: unknown): Promise<void> {
    const FunctionName = this.functionName(role);
    await this.#lambda.send(
      new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(payload) }),
    );
  }

  functionName(role: string): string {
    const name = this.endpoints.functions[role];
    if (name === undefined) throw new Error(`the stack has no function ${role}`);
    return name;
  }

  queueUrl(role: string): string {
    const url = this.endpoints.queues[role];
    if (url === undefined) throw new Error(`the stack has no queue ${role}`);
    return url;
  }

  /** Messages of the delivery queue that wait for their delay to pass. */
  async delayedMessages(): Promise<number> {
    const { Attributes } = await this.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.queueUrl('delivery'),
        AttributeNames: ['ApproximateNumberOfMessagesDelayed'],
      }),
    );
    return Number(Attributes?.['ApproximateNumberOfMessagesDelayed']);
  }

  /** Enqueues one delivery by invoke; throws when it is refused. */
  async enqueue(request: object): Promise<{ delivery_id: number; delivery_uuid: string; created: boolean }> {
    const invoked = await this.invoke('enqueue', request);
    if (!invoked.ok) throw new Error(`${invoked.errorType}: ${invoked.errorMessage}`);
    return invoked.answer as { delivery_id: number; delivery_uuid: string; created: boolean };
  }

  /** Runs a statement that changes something. */
  async change(sql: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<void> {
    await this.#database.send(new ExecuteStatementCommand({ ...this.#statement(sql, parameters) }));
  }

  /** Rows of a select. */
  async rows<Row>(sql: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<Row[]> {
    const command = new ExecuteStatementCommand({ ...this.#statement(sql, parameters), formatRecordsAs: 'JSON' });
    const { formattedRecords } = await this.#database.send(command);
    return JSON.parse(formattedRecords ?? '[]') as Row[];
  }

  async delivery(id: number): Promise<DeliveryRow> {
    const [row] = await this.deliveries([id]);
    if (row === undefined) throw new Error(`there is no delivery ${id}`);
    return row;
  }

  /** Their rows, in the order of their ids. */
  deliveries(ids: readonly number[]): Promise<DeliveryRow[]> {
    return this.rows<DeliveryRow>(
      `select id, cast(status as text) as status, attempt_count, claim_count, last_status_code, last_error,
         dead_letter_reason, cast(extract(epoch from scheduled_for) * 1000 as double precision) as due_ms
       from webhook_deliveries where id = any (cast(:ids as bigint[])) order by id`,
      { ids: `{${ids.join()}}` },
    );
  }

  attempts(id: number): Promise<AttemptRow[]> {
    return this.rows<AttemptRow>(
      `select attempt, status_code, error_class,
         cast(extract(epoch from started_at) * 1000 + coalesce(duration_ms, 0) as double precision) as ended_ms
       from webhook_delivery_attempts where delivery_id = :id order by attempt`,
      { id },
    );
  }

  /** Settles when a delivery will not be tried again by itself. */
  over(id: number): Promise<DeliveryRow> {
    return this.log.until(async () => {
      const row = await this.delivery(id);
      return row.status === 'pending' ? undefined : row;
    });
  }

  /** Settles when none of them will be tried again by itself: one question for all, which hundreds of {@link over} are not. */
  allOver(ids: readonly number[]): Promise<DeliveryRow[]> {
    return this.log.until(async () => {
      const rows = await this.deliveries(ids);
      return rows.length === ids.length && rows.every(({ status }) => status !== 'pending') ? rows : undefined;
    });
  }

  /** How many deliveries a run has. */
  async countOfRun(runId: number): Promise<number> {
    const sql = 'select count(*) as count from webhook_deliveries where workflow_run_id = :run_id';
    const [row] = await this.rows<{ count: number }>(sql, { run_id: runId });
    return row?.count ?? 0;
  }

  #statement(sql: string, parameters: Readonly<Record<string, string | number>>) {
    const { resourceArn, secretArn, database } = this.endpoints.database;
    return {
      resourceArn,
      secretArn,
      database,
      sql,
      parameters: Object.entries(parameters).map(([name, value]): SqlParameter => ({
        name,
        value: typeof value === 'number' ? { longValue: value } : { stringValue: value },
      })),
    };
  }
}
