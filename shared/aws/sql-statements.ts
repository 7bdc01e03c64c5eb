/**
 * Splits a migration into its statements, because the Data API takes one statement per call. Semicolons inside quotes, quoted
 * names, dollar quotes and comments do not split.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  while (at < sql.length) {
    if (sql[at] === ';') {
      statements.push(sql.slice(start, at));
      start = ++at;
    } else {
      at = skipToken(sql, at);
    }
  }
  statements.push(sql.slice(start));
  return statements.map((statement) => statement.trim()).filter(holdsCode);
}

/** The position after the quoted text, comment or character that begins at `at`. */
function skipToken(sql: string, at: number): number {
  const rest = sql.slice(at, at + 2);
  if (rest === '--') return endOf(sql, '\n', at);
  if (rest === '/*') return skipBlockComment(sql, at);
  // Within a name a dollar is a letter like any other.
  const dollar = /[\w$]/.test(sql[at - 1] ?? '') ? null : /^\$(?:[A-Za-z_]\w*)?\$/.exec(sql.slice(at, at + 65));
  if (dollar !== null) return endOf(sql, dollar[0], at + dollar[0].length);
  // A doubled quote is read as two adjacent texts, which splits at the same places.
  if (sql[at] === "'" && /[eE]/.test(sql[at - 1] ?? '') && !/\w/.test(sql[at - 2] ?? '')) return skipEscaped(sql, at);
  if (sql[at] === "'" || sql[at] === '"') return endOf(sql, sql[at] ?? '', at + 1);
  return at + 1;
}

function endOf(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

/** E'…' has backslash escapes. */
function skipEscaped(sql: string, at: number): number {
  for (let next = at + 1; next < sql.length; next++) {
    if (sql[next] === '\\') next++;
    else if (sql[next] === "'") return next + 1;
  }
  return sql.length;
}

/** Block comments nest in PostgreSQL. */
function skipBlockComment(sql: string, at: number): number {
  let depth = 0;
  for (let next = at; next < sql.length; next++) {
    const two = sql.slice(next, next + 2);
    if (two === '/*') depth++;
    if (two === '*/' && --depth === 0) return next + 2;
    if (two === '/*' || two === '*/') next++;
  }
  return sql.length;
}

function holdsCode(statement: string): boolean {
  let at = 0;
  while (at < statement.length) {
    const isComment = statement.startsWith('--', at) || statement.startsWith('/*', at);
    if (!isComment && !/\s/.test(statement[at] ?? '')) return true;
    at = skipToken(statement, at);
  }
  return false;
}
