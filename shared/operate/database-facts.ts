import { isJsonObject } from '../runtime/json-object.ts';

/** What `look_at_database` found. */
export type DatabaseFacts = {
  /** As an identifier. */
  role: string;
  mayCreateSchema: boolean;
  schemas: { surehook?: SchemaRights; application?: SchemaRights; foreign?: SchemaRights };
  relations: readonly RelationFacts[];
  types: readonly { name: string; usage: boolean }[];
  functions: readonly { name: string; execute: boolean }[];
  /** A schema in which an earlier version left its tables. */
  elsewhere: string | undefined;
};

export type SchemaRights = { usage: boolean; create: boolean };

export type RelationFacts = {
  place: 'surehook' | 'application' | 'foreign';
  name: string;
  /** As in pg_class: r table, p partitioned table, v view, … */
  kind: string;
  owned: boolean;
  /** Row-level security keeps rows from this role. */
  hidesRows: boolean;
  rights: readonly string[];
  columns: readonly { name: string; type: string; readable: boolean }[];
};

/** Reads what `look_at_database` answers; throws RangeError where it is not that. */
export function parseDatabaseFacts(text: string): DatabaseFacts {
  const facts: unknown = JSON.parse(text);
  if (!isJsonObject(facts) || typeof facts['role'] !== 'string')
    throw new RangeError('these are no facts of a database');
  const {
    role,
    may_create_schema: mayCreateSchema,
    schemas,
    relations,
    types,
    functions,
    elsewhere,
  } = facts as RawFacts;
  return {
    role,
    mayCreateSchema,
    schemas: schemas ?? {},
    relations: (relations ?? []).map(({ hides_rows: hidesRows, rights, columns, ...rest }) => ({
      ...rest,
      hidesRows,
      rights: rights ?? [],
      columns: columns ?? [],
    })),
    types: types ?? [],
    functions: functions ?? [],
    elsewhere: elsewhere ?? undefined,
  };
}

/** As the statement writes it: a list without an entry is null. */
type RawFacts = {
  role: string;
  may_create_schema: boolean;
  schemas: DatabaseFacts['schemas'] | null;
  relations:
    | (Omit<RelationFacts, 'hidesRows' | 'rights' | 'columns'> & {
        hides_rows: boolean;
        rights: string[] | null;
        columns: RelationFacts['columns'][number][] | null;
      })[]
    | null;
  types: DatabaseFacts['types'] | null;
  functions: DatabaseFacts['functions'] | null;
  elsewhere: string | null;
};
