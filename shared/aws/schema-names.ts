import type { SchemaNames } from '../delivery/store-answers.ts';

/**
 * The schema names in a message of PostgreSQL, and nothing else of it. Such messages also quote values
 * (`invalid input syntax for type integer: "…"`), so a name is read only from the fixed sentences below, each matched as a
 * whole and for its own SQLSTATE, and only if it looks like a name. The Data API hands over no fields, only
 * `ERROR: sentence; Detail: …; SQLState: 23505`. If the server speaks another language (lc_messages), no names are found.
 */
export function schemaNamesIn(message: string, sqlState: string): SchemaNames {
  const sentence = firstSentence(message.slice(0, LONGEST_SENTENCE));
  for (const pattern of SENTENCES.get(sqlState) ?? []) {
    const { schema, relation, constraint, column, routine, type, sequence } = pattern.exec(sentence)?.groups ?? {};
    const only = routine ?? type ?? sequence;
    if (only !== undefined) return { relation: only, right: routine === undefined ? 'usage' : 'execute' };
    if (schema === undefined && relation === undefined && constraint === undefined && column === undefined) continue;
    return {
      ...(sqlState === '42501' && schema !== undefined ? { right: 'usage' } : {}),
      ...(schema === undefined ? {} : { schema }),
      ...(relation === undefined ? {} : { relation }),
      ...(constraint === undefined ? {} : { constraint }),
      ...(column === undefined ? {} : { column }),
    };
  }
  return {};
}

/** Fits three names of 63 characters and the longest sentence around them; no pattern matches anything longer. */
const LONGEST_SENTENCE = 500;

/** What comes before the first of the parts that hold rows: `; Detail: …`, or as the driver below writes it, on a line of its own. */
function firstSentence(message: string): string {
  return message.split(/(?:; |\n\s*)(?:Detail|Hint|Position|Where|Internal Query|Location|SQLState): /, 1)[0] ?? '';
}

const SENTENCES: ReadonlyMap<string, readonly RegExp[]> = new Map(
  Object.entries({
    '2200H': ['nextval: reached (?:maximum|minimum) value of sequence "<relation>" \\(-?\\d+\\)'],
    '23001': [
      'update or delete on table "<relation>" violates RESTRICT setting of foreign key constraint "<constraint>" on table "\\S{1,130}"',
    ],
    '23502': [
      'null value in column "<column>" of relation "<relation>" violates not-null constraint',
      'null value in column "<column>" violates not-null constraint',
    ],
    '23503': [
      'insert or update on table "<relation>" violates foreign key constraint "<constraint>"',
      'update or delete on table "<relation>" violates foreign key constraint "<constraint>" on table "\\S{1,130}"',
    ],
    '23505': [
      'duplicate key value violates unique constraint "<constraint>"',
      'could not create unique index "<constraint>"',
    ],
    '23514': [
      'new row for relation "<relation>" violates check constraint "<constraint>"',
      'check constraint "<constraint>" of relation "<relation>" is violated by some row',
      'no partition of relation "<relation>" found for row',
    ],
    '23P01': ['conflicting key value violates exclusion constraint "<constraint>"'],
    '3F000': ['schema "<schema>" does not exist'],
    '42501': [
      'permission denied for (?:table|view|materialized view|foreign table|relation) <relation>',
      'permission denied for (?:function|procedure|routine) <routine>',
      'permission denied for type <type>',
      'permission denied for sequence <sequence>',
      'permission denied for schema <schema>',
      'must be owner of (?:table|view|sequence|index|relation) <relation>',
      'new row violates row-level security policy (?:"\\S{1,130}" )?(?:\\(USING expression\\) )?for table "<relation>"',
    ],
    '42703': [
      'column "<column>" of relation "<relation>" does not exist',
      'column "<column>" does not exist',
      'column \\w+\\.<column> does not exist',
    ],
    '42P01': ['relation "(?:<schema>\\.)?<relation>" does not exist'],
    '44000': ['new row violates check option for view "<relation>"'],
    '55P03': ['could not obtain lock on (?:row in )?relation "<relation>"'],
  }).map(([sqlState, sentences]) => [sqlState, sentences.map(patternOf)]),
);

/** `<relation>` and its kind stand for an identifier as people write them: at most 63 characters, no blank, no quote. */
function patternOf(sentence: string): RegExp {
  return new RegExp(`^ERROR: ${sentence.replaceAll(/<(\w+)>/g, '(?<$1>[A-Za-z_][A-Za-z0-9_$]{0,62})')}$`);
}
