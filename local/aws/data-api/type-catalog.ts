import type { ClientBase } from 'pg';

export type PostgresType = {
  /** As in pg_type: `int8`, `_text`, or a name of the user's. */
  name: string;
  isEnum: boolean;
  /** Of an array type. */
  element: string | undefined;
};

type TypeRow = { oid: number; name: string; is_enum: boolean; element: string | null };

/** The types of one database by oid, each read once. */
export class TypeCatalog {
  readonly #types = new Map<number, PostgresType>();

  /** Asked on the connection that ran the statement: a type made in its open transaction is visible nowhere else. */
  async read(client: ClientBase, oids: readonly number[]): Promise<PostgresType[]> {
    const missing = oids.filter((oid) => !this.#types.has(oid));
    if (missing.length > 0) await this.#load(client, missing);
    return oids.map((oid) => this.#types.get(oid) ?? { name: String(oid), isEnum: false, element: undefined });
  }

  async #load(client: ClientBase, oids: readonly number[]): Promise<void> {
    const { rows } = await client.query<TypeRow>(
      `select t.oid, t.typname as name, t.typtype = 'e' as is_enum, e.typname as element
       from pg_catalog.pg_type t left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
       where t.oid = any ($1)`,
      [oids],
    );
    for (const row of rows) {
      this.#types.set(row.oid, { name: row.name, isEnum: row.is_enum, element: row.element ?? undefined });
    }
  }
}
