/** What the product does to a relation or a function, as PostgreSQL names the right to it. */
type Right = 'select' | 'insert' | 'update' | 'delete' | 'execute';

/** The rights on one relation or function; `place` is the placeholder of its schema, or of another pipeline's table. */
export type UsedRights = {
  place: 'surehook' | 'application' | 'foreign';
  relation: string;
  rights: ReadonlySet<Right>;
};

/**
 * The rights that these statements use, read from their text: they name every relation with the placeholder of its schema. So
 * the list cannot fall behind the statements; a test runs each of them with these rights alone.
 */
export function usedRights(statements: readonly string[]): UsedRights[] {
  return [...rightsNamedIn(statements)]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, rights]) => {
      const [, place, relation = ''] = /^\{(\w+)\}(?:\.(\w+))?$/.exec(name) ?? [];
      return { place: place === 'application' || place === 'foreign' ? place : 'surehook', relation, rights };
    });
}

/** The same by the names as they stand there: `{surehook}.webhook_deliveries`, `{foreign}` or `"app"."webhook_deliveries"`. */
export function rightsNamedIn(statements: readonly string[]): ReadonlyMap<string, ReadonlySet<Right>> {
  const used = new Map<string, Set<Right>>();
  for (const sql of statements) {
    for (const [right, pattern] of PATTERNS) {
      for (const [, name = ''] of sql.matchAll(pattern)) used.set(name, (used.get(name) ?? new Set()).add(right));
    }
  }
  return used;
}

/** What a parenthesis follows at once is a function of ours. */
const RELATION = String.raw`(\{(?:surehook|application)\}\.\w+\b(?!\()|\{foreign\}|"[^"\n]+"\."[^"\n]+")`;

/** An insert that answers what it wrote, or finds a conflict, reads; an update reads the rows that it looks for. */
const PATTERNS: readonly [Right, RegExp][] = (
  [
    ['select', String.raw`\b(?:from|join|update)\s+${RELATION}`],
    ['select', String.raw`\binsert into ${RELATION}[^;]*?\b(?:on conflict|returning)\b`],
    ['insert', String.raw`\binsert into ${RELATION}`],
    ['update', String.raw`\bupdate ${RELATION}`],
    ['update', String.raw`\binsert into ${RELATION}(?:(?!\binsert into\b)[^;])*?\bon conflict [^;]*?\bdo update\b`],
    // To lock a row is to be allowed to change it.
    ['update', String.raw`\bfrom ${RELATION} (\w+)\b(?:(?!\bfrom \{)[^;])*?\bfor update(?: of \2\b|(?! of\b))`],
    ['delete', String.raw`\bdelete from ${RELATION}`],
    ['execute', String.raw`(\{surehook\}\.\w+)\(`],
  ] as const
).map(([right, pattern]) => [right, new RegExp(pattern, 'g')]);
