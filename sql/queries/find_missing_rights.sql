-- find_missing_rights: which of these rights the role lacks. PostgreSQL refuses a statement with the name of the relation alone. Catalogs
-- only.
-- in    :rights (json: relation, with its schema and quoted, and right)
-- out   right, for each that is missing

select r."right"
from jsonb_to_recordset(cast(:rights as jsonb)) as r (relation text, "right" text)
where not has_table_privilege(to_regclass(r.relation), r."right")
  -- Where each column is granted, the table need not be.
  and not (r."right" <> 'delete' and has_any_column_privilege(to_regclass(r.relation), r."right"))
order by r."right"
