import type { MetricIdentity } from '../../template/stack-description.ts';
import { NotEvaluated } from './not-evaluated.ts';

/** A search for metrics: CloudWatch draws a line for each one it finds. */
export type MetricSearch = {
  namespace: string;
  /** The names of its dimensions, all of them. */
  dimensionNames: readonly string[];
  /** The required values of single dimensions, or of `MetricName`. */
  terms: ReadonlyMap<string, string>;
  stat: string;
};

const SEARCH = /^\s*SEARCH\(\s*'\s*\{([^}]*)\}([^']*)'\s*,\s*'([^']+)'\s*(?:,\s*\d+\s*)?\)\s*$/;
const TERM = /\s*(\w+)\s*=\s*"([^"]*)"/y;

/**
 * Reads `SEARCH('{Namespace,dimension,…} MetricName="…" dimension="…"', 'Sum', 300)`; undefined for anything but a search.
 * Throws NotEvaluated for one with words, brackets or operators of other kinds.
 */
export function parseSearch(expression: string): MetricSearch | undefined {
  if (!/^\s*SEARCH\b/.test(expression)) return undefined;
  const [, schema, conditions, stat] = SEARCH.exec(expression) ?? [];
  if (schema === undefined || conditions === undefined || stat === undefined) throw notEvaluated(expression);
  const [namespace = '', ...dimensionNames] = schema.split(',').map((part) => part.trim().replace(/^"(.*)"$/, '$1'));
  const terms = new Map<string, string>();
  TERM.lastIndex = 0;
  let read = 0;
  for (let term = TERM.exec(conditions); term !== null; term = TERM.exec(conditions)) {
    terms.set(term[1] ?? '', term[2] ?? '');
    read = TERM.lastIndex;
  }
  if (conditions.slice(read).trim() !== '') throw notEvaluated(expression);
  return { namespace, dimensionNames, terms, stat };
}

export function searchFinds(search: MetricSearch, { namespace, name, dimensions }: MetricIdentity): boolean {
  const names = Object.keys(dimensions);
  return (
    namespace === search.namespace &&
    names.length === search.dimensionNames.length &&
    names.every((dimension) => search.dimensionNames.includes(dimension)) &&
    [...search.terms].every(([term, value]) => (term === 'MetricName' ? name : dimensions[term]) === value)
  );
}

/** What tells one found metric from the others: the dimensions the search leaves open. */
export function foundLabel(search: MetricSearch, { name, dimensions }: MetricIdentity): string {
  const open = search.dimensionNames.filter((dimension) => !search.terms.has(dimension));
  const parts = open.map((dimension) => dimensions[dimension] ?? '');
  return [...(search.terms.has('MetricName') && parts.length > 0 ? [] : [name]), ...parts].join(' ');
}

function notEvaluated(expression: string): NotEvaluated {
  return new NotEvaluated(`the search ${expression}`);
}
