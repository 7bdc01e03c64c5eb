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

/** Statements that leave nothing behind in their session, and the functions in them that do. */
const LEAVES_NOTHING = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE)\b/;
const LEAVES_SOMETHING = /\b(?:set_config|pg_(?:try_)?advisory_lock)/i;

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

/** The body of the answer, and whether the session is as it was before: no settings, no locks, no temporary tables. */
export type Executed = { body: string; sessionIsClean: boolean };

export async function execute(session: Session, request: DataApiRequest, prepared: Prepared): Promise<Executed> {
  const result = await run(session, prepared);
  return { body: await writeResult(session, result, request), sessionIsClean: isClean(prepared, result) };
}

export async function executeBatch(session: Session, sets: readonly Prepared[]): Promise<Executed> {
  let sessionIsClean = true;
  for (const prepared of sets) {
    const result = await run(session, prepared);
    sessionIsClean &&= isClean(prepared, result);
  }
  // Neither rows nor counts: "For Aurora PostgreSQL, the generated fields object is empty."
  return { body: JSON.stringify({ updateResults: sets.map(() => ({ generatedFields: [] })) }), sessionIsClean };
}

async function run(session: Session, prepared: Prepared): Promise<StatementResult> {
  const result = await runStatement(session.client, { ...prepared, maxResultCharacters: MAX_RESPONSE_BYTES });
  if (!LEAVES_NOTHING.test(result.tag)) session.database.columns.forget();
  return result;
}

function isClean(prepared: Prepared, result: StatementResult): boolean {
  return LEAVES_NOTHING.test(result.tag) && !LEAVES_SOMETHING.test(prepared.text);
}
