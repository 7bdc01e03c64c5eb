/** A statement with `:name` rewritten to `$1`, `$2`, …; a name used twice keeps its number. */
export type RewrittenStatement = { text: string; names: readonly string[] };

/** Text that both readers below skip. `E'…'` strings know backslashes, comments nest. */
type Skipped = { dollarQuotes: boolean };

const NAME = /[A-Za-z0-9_]+/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

/**
 * Rewrites placeholders as the Data API does: it respects strings, quoted names, comments and `::`, but knows no dollar
 * quotes (`$$a :b$$` becomes `$$a $1$$`), and takes `:2` of the array slice `a[1:2]` for a placeholder too.
 */
export function rewritePlaceholders(sql: string): RewrittenStatement {
  const numbers = new Map<string, number>();
  let text = '';
  let copied = 0;
  for (let at = 0; at < sql.length;) {
    const past = skip(sql, at, { dollarQuotes: false });
    if (past > at) {
      at = past;
    } else if (sql.startsWith('::', at)) {
      at += 2;
    } else if (sql[at] === ':') {
      const name = matchAt(NAME, sql, at + 1);
      if (name !== '') {
        const number = numbers.get(name) ?? numbers.size + 1;
        numbers.set(name, number);
        text += `${sql.slice(copied, at)}$${number}`;
        copied = at + 1 + name.length;
      }
      at += 1 + name.length;
    } else {
      at++;
    }
  }
  return { text: text + sql.slice(copied), names: [...numbers.keys()] };
}

/** Whether anything but blanks and comments follows a semicolon that ends a statement. */
export function holdsSeveralStatements(sql: string): boolean {
  let ended = false;
  for (let at = 0; at < sql.length;) {
    const comment = skipComment(sql, at);
    if (comment > at) {
      at = comment;
      continue;
    }
    if (ended && !/[\s;]/.test(sql.charAt(at))) return true;
    if (sql[at] === ';') ended = true;
    at = Math.max(at + 1, skip(sql, at, { dollarQuotes: true }));
  }
  return false;
}

/** The position after the text to skip that starts at `at`, or `at` itself if there is none. */
function skip(sql: string, at: number, { dollarQuotes }: Skipped): number {
  const comment = skipComment(sql, at);
  if (comment > at) return comment;
  const char = sql[at];
  if (char === "'") return skipQuoted(sql, at, isEscapeString(sql, at) ? 'backslashes count' : 'plain');
  if (char === '"') return skipQuoted(sql, at, 'plain');
  if (char === '$' && dollarQuotes && !/[A-Za-z0-9_$]/.test(sql.charAt(at - 1))) {
    const tag = matchAt(DOLLAR_TAG, sql, at);
    if (tag !== '') return endAfter(sql, tag, at + tag.length);
  }
  return at;
}

function skipComment(sql: string, at: number): number {
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at);
  if (!sql.startsWith('/*', at)) return at;
  let depth = 0;
  for (let next = at; next < sql.length;) {
    if (sql.startsWith('/*', next)) {
      depth++;
      next += 2;
    } else if (sql.startsWith('*/', next)) {
      depth--;
      next += 2;
      if (depth === 0) return next;
    } else {
      next++;
    }
  }
  return sql.length;
}

/** A doubled quote inside reads as an end and a new start, which has the same effect. */
function skipQuoted(sql: string, at: number, reading: 'plain' | 'backslashes count'): number {
  const quote = sql.charAt(at);
  for (let next = at + 1; next < sql.length; next++) {
    if (sql[next] === '\\' && reading === 'backslashes count') next++;
    else if (sql[next] === quote) {
      if (sql[next + 1] !== quote) return next + 1;
      next++;
    }
  }
  return sql.length;
}

/** `E'…'`, and not the end of a longer word: `some_type'…'`. */
function isEscapeString(sql: string, at: number): boolean {
  return /[eE]/.test(sql.charAt(at - 1)) && !/[A-Za-z0-9_$]/.test(sql.charAt(at - 2));
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

function matchAt(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? '';
}
