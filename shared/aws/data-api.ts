import type { Clock } from '../runtime/clock.ts';
import { type DatabaseSchemas, nameSchemas } from '../runtime/database-schemas.ts';
import { type CallLimit, StoreUnavailable } from '../delivery/store-answers.ts';
import type { DataApiCalls } from './clients.ts';
import type { Field, SqlParameter } from './data-api-operations.ts';
import { isDenied, judgeFault } from './data-api-faults.ts';
import { withMissingRights } from './missing-rights.ts';
import { NoAnswer, timedTry } from './timed-try.ts';
import * as queries from '../../sql/compiled-queries.ts';

export type Value = string | number | boolean | null | Uint8Array;
export type Row = Readonly<Record<string, Value | undefined>>;
export type DatabaseTarget = {
  resourceArn: string;
  secretArn: string;
  database: string;
  /** What the placeholders of statements mean. */
  schemas: DatabaseSchemas;
};

/** A statement and the names of its parameters, as in sql/compiled-queries.ts. */
type Statement<Name extends string = string> = { readonly sql: string; readonly parameters: readonly Name[] };

/** Parameters of a statement. An unknown name is a compile error, and so is a missing one. */
type Exactly<Name extends string, Given> = Readonly<Record<Name, Value>> & {
  readonly [other in Exclude<keyof Given, Name>]: never;
};

/** How long a call may take in all (default 40 s) and its first try (default 3 s); each further try may take twice as long. */
type CallTime = Partial<TransactionTime> & { firstTryMs?: number };

/** Until `rightsUntilMonotonicMs` a right that is missing may only be late: IAM takes up to a minute to tell everybody of a new one. */
export type TransactionTime = CallLimit & { rightsUntilMonotonicMs?: number };

export type DataApi = {
  /**
   * Runs one statement. After a passing fault, or if no answer came, it runs again while the limit allows. Rejects with
   * StoreUnavailable after that, and with StatementRefused.
   */
  execute<Name extends string, Given extends Readonly<Record<Name, Value>>>(
    statement: Statement<Name>,
    parameters: Given & Exactly<Name, Given>,
    time?: CallTime,
  ): Promise<Row[]>;
  /**
   * Runs `work` in one transaction, which is committed when it resolves. After a passing fault all of it runs again while the
   * limit allows: `work` must find out for itself whether a commit without an answer happened. Whatever `work` itself throws,
   * including StatementRefused, ends the transaction for good. An answer that never comes ends everything, so that DDL is not
   * started a second time while the first is running. Rolling back may take 2 s beyond the limit.
   */
  transaction<T>(work: (execute: TransactionExecute) => Promise<T>, limit?: TransactionTime): Promise<T>;
};

/** Rejects with StatementRefused, or with a passing fault, which callers should let through. */
export type TransactionExecute = (sql: string) => Promise<Row[]>;

/** For a call without a limit of its own: longer than a paused cluster takes to wake (15–30 s). */
const DEFAULT_CALL_MS = 40_000;
/**
 * Time for one try of a statement: a hundred times the usual answer, and three tries fit into a claim's 10 s. Several copies of
 * a statement may run, one after the other or at the same time; the header of each statement says why that is safe.
 */
const FIRST_TRY_MS = 3_000;
/** The same for a page that hands rows out: rows of a try that was given up are not returned again before the next sweep. */
export const PAGE_TRY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** A transaction that nobody rolls back ends by itself after three minutes. */
const ROLLBACK_MS = 2_000;

