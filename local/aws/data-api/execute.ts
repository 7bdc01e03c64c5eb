import { MAX_RESPONSE_BYTES } from './call-limits.ts';
import { DataApiFault } from './fault.ts';
import { type BoundParameter, readParameters } from './parameters.ts';
import { holdsSeveralStatements, type RewrittenStatement, rewritePlaceholders } from './placeholders.ts';
import type { DataApiRequest } from './request.ts';
import { writeResult } from './result.ts';
import type { Session } from './sessions.ts';
import { runStatement, type StatementResult } from './statement.ts';

/** A statement with its parameters in the order of its placeholders. */
export type Prepared = {
  text: string;
  parameters: readonly BoundParameter[];
  /** Values that no placeholder takes. */
  extra: readonly BoundParameter[];
};

/** After any other statement a column may be another. */
const CHANGES_ROWS_ONLY = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE)\b/;

/** @throws DataApiFault for several statements in one, and for parameters that cannot be sent. */
export function prepareExecute(request: DataApiRequest): Prepared {
  return prepare(rewrite(request.sql), readParameters(request.parameters));
}

/** "The SQL statement is executed as many times as the number of parameter sets provided." */
export function prepareBatch(request: DataApiRequest): Prepared[] {
  const rewritten = rewrite(request.sql);
  return request.parameterSets.map((parameters) => prepare(rewritten, readParameters(parameters)));
}

function rewrite(sql: string): RewrittenStatement {
  if (holdsSeveralStatements(sql)) throw new DataApiFault('ValidationException', "Multistatements aren't supported.");
  return rewritePlaceholders(sql);
}

/** Nothing is checked here: with too few values, or more than there are declared types, PostgreSQL refuses to bind (08P01). */
function prepare({ text, names }: RewrittenStatement, given: ReadonlyMap<string, BoundParameter>): Prepared {
  const used = new Set(names);
  const extra = [...given.keys()].filter((name) => !used.has(name));
  const parameters = names.flatMap((name) => given.get(name) ?? []);
  return { text, parameters, extra: extra.flatMap((name) => given.get(name) ?? []) };
}

/** Answers the body of the answer. */
export async function execute(session: Session, request: DataApiRequest, prepared: Prepared): Promise<string> {
  return await writeResult(session, await run(session, prepared), request);
}

export async function executeBatch(session: Session, sets: readonly Prepared[]): Promise<string> {
  for (const prepared of sets) await run(session, prepared);
  // Neither rows nor counts: "For Aurora PostgreSQL, the generated fields object is empty."
  return JSON.stringify({ updateResults: sets.map(() => ({ generatedFields: [] })) });
}

async function run(session: Session, prepared: Prepared): Promise<StatementResult> {
  const result = await runStatement(session.client, { ...prepared, maxResultCharacters: MAX_RESPONSE_BYTES });
  if (!CHANGES_ROWS_ONLY.test(result.tag)) session.database.columns.forget();
  return result;
}
