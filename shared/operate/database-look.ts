import { type ForeignTable, quotedTable } from '../runtime/foreign-table.ts';
import { shapeFaults } from './adoption-rules.ts';
import type { DatabaseFacts, RelationFacts, SchemaRights } from './database-facts.ts';
import type { UsedRights } from './used-rights.ts';

/** What this version needs of the database. */
export type DatabaseNeeds = {
  /** Quoted as identifiers. */
  schemas: { surehook: string; application: string };
  /** Whether the migration makes `workflows` and `workflow_runs` where they are absent, or has to find them. */
  applicationTables: 'made' | 'found';
  /** The table of another pipeline that enqueue looks into. */
  alongside: ForeignTable | undefined;
  rights: readonly UsedRights[];
  /** The text of each migration that is still to be applied. */
  pending: readonly string[];
};

/** One thing in the way, in words, and the statement that mends it, if one does. */
export type DatabaseFault = { fault: string; mend?: string };

/** Everything that would keep the migration or the functions from their work, at once; empty where nothing does. */
export function databaseFaults(facts: DatabaseFacts, needs: DatabaseNeeds): DatabaseFault[] {
  const begun = facts.relations.some(({ place, name }) => place === 'surehook' && name === 'surehook_migrations');
  return [
    ...elsewhereFaults(facts, needs, begun),
    ...schemaFaults(facts, needs),
    ...strangerFaults(facts, needs, begun),
    ...needs.rights.filter(({ place }) => place === 'surehook').flatMap((used) => relationFaults(facts, needs, used)),
    ...typeFaults(facts, needs),
    ...functionFaults(facts, needs),
    ...ownershipFaults(facts, needs),
    ...applicationFaults(facts, needs),
    ...alongsideFaults(facts, needs),
  ];
}

/** Versions that followed the search_path kept everything in `public`: beginning again would forget what is pending there. */
function elsewhereFaults({ elsewhere }: DatabaseFacts, { schemas }: DatabaseNeeds, begun: boolean): DatabaseFault[] {
  if (elsewhere === undefined || begun) return [];
  const setting = `set databaseSchema (DATABASE_SCHEMA) to '${elsewhere}' to continue with them`;
  return [
    {
      fault: `Surehook's tables are in the schema ${elsewhere}, and this stack is set to ${schemas.surehook}: ${setting}. If they are another stack's, say so`,
      mend: `create schema if not exists ${schemas.surehook}; comment on schema ${schemas.surehook} is 'begins beside ${elsewhere}'`,
    },
  ];
}

function schemaFaults(facts: DatabaseFacts, { schemas, applicationTables, pending }: DatabaseNeeds): DatabaseFault[] {
  const { role } = facts;
  const judge = (name: string, given: SchemaRights | undefined, makes: boolean): DatabaseFault[] => {
    if (given === undefined) {
      if (makes && facts.mayCreateSchema) return [];
      const mend = makes ? `create schema ${name}; grant usage, create on schema ${name} to ${role}` : undefined;
      const why = makes ? `and the role ${role} may not create it` : 'set applicationSchema to where they are';
      return [{ fault: `there is no schema ${name}, ${why}`, ...(mend !== undefined && { mend }) }];
    }
    const lacks = [
      ...(given.usage ? [] : ['usage']),
      ...(makes && pending.length > 0 && !given.create ? ['create'] : []),
    ];
    return lacks.map((right) => ({
      fault: `the role ${role} lacks ${right} on the schema ${name}`,
      mend: `grant ${right} on schema ${name} to ${role}`,
    }));
  };
  const ours = judge(schemas.surehook, facts.schemas.surehook, true);
  if (schemas.application === schemas.surehook) return ours;
  return [...ours, ...judge(schemas.application, facts.schemas.application, applicationTables === 'made')];
}

