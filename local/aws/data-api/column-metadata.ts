import type { ClientBase, FieldDef } from 'pg';
import type { PostgresType } from './type-catalog.ts';

/** Facts about a column that are known from its table but not from a result. */
type Attribute = { schema: string; table: string; notNull: boolean; generated: boolean };
type AttributeRow = {
  table_id: number;
  column_id: number;
  schema: string;
  table: string;
  not_null: boolean;
  generated: boolean;
};

type Shape = { jdbcType: number; precision: number; scale: number; signed: boolean; caseSensitive: boolean };

const MAX_INT = 2_147_483_647;
const textual = { precision: MAX_INT, scale: 0, signed: false, caseSensitive: true };
const number = { scale: 0, signed: true, caseSensitive: false };
const temporal = { scale: 0, signed: false, caseSensitive: false };

/** Types, precisions and flags in the terms of JDBC (java.sql.Types), in which the Data API describes columns. */
const SHAPES: Readonly<Record<string, Shape>> = {
  bool: { jdbcType: -7, precision: 1, scale: 0, signed: false, caseSensitive: false },
  int2: { ...number, jdbcType: 5, precision: 5 },
  int4: { ...number, jdbcType: 4, precision: 10 },
  int8: { ...number, jdbcType: -5, precision: 19 },
  oid: { ...number, jdbcType: -5, precision: 10, signed: false },
  float4: { ...number, jdbcType: 7, precision: 8, scale: 8 },
  float8: { ...number, jdbcType: 8, precision: 17, scale: 17 },
  numeric: { ...number, jdbcType: 2, precision: 0 },
  bytea: { ...textual, jdbcType: -2 },
  text: { ...textual, jdbcType: 12 },
  varchar: { ...textual, jdbcType: 12 },
  name: { ...textual, jdbcType: 12 },
  bpchar: { ...textual, jdbcType: 1 },
  date: { ...temporal, jdbcType: 91, precision: 13 },
  time: { ...temporal, jdbcType: 92, precision: 15, scale: 6 },
  timestamp: { ...temporal, jdbcType: 93, precision: 29, scale: 6 },
  timestamptz: { ...temporal, jdbcType: 93, precision: 35, scale: 6 },
};
const OTHER: Shape = { ...textual, jdbcType: 1111 };
const JDBC_ARRAY = 2003;
const SERIAL: Readonly<Record<string, string>> = { int2: 'smallserial', int4: 'serial', int8: 'bigserial' };

/** Describes result columns; the facts from tables are read once per column. */
export class ColumnDescriber {
  readonly #attributes = new Map<string, Attribute>();

  /** After DDL. */
  forget(): void {
    this.#attributes.clear();
  }

  /** @returns the ColumnMetadata of each column, as JSON objects. */
  async describe(client: ClientBase, columns: readonly FieldDef[], types: readonly PostgresType[]): Promise<object[]> {
    const unread = columns.filter((column) => column.tableID !== 0 && !this.#attributes.has(keyOf(column)));
    if (unread.length > 0) await this.#load(client, unread);
    return columns.map((column, index) => {
      const type = types[index] ?? { name: 'text', isEnum: false, element: undefined };
      return describeColumn(column, type, this.#attributes.get(keyOf(column)));
    });
  }

  async #load(client: ClientBase, columns: readonly FieldDef[]): Promise<void> {
    const { rows } = await client.query<AttributeRow>(
      `select a.attrelid as table_id, a.attnum as column_id, n.nspname as schema, c.relname as table,
         a.attnotnull as not_null,
         a.attidentity <> '' or coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) like 'nextval(%', false) as generated
       from pg_catalog.pg_attribute a
       join pg_catalog.pg_class c on c.oid = a.attrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = any ($1)`,
      [columns.map((column) => column.tableID)],
    );
    for (const row of rows) {
      this.#attributes.set(`${row.table_id}.${row.column_id}`, {
        schema: row.schema,
        table: row.table,
        notNull: row.not_null,
        generated: row.generated,
      });
    }
  }
}

function keyOf(column: FieldDef): string {
  return `${column.tableID}.${column.columnID}`;
}

function describeColumn(column: FieldDef, type: PostgresType, attribute: Attribute | undefined): object {
  const shape = shapeOf(column, type);
  const generated = attribute?.generated ?? false;
  return {
    arrayBaseColumnType: type.element === undefined ? 0 : (SHAPES[type.element] ?? OTHER).jdbcType,
    isAutoIncrement: generated,
    isCaseSensitive: shape.caseSensitive,
    isCurrency: false,
    isSigned: shape.signed,
    label: column.name,
    name: column.name,
    // 0 no nulls, 1 nullable, 2 unknown.
    nullable: attribute === undefined ? 2 : attribute.notNull ? 0 : 1,
    precision: shape.precision,
    scale: shape.scale,
    schemaName: attribute?.schema ?? '',
    tableName: attribute?.table ?? '',
    type: shape.jdbcType,
    typeName: (generated ? SERIAL[type.name] : undefined) ?? type.name,
  };
}

function shapeOf(column: FieldDef, type: PostgresType): Shape {
  if (type.element !== undefined) return { ...OTHER, jdbcType: JDBC_ARRAY };
  const shape = type.isEnum ? { ...textual, jdbcType: 12 } : (SHAPES[type.name] ?? OTHER);
  // The declared length or precision, plus 4 bytes of header; -1 when there is none.
  const modifier = column.dataTypeModifier - 4;
  if (modifier < 0) return shape;
  if (type.name === 'numeric') return { ...shape, precision: modifier >> 16, scale: modifier & 0xffff };
  return type.name === 'varchar' || type.name === 'bpchar' ? { ...shape, precision: modifier } : shape;
}
