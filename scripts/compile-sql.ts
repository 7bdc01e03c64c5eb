// Writes sql/compiled-queries.ts and sql/compiled-migrations.ts: the statements as modules, so that a bundle contains them and
// reads no file. Run `npm run sql` after a change; a test fails if it was forgotten.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('../sql/', import.meta.url);

const WRITTEN = '// Written by scripts/compile-sql.ts from the files beside it: edit those.\n\n';

/** The text that sql/compiled-queries.ts must have: an export for each statement, so that a bundle holds those it uses. */
export function compileQueries(): string {
  const queries = namesIn('queries/').map((file) => {
    const name = file.replace(/\.sql$/, '').replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const sql = textOf(file);
    const parameters = parametersOf(sql).map((parameter) => `'${parameter}'`);
    return `export const ${name} = {\n  sql: ${literal(sql)},\n  parameters: [${parameters.join(', ')}],\n} as const;\n`;
  });
  return `${WRITTEN}${queries.join('\n')}`;
}

/** The text that sql/compiled-migrations.ts must have. */
export function compileMigrations(): string {
  const files = namesIn('migrations/');
  const migrations = files
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => {
      const [, version, name] = /^(\d{4})_(\w+)\.up\.sql$/.exec(file) ?? [];
      if (version === undefined || name === undefined)
        throw new Error(`sql/migrations/${file} is not NNNN_name.up.sql`);
      const up = literal(read(`migrations/${file}`));
      const down = literal(read(`migrations/${file.replace('.up.', '.down.')}`));
      const losing = file.replace('.up.', '.loses.');
      const loses = files.includes(losing) ? `, loses: ${literal(read(`migrations/${losing}`))}` : '';
      return `  { version: ${Number(version)}, name: '${name}', up: ${up}, down: ${down}${loses} },`;
    });
  const head =
    'export const migrations: readonly { version: number; name: string; up: string; down: string; loses?: string }[] = [';
  return [`${WRITTEN}${head}`, ...migrations, '];', ''].join('\n');
}

/** A statement, or what a file puts in place of one CTE of another: two statements that share the rest. */
function textOf(file: string): string {
  const source = read(`queries/${file}`);
  const own = withoutComments(source);
  const [, cte, whole] = /^-- instead of (\w+) in (\w+)$/m.exec(source) ?? [];
  if (cte === undefined || whole === undefined) return own;
  const parts = withoutComments(read(`queries/${whole}.sql`)).split(
    new RegExp(`\\b${cte} as materialized \\(\n[^]*?\n\\)`),
  );
  if (parts.length !== 2) throw new Error(`sql/queries/${whole}.sql has no single CTE ${cte}, as ${file} expects`);
  return parts.join(own);
}

function namesIn(folder: string): string[] {
  return readdirSync(new URL(folder, here)).sort();
}

function read(path: string): string {
  return readFileSync(new URL(path, here), 'utf8');
}

/** Line comments are for readers; sent along, they would add bytes to every call. */
function withoutComments(sql: string): string {
  return sql
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .trim();
}

/** The names of a statement's parameters, each once: `:name` outside quotes, but not a `::` cast. */
function parametersOf(sql: string): string[] {
  const found = sql.replaceAll(/'[^']*'|"[^"]*"/g, '').matchAll(/(?<![:\w]):([A-Za-z]\w*)/g);
  return [...new Set([...found].map(([, name = '']) => name))].sort();
}

function literal(text: string): string {
  return `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('compiled-queries.ts', here), compileQueries());
  writeFileSync(new URL('compiled-migrations.ts', here), compileMigrations());
}
