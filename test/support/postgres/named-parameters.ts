import { inPublic } from './public-schemas.ts';

export type NamedValues = Readonly<Record<string, string | number | boolean | null>>;

/** A statement of sql/queries as `pg` runs it: what is not named is null. For plans, which the Data API does not show. */
export function withNumberedParameters(sql: string, named: NamedValues): { text: string; values: unknown[] } {
  const names: string[] = [];
  const text = inPublic(sql).replaceAll(/'[^']*'|(?<!:):([a-z]\w*)/g, (found, name?: string) => {
    if (name === undefined) return found;
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, values: names.map((name) => named[name] ?? null) };
}
