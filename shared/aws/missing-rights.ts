import { StatementRefused, type SchemaNames } from '../delivery/store-answers.ts';
import { rightsNamedIn } from '../operate/used-rights.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * The same fault, with the rights that the role lacks on the relation that PostgreSQL names: it does not say which. `ask` looks them up
 * in the catalogs; where it fails, the fault stays as it is.
 *
 * @param sql as it stands in sql/compiled-queries.ts, so that every relation is named with its schema
 */
export async function withMissingRights(
  fault: unknown,
  sql: string,
  ask: (
    rights: readonly { relation: string; right: string }[],
  ) => Promise<readonly Readonly<Record<string, unknown>>[]>,
): Promise<unknown> {
  if (!(fault instanceof StatementRefused) || fault.sqlState !== INSUFFICIENT_PRIVILEGE) return fault;
  const { relation, right } = fault.names;
  if (relation === undefined || right !== undefined) return fault;
  const used = [...rightsNamedIn([sql])]
    .filter(([name]) => name.split('.').at(-1)?.replaceAll('"', '') === relation)
    .flatMap(([name, rights]) => [...rights].map((one) => ({ relation: name, right: one })));
  if (used.length === 0) return fault;
  const rows = await ask(used).catch(() => []);
  const missing = [...new Set(rows.map((row) => String(row['right'])))];
  return missing.length === 0 ? fault : refusedFor({ ...fault.names, right: missing.join(', ') }, fault);
}

/** `right`: what the role lacks, such as `insert, update`. */
function refusedFor(names: SchemaNames, { sqlState, because }: StatementRefused): StatementRefused {
  return new StatementRefused(sqlState, names, because);
}

/** What a statement itself found missing. */
export function refusedForRight(relation: string, right: string): StatementRefused {
  return new StatementRefused(INSUFFICIENT_PRIVILEGE, { relation, right }, 'what is sent could not be recorded');
}