/** What stands where a migration would make something, unless an earlier migration of ours made it. */
function strangerFaults({ relations, types }: DatabaseFacts, needs: DatabaseNeeds, begun: boolean): DatabaseFault[] {
  const { surehook } = needs.schemas;
  const made = new Set(
    needs.pending.flatMap((sql) =>
      [...sql.matchAll(/^create (?:table|type|index|view) (?:\{surehook\}\.)?(\w+)/gm)].map(([, name = '']) => name),
    ),
  );
  const faults = [...relations.filter(({ place }) => place === 'surehook'), ...types]
    .filter(({ name }) => made.has(name))
    .map(({ name }) => ({
      fault: `the schema ${surehook} already has ${name.endsWith('_status') ? 'a type' : 'a relation'} ${name} that is not Surehook's: give Surehook a schema of its own (databaseSchema)`,
    }));
  const history = relations.find(({ place, name }) => place === 'surehook' && name === 'surehook_migrations');
  const isForeign =
    begun && history?.columns.filter(({ name }) => HISTORY_COLUMNS.includes(name)).length !== HISTORY_COLUMNS.length;
  return isForeign
    ? [
        ...faults,
        {
          fault: `${surehook}.surehook_migrations is not Surehook's: give Surehook a schema of its own (databaseSchema)`,
        },
      ]
    : faults;
}

const HISTORY_COLUMNS = ['version', 'name', 'applied_at'];

/** Of a table of ours that exists; one that a migration is about to make will be this role's own. */
function relationFaults(facts: DatabaseFacts, { schemas }: DatabaseNeeds, used: UsedRights): DatabaseFault[] {
  const found = facts.relations.find(({ place, name }) => place === used.place && name === used.relation);
  if (found === undefined) return [];
  const relation = `${schemas.surehook}.${used.relation}`;
  return [...rightFaults(found, used, { relation, role: facts.role }), ...hiddenRows(found, relation, facts.role)];
}

function rightFaults(
  found: RelationFacts,
  used: UsedRights,
  { relation, role }: { relation: string; role: string },
): DatabaseFault[] {
  const lacks = [...used.rights].filter((right) => !found.rights.includes(right));
  return lacks.map((right) => ({
    fault: `the role ${role} lacks ${right} on ${relation}`,
    mend: `grant ${right} on ${relation} to ${role}`,
  }));
}

function hiddenRows({ hidesRows }: RelationFacts, relation: string, role: string): DatabaseFault[] {
  if (!hidesRows) return [];
  return [
    {
      fault: `row-level security hides rows of ${relation} from the role ${role}`,
      mend: `create policy surehook_sees_all on ${relation} for all to ${role} using (true) with check (true)`,
    },
  ];
}

function typeFaults({ types, role }: DatabaseFacts, { schemas }: DatabaseNeeds): DatabaseFault[] {
  return types
    .filter(({ name, usage }) => name === 'webhook_delivery_status' && !usage)
    .map(({ name }) => ({
      fault: `the role ${role} lacks usage on the type ${schemas.surehook}.${name}`,
      mend: `grant usage on type ${schemas.surehook}.${name} to ${role}`,
    }));
}

/** Everybody may call a function, until somebody takes that away. */
function functionFaults({ functions, role }: DatabaseFacts, { schemas, rights }: DatabaseNeeds): DatabaseFault[] {
  const called = new Set(rights.filter(({ rights: used }) => used.has('execute')).map(({ relation }) => relation));
  return functions
    .filter(({ name, execute }) => called.has(name) && !execute)
    .map(({ name }) => ({
      fault: `the role ${role} lacks execute on the function ${schemas.surehook}.${name}`,
      mend: `grant execute on function ${schemas.surehook}.${name} to ${role}`,
    }));
}

/** A migration changes tables, which only their owner may. */
function ownershipFaults({ relations, role }: DatabaseFacts, { schemas, pending }: DatabaseNeeds): DatabaseFault[] {
  const changed = new Set(
    pending.flatMap((sql) =>
      [...sql.matchAll(/^(?:alter table|create (?:index|trigger)[^;]*? on) \{surehook\}\.(\w+)/gm)].map(
        ([, name = '']) => name,
      ),
    ),
  );
  return relations
    .filter(({ place, name, owned }) => place === 'surehook' && changed.has(name) && !owned)
    .map(({ name }) => ({
      fault: `the role ${role} does not own ${schemas.surehook}.${name}, which a migration changes`,
      mend: `alter table ${schemas.surehook}.${name} owner to ${role}`,
    }));
}

/** The columns that statements read of the application's tables. */
const APPLICATION_COLUMNS = { workflows: ['id', 'organization_id'], workflow_runs: ['id', 'workflow_id'] };
const INTEGERS = new Set(['smallint', 'integer', 'bigint']);
/** What a select can be made of. */
const READABLE_KINDS = new Set(['r', 'p', 'v', 'm', 'f']);

