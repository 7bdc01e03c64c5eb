import { type ClientBase, type Connection, DatabaseError, type FieldDef, type Submittable } from 'pg';
import { DataApiFault } from './fault.ts';
import type { BoundParameter } from './parameters.ts';

export type StatementResult = {
  /** PostgreSQL's command tag, e.g. `UPDATE 3`. */
  tag: string;
  columns: readonly FieldDef[];
  /** Values in PostgreSQL's text form. */
  rows: readonly (readonly (string | null)[])[];
};

export type Statement = {
  text: string;
  parameters: readonly BoundParameter[];
  /** Bound, but without a declared type. */
  extra?: readonly BoundParameter[];
  /** A result of more characters than this is not collected: no answer could hold it. */
  maxResultCharacters: number;
};

/**
 * Runs one statement by the extended protocol, unnamed, with declared parameter types and all values as text.
 * (pg's own Query can declare no types. A statement kept prepared would fail after DDL: "cached plan must not change result
 * type", which callers of the real service never see.)
 */
export async function runStatement(client: ClientBase, statement: Statement): Promise<StatementResult> {
  return await new Promise((resolve, reject) => {
    client.query(new ExtendedQuery(statement, { resolve, reject }));
  });
}

type Settle = { resolve: (result: StatementResult) => void; reject: (error: unknown) => void };

/** The calls by which pg's Client hands the server's messages to the query it is running. */
class ExtendedQuery implements Submittable {
  readonly #statement: Statement;
  readonly #settle: Settle;
  readonly #rows: (string | null)[][] = [];
  #columns: readonly FieldDef[] = [];
  #tag = '';
  #characters = 0;
  #failure: unknown;

  constructor(statement: Statement, settle: Settle) {
    this.#statement = statement;
    this.#settle = settle;
  }

  submit(connection: Connection): void {
    const { text, parameters, extra = [] } = this.#statement;
    // One segment instead of five.
    connection.stream.cork();
    connection.parse({ name: '', text, types: parameters.map(({ oid }) => String(oid)) }, true);
    connection.bind({ values: [...parameters, ...extra].map((parameter) => parameter.text) }, true);
    connection.describe({ type: 'P' }, true);
    connection.execute({}, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription(message: { fields: readonly FieldDef[] }): void {
    this.#columns = message.fields;
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    for (const value of message.fields) this.#characters += value?.length ?? 0;
    if (this.#characters <= this.#statement.maxResultCharacters) this.#rows.push(message.fields);
  }

  handleCommandComplete(message: { text: string }): void {
    this.#tag = message.text;
  }

  handleReadyForQuery(): void {
    if (this.#failure !== undefined) this.#settle.reject(this.#failure);
    else if (this.#characters > this.#statement.maxResultCharacters) this.#settle.reject(resultTooLarge());
    else this.#settle.resolve({ tag: this.#tag, columns: this.#columns, rows: this.#rows });
  }

  /**
   * PostgreSQL reports an error before it rolls back, and reports ready after that. If the caller got the error earlier, its
   * next statement could meet locks of the failed one. A connection that ends never reports ready again.
   */
  handleError(error: unknown, connection: Connection): void {
    const tell = () => {
      connection.off('readyForQuery', tell).off('end', tell);
      this.#settle.reject(this.#failure ?? error);
    };
    if (!(error instanceof DatabaseError) || error.severity !== 'ERROR') return tell();
    connection.on('readyForQuery', tell).on('end', tell);
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: { sendCopyFail(message: string): void }): void {
    this.#failure = new DataApiFault('DatabaseErrorException', 'execute: unexpected message: CopyInResponse');
    connection.sendCopyFail('COPY is not supported');
  }

  handleCopyData(): void {
    this.#failure = new DataApiFault('DatabaseErrorException', 'execute: unexpected message: CopyOutResponse');
  }
}

/** The Data API's own words for its limit of 1 MiB. */
export function resultTooLarge(): DataApiFault {
  return new DataApiFault('UnsupportedResultException', 'The result exceeds the size limit 1 MB.');
}
