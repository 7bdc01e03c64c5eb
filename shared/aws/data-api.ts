import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type Field,
  type RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import type { Clock } from '../runtime/clock.ts';
import { type CallLimit, StoreUnavailable } from '../delivery/delivery-store.ts';
import { judgeFault } from './data-api-faults.ts';

export type Value = string | number | boolean | null | Uint8Array;
export type Row = Readonly<Record<string, Value | undefined>>;
export type DatabaseTarget = { resourceArn: string; secretArn: string; database: string };

/** A statement and the names of its parameters, as sql/compiled.ts holds them. */
type Statement<Name extends string = string> = { readonly sql: string; readonly parameters: readonly Name[] };

/** Parameters of a statement: a name that it does not have is a compile error, as one that is left out. */
type Exactly<Name extends string, Given> = Readonly<Record<Name, Value>> & {
  readonly [other in Exclude<keyof Given, Name>]: never;
};

export type DataApi = {
  /** Runs one statement, again after passing faults while the limit allows; rejects with StoreUnavailable past it. */
  execute<Name extends string, Given extends Readonly<Record<Name, Value>>>(
    statement: Statement<Name>,
    parameters: Given & Exactly<Name, Given>,
    limit?: CallLimit,
  ): Promise<Row[]>;
  /**
   * Runs `work` in one transaction, committed when it resolves. After a passing fault the whole of it runs again while
   * the limit allows: it must find out for itself whether a commit without an answer happened. What `work` throws itself,
   * StatementRefused among it, ends the transaction for good. Rolling back may take 2 s past the limit.
   */
  transaction<T>(work: (execute: TransactionExecute) => Promise<T>, limit?: CallLimit): Promise<T>;
};

/** Rejects with StatementRefused, or with a passing fault, which is best let through. */
export type TransactionExecute = (sql: string) => Promise<Row[]>;

/** A call without a limit of its own: longer than a paused cluster takes to wake (15–30 s). */
const DEFAULT_CALL_MS = 40_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** A transaction that nobody rolls back ends by itself, after three minutes. */
const ROLLBACK_MS = 2_000;

/** The RDS Data API as this product uses it: one statement a call, JSON in, plain rows out. */
export function createDataApi(client: RDSDataClient, target: DatabaseTarget, clock: Clock): DataApi {
  async function untilDone<T>(
    call: (abortSignal: AbortSignal) => Promise<T>,
    limit: CallLimit | undefined,
  ): Promise<T> {
    const until = limit?.untilMonotonicMs ?? clock.monotonicMs() + DEFAULT_CALL_MS;
    for (let tries = 0; ; tries++) {
      const left = until - clock.monotonicMs();
      if (left <= 0) throw new StoreUnavailable('no time was left to ask the database');
      const abort = new AbortController();
      const cancel = clock.after(left, () => abort.abort());
      try {
        return await call(abort.signal);
      } catch (error) {
        if (error instanceof WorkFault) throw error;
        const { kind, fault } = judgeFault(error);
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + clock.random());
        if (kind !== 'passing' || clock.monotonicMs() + pause >= until) throw fault;
        await new Promise<void>((resolve) => clock.after(pause, resolve));
      } finally {
        cancel();
      }
    }
  }

  async function send(
    sql: string,
    parameters: SqlParameter[],
    options: { transactionId?: string; abortSignal: AbortSignal },
  ) {
    const { transactionId, abortSignal } = options;
    const answer = await client.send(
      new ExecuteStatementCommand({
        ...target,
        sql,
        parameters,
        includeResultMetadata: true,
        // Outside a transaction the 45 s limit protects the database; DDL inside one must not be cut in half.
        ...(transactionId === undefined ? {} : { transactionId, continueAfterTimeout: true }),
      }),
      { abortSignal },
    );
    const names = (answer.columnMetadata ?? []).map((column) => column.label ?? column.name ?? '');
    return (answer.records ?? []).map((fields) =>
      Object.fromEntries(fields.map((field, index) => [names[index] ?? String(index), valueOf(field)])),
    );
  }

  async function rollBack(handle: { resourceArn: string; secretArn: string; transactionId: string }): Promise<void> {
    const abort = new AbortController();
    const cancel = clock.after(ROLLBACK_MS, () => abort.abort());
    try {
      await client.send(new RollbackTransactionCommand(handle), { abortSignal: abort.signal });
    } catch {
      // Whatever it was: what is not committed goes when the transaction's time is up.
    } finally {
      cancel();
    }
  }

  return {
    execute(statement, parameters, limit) {
      const list = statement.parameters.map((name) => ({ name, value: fieldOf(parameters[name]) }));
      return untilDone((abortSignal) => send(statement.sql, list, { abortSignal }), limit);
    },
    async transaction(work, limit) {
      return untilDone(async (abortSignal) => {
        const { transactionId } = await client.send(new BeginTransactionCommand(target), { abortSignal });
        if (transactionId === undefined) throw new StoreUnavailable('the database opened no transaction');
        const handle = { resourceArn: target.resourceArn, secretArn: target.secretArn, transactionId };
        const passing = new Set<unknown>();
        try {
          const result = await work(async (sql) => {
            try {
              return await send(sql, [], { transactionId, abortSignal });
            } catch (error) {
              const { kind, fault } = judgeFault(error);
              if (kind === 'refused') throw fault;
              passing.add(error);
              throw error;
            }
          }).catch((error: unknown) => {
            throw passing.has(error) ? error : new WorkFault(error);
          });
          await client.send(new CommitTransactionCommand(handle), { abortSignal });
          return result;
        } catch (error) {
          await rollBack(handle);
          throw error;
        }
      }, limit).catch((error: unknown) => {
        throw error instanceof WorkFault ? error.cause : error;
      });
    },
  };
}

/** What the work inside a transaction throws itself, a bug of ours perhaps: nothing to repeat. */
class WorkFault extends Error {
  constructor(cause: unknown) {
    super('the work of a transaction failed', { cause });
  }
}

function fieldOf(value: Value): Field {
  if (value === null) return { isNull: true };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { longValue: value } : { doubleValue: value };
  return { blobValue: value };
}

function valueOf(field: Field): Value | undefined {
  if (field.isNull) return null;
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? field.blobValue;
}