function applicationFaults(facts: DatabaseFacts, needs: DatabaseNeeds): DatabaseFault[] {
  const { schemas, applicationTables } = needs;
  const place = schemas.application === schemas.surehook ? 'surehook' : 'application';
  if (facts.schemas[place] === undefined) return [];
  return Object.entries(APPLICATION_COLUMNS).flatMap(([name, columns]) => {
    const relation = `${schemas.application}.${name}`;
    const found = facts.relations.find((known) => known.place === place && known.name === name);
    if (found === undefined) {
      if (applicationTables === 'made') return [];
      const ways = "set applicationSchema to where it is, or to 'none' where the application has no such tables";
      return [{ fault: `there is no ${relation}: ${ways}` }];
    }
    if (!READABLE_KINDS.has(found.kind)) return [{ fault: `${relation} is neither a table nor a view` }];
    return [
      ...columns.flatMap((column) => columnFaults(found, { relation, column, role: facts.role })),
      ...writeFaults(found, { relation, role: facts.role, needs }),
      ...hiddenRows(found, relation, facts.role),
    ];
  });
}

function columnFaults(
  { columns }: RelationFacts,
  { relation, column, role }: { relation: string; column: string; role: string },
): DatabaseFault[] {
  const found = columns.find(({ name }) => name === column);
  if (found === undefined) return [{ fault: `${relation} has no column ${column}` }];
  if (!INTEGERS.has(found.type)) {
    return [{ fault: `${relation}.${column} is ${found.type}, and must be smallint, integer or bigint` }];
  }
  if (found.readable) return [];
  return [
    {
      fault: `the role ${role} lacks select on ${relation} (${column})`,
      mend: `grant select on ${relation} to ${role}`,
    },
  ];
}

/** Unknown runs are registered only where these tables are Surehook's to fill. */
function writeFaults(
  { rights, name }: RelationFacts,
  { relation, role, needs }: { relation: string; role: string; needs: DatabaseNeeds },
): DatabaseFault[] {
  if (needs.applicationTables === 'found') return [];
  const used = needs.rights.find((known) => known.place === 'application' && known.relation === name);
  return [...(used?.rights ?? [])]
    .filter((right) => right !== 'select' && !rights.includes(right))
    .map((right) => ({
      fault: `the role ${role} lacks ${right} on ${relation}`,
      mend: `grant ${right} on ${relation} to ${role}`,
    }));
}

/** What enqueue reads there by itself. An order that moves deliveries looks at the table for itself, before it begins. */
function alongsideFaults(facts: DatabaseFacts, { alongside, rights, schemas }: DatabaseNeeds): DatabaseFault[] {
  if (alongside === undefined) return [];
  const { role } = facts;
  const relation = quotedTable(alongside);
  const schema = `"${alongside.schema}"`;
  const usage =
    facts.schemas.foreign?.usage === false && schema !== schemas.application
      ? [
          {
            fault: `the role ${role} lacks usage on the schema ${schema}`,
            mend: `grant usage on schema ${schema} to ${role}`,
          },
        ]
      : [];
  const found = facts.relations.find(({ place }) => place === 'foreign');
  const used = rights.find(({ place }) => place === 'foreign');
  if (found === undefined || used === undefined || !READABLE_KINDS.has(found.kind)) {
    return [
      ...usage,
      { fault: `there is no table ${relation}: set alongside (ALONGSIDE_TABLE) to where it is, or leave it out` },
    ];
  }
  const columns = Object.fromEntries(found.columns.map(({ name, type }) => [name, type]));
  return [
    ...usage,
    ...rightFaults(found, used, { relation, role }),
    ...shapeFaults(columns).map((fault) => ({ fault: `${relation}: ${fault}` })),
    ...hiddenRows(found, relation, role),
  ];
}

/** The faults as one message, each with its statement. */
export class DatabaseNotReady extends Error {
  static override readonly name = 'DatabaseNotReady';
  override readonly name = 'DatabaseNotReady';
  readonly code = 'database_not_ready';
  readonly faults: readonly DatabaseFault[];

  constructor(faults: readonly DatabaseFault[]) {
    const lines = faults.map(({ fault, mend }) => (mend === undefined ? fault : `${fault}: ${mend};`));
    super(`the database is not ready, and nothing was changed:\n${lines.join('\n')}`);
    this.faults = faults;
  }
}
