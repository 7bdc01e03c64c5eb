import Table from 'cli-table3';

/** Columns by their heading, with what each shows of a row. An undefined or null cell is empty. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | boolean | null | undefined>>;

const BORDERS = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const RULES = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const PLAIN = Object.fromEntries([...BORDERS, ...RULES].map((name) => [name, '']));

/** Rows below their headings, without lines, so that other programs can read them as well. */
export function tableOf<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const table = new Table({
    head: Object.keys(columns),
    chars: { ...PLAIN, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => Object.values(columns).map((cell) => cellOf(cell(row)))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What comes from outside must not steer the terminal or break the row. */
function cellOf(value: string | number | boolean | null | undefined): string {
  return String(value ?? '').replaceAll(/\p{Cc}/gu, ' ');
}