/** The RDS Data API as Surehook uses it: one statement per call, JSON in, plain rows out. */
export function createDataApi(client: DataApiCalls, given: DatabaseTarget, clock: Clock): DataApi {
  const { schemas, ...target } = given;
  const named = new Map<string, string>();

  /** A statement's text is kept: its schemas never change while the process lives. */
  function withSchemas(sql: string): string {
    const known = named.get(sql);
    if (known !== undefined) return known;
    const text = nameSchemas(sql, schemas);
    named.set(sql, text);
    return text;
  }

  async function untilDone<T>(
    call: (abortSignal: AbortSignal) => Promise<T>,
    { untilMonotonicMs, firstTryMs = FIRST_TRY_MS, rightsUntilMonotonicMs = 0 }: CallTime,
  ): Promise<T> {
    const until = untilMonotonicMs ?? clock.monotonicMs() + DEFAULT_CALL_MS;
    let tryMs = firstTryMs;
    for (let tries = 0; ; tries++) {
      const left = until - clock.monotonicMs();
      if (left <= 0) throw new StoreUnavailable('no time was left to ask the database');
      try {
        return await timedTry(clock, Math.min(left, tryMs), call);
      } catch (error) {
        if (error instanceof WorkFault) throw error;
        // A statement that is slow rather than lost gets enough time in the end.
        if (error instanceof NoAnswer) tryMs *= 2;
        const { kind, fault } = judgeFault(error);
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + clock.random());
        const mayPass = kind === 'passing' || (isDenied(error) && clock.monotonicMs() < rightsUntilMonotonicMs);
        if (!mayPass || clock.monotonicMs() + pause >= until) throw fault;
        await new Promise<void>((resolve) => clock.after(pause, resolve));
      }
    }
  }

  async function send(
    sql: string,
    parameters: SqlParameter[],
    options: { transactionId?: string; abortSignal: AbortSignal },
  ) {
    const { transactionId, abortSignal } = options;
    const statement = {
      ...target,
      sql,
      parameters,
      includeResultMetadata: true,
      // Outside a transaction the 45 s limit protects the database. Inside one, DDL must not be cut in half.
      ...(transactionId === undefined ? {} : { transactionId, continueAfterTimeout: true }),
    };
    const answer = await client.call('ExecuteStatement', statement, { abortSignal });
    const names = (answer.columnMetadata ?? []).map((column) => column.label ?? column.name ?? '');
    return (answer.records ?? []).map((fields) =>
      Object.fromEntries(fields.map((field, index) => [names[index] ?? String(index), valueOf(field)])),
    );
  }

  /** Asked of a statement that was refused, and once: whoever is waiting waits no longer for it than for a first try. */
  function missingOf(rights: readonly { relation: string; right: string }[]): Promise<Row[]> {
    const named = rights.map(({ relation, right }) => ({ relation: nameSchemas(relation, schemas), right }));
    const list = [{ name: 'rights', value: fieldOf(JSON.stringify(named)) }];
    return timedTry(clock, FIRST_TRY_MS, (abortSignal) => send(queries.findMissingRights.sql, list, { abortSignal }));
  }

  async function rollBack(handle: { resourceArn: string; secretArn: string; transactionId: string }): Promise<void> {
    // Any failure will do: whatever is not committed is rolled back when the transaction's time is up.
    await timedTry(clock, ROLLBACK_MS, (abortSignal) =>
      client.call('RollbackTransaction', handle, { abortSignal }),
    ).catch(() => undefined);
  }

  return {
    execute(statement, parameters, time = {}) {
      const list = statement.parameters.map((name) => ({ name, value: fieldOf(parameters[name]) }));
      const sql = withSchemas(statement.sql);
      return untilDone((abortSignal) => send(sql, list, { abortSignal }), time).catch(async (fault: unknown) => {
        throw await withMissingRights(fault, statement.sql, missingOf);
      });
    },
    async transaction(work, limit) {
      return untilDone(
        async (abortSignal) => {
          const { transactionId } = await client.call('BeginTransaction', target, { abortSignal });
          if (transactionId === undefined) throw new StoreUnavailable('the database opened no transaction');
          const handle = { resourceArn: target.resourceArn, secretArn: target.secretArn, transactionId };
          const passing = new Set<unknown>();
          try {
            const result = await work(async (sql) => {
              try {
                return await send(nameSchemas(sql, schemas), [], { transactionId, abortSignal });
              } catch (error) {
                const { kind, fault } = judgeFault(error);
                if (kind === 'refused') throw fault;
                passing.add(error);
                throw error;
              }
            }).catch((error: unknown) => {
              throw passing.has(error) ? error : new WorkFault(error);
            });
            await client.call('CommitTransaction', handle, { abortSignal });
            return result;
          } catch (error) {
            await rollBack(handle);
            throw error;
          }
        },
        { ...limit, firstTryMs: Infinity },
      ).catch((error: unknown) => {
        throw error instanceof WorkFault ? error.cause : error;
      });
    },
  };
}

/** What the work inside a transaction throws itself, perhaps because of a bug: not to be repeated. */
class WorkFault extends Error {
  static override readonly name = 'WorkFault';
  constructor(cause: unknown) {
    super('the work of a transaction failed', { cause });
  }
}

function fieldOf(value: Value): Field {
  if (value === null) return { isNull: true };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { longValue: value } : { doubleValue: value };
  return { blobValue: Buffer.from(value).toString('base64') };
}

function valueOf(field: Field): Value | undefined {
  if (field.isNull) return null;
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue, 'base64');
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
}
