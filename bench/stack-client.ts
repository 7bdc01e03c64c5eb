import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import type { ApiCallsReport } from '../local/twin/api-calls.ts';
import type { Endpoints } from '../local/twin/endpoints-file.ts';

/** One webhook of an enqueue request. */
export type Webhook = {
  workflow_run_id: number;
  organization_id: number;
  webhook_node_id: string;
  endpoint_url: string;
  payload: unknown;
  scheduled_for?: string;
  max_attempts?: number;
  ordering_key?: string;
};

/** A running stack as its users reach it: by the SDK. */
export type StackClient = {
  /** Enqueues by invoke, one in a request; answers the delivery's uuid. Throws for a refusal. */
  enqueue(webhook: Webhook): Promise<string>;
  /** Enqueues up to 100 in one request; answers their uuids in order. Throws when any is refused. */
  enqueueBatch(webhooks: readonly Webhook[]): Promise<string[]>;
  invoke(role: string, payload: unknown): Promise<unknown>;
  /** Rows of a statement of the RDS Data API, columns by name. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  apiCalls(): Promise<ApiCallsReport>;
  close(): void;
};

/** Refused by the function, with Lambda's `errorType`. */
export class InvokeFailed extends Error {
  override readonly name = 'InvokeFailed';
  readonly code = 'invoke_failed';
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(`${errorType}: ${message}`);
    this.errorType = errorType;
  }
}

/** @param maxAttempts of each call, as the SDK counts them, and of each request that enqueue asks to have again. */
export function connectToStack(endpoints: Endpoints, maxAttempts = 1): StackClient {
  const common = {
    endpoint: endpoints.aws,
    region: endpoints.region,
    credentials: { accessKeyId: 'outside', secretAccessKey: 'outside' },
    maxAttempts,
    // A backlog of invokes is for the stack to show, not for the client to hide.
    requestHandler: { httpAgent: { maxSockets: 500 } },
  };
  const lambda = new LambdaClient(common);
  const data = new RDSDataClient(common);

  /** Enqueue asks for the same request again where the database was too slow for it; whoever measures a busy machine does so. */
  async function enqueue(payload: unknown): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        return await invoke('enqueue', payload);
      } catch (error) {
        const mayPass = error instanceof InvokeFailed && error.errorType === 'TemporaryFailure';
        if (!mayPass || tries >= maxAttempts) throw error;
      }
    }
  }

  async function invoke(role: string, payload: unknown): Promise<unknown> {
    const command = new InvokeCommand({ FunctionName: endpoints.functions[role], Payload: JSON.stringify(payload) });
    const answer = await lambda.send(command);
    const document: unknown = JSON.parse(Buffer.from(answer.Payload ?? []).toString());
    if (answer.FunctionError === undefined) return document;
    throw new InvokeFailed(textOf(document, 'errorType'), textOf(document, 'errorMessage'));
  }

  return {
    invoke,
    enqueue: async (webhook) => uuidOf(await enqueue(webhook)),
    async enqueueBatch(webhooks) {
      const answer = await enqueue({ deliveries: webhooks });
      const results = typeof answer === 'object' && answer !== null && 'results' in answer ? answer.results : undefined;
      if (!Array.isArray(results)) throw new Error('a batch was answered without results');
      return results.map(uuidOf);
    },
    async query(sql) {
      const answer = await data.send(
        new ExecuteStatementCommand({ ...endpoints.database, sql, includeResultMetadata: true }),
      );
      const names = (answer.columnMetadata ?? []).map(({ label }) => label ?? '');
      return (answer.records ?? []).map((record) =>
        Object.fromEntries(
          record.map((field, index) => [
            names[index] ?? '',
            field.stringValue ?? field.longValue ?? field.booleanValue ?? field.doubleValue ?? null,
          ]),
        ),
      );
    },
    async apiCalls() {
      const answer = await fetch(`${endpoints.aws}/console/api-calls.json`);
      // The type is what the page says it answers.
      return (await answer.json()) as ApiCallsReport;
    },
    close() {
      lambda.destroy();
      data.destroy();
    },
  };
}

function uuidOf(answer: unknown): string {
  const uuid = textOf(answer, 'delivery_uuid');
  if (uuid === '') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  return uuid;
}

function textOf(document: unknown, name: string): string {
  const value: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined;
  return typeof value === 'string' ? value : '';
}
