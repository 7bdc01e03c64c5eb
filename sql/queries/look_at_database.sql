-- look_at_database: what the migration has to know before it changes anything: who asks, which schemas there are, and what
-- stands in them under Surehook's names or those of the application's tables, and the table of the pipeline that runs beside.
-- Catalogs only: no row of anybody is read.
-- in    nothing
-- out   facts (json): role, may_create_schema, schemas (of surehook, application and foreign: usage, create; absent where there is
--       none), relations, types, functions, and elsewhere: where an earlier version, which followed the search_path, left its tables
--       and no comment on our schema says that it begins beside them

with places (place, schema) as (
  values ('surehook', to_regnamespace('{surehook}')), ('application', to_regnamespace('{application}'))
  union all
  select 'foreign', cast(oid as regnamespace) from pg_namespace where starts_with('{foreign}', format('"%s".', nspname))
), relations as (
  select
    p.place,
    c.relname as name,
    c.relkind as kind,
    pg_has_role(c.relowner, 'USAGE') as owned,
    c.relkind in ('r', 'p') and row_security_active(c.oid) and not (
      -- A policy that lets this role see everything, and none that takes away from it.
      exists (
        select from pg_policy y
        where y.polrelid = c.oid and y.polpermissive and y.polcmd in ('*', 'r') and pg_get_expr(y.polqual, c.oid) = 'true'
          and (y.polroles = '{0}' or exists (select from unnest(y.polroles) u (id) where pg_has_role(u.id, 'USAGE')))
      )
      and not exists (select from pg_policy y where y.polrelid = c.oid and not y.polpermissive)
    ) as hides_rows,
    (
      select jsonb_agg(r.name)
      from unnest(array['select', 'insert', 'update', 'delete']) as r (name)
      where c.relkind <> 'S' and c.relkind <> 'i' and has_table_privilege(c.oid, r.name)
    ) as rights,
    (
      select jsonb_agg(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, null),
        'readable', has_column_privilege(c.oid, a.attnum, 'select')
      ))
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and (p.place = 'foreign' or a.attname in ('id', 'organization_id', 'workflow_id', 'version', 'name', 'applied_at'))
    ) as columns
  from places p
  join pg_class c on c.relnamespace = p.schema
  where p.place = 'surehook' and (c.relname like 'webhook\_%' or c.relname like 'surehook\_%')
    or p.place <> 'foreign' and c.relname in ('workflows', 'workflow_runs')
    or p.place = 'foreign' and right('{foreign}', length(c.relname) + 3) = format('."%s"', c.relname)
), types as (
  select t.typname as name, has_type_privilege(t.oid, 'USAGE') as usage
  from places p
  join pg_type t on t.typnamespace = p.schema and t.typtype = 'e'
  where p.place = 'surehook' and t.typname like 'webhook\_%'
), functions as (
  select f.proname as name, bool_and(has_function_privilege(f.oid, 'execute')) as execute
  from places p
  join pg_proc f on f.pronamespace = p.schema
  where p.place = 'surehook' and f.proname like 'webhook\_%'
  group by f.proname
)
select cast(jsonb_build_object(
  'role', quote_ident(current_user),
  'may_create_schema', has_database_privilege(current_database(), 'create'),
  'schemas', (
    select jsonb_object_agg(place, jsonb_build_object(
      'usage', has_schema_privilege(schema, 'usage'), 'create', has_schema_privilege(schema, 'create')
    ))
    from places
    where schema is not null
  ),
  'relations', (select jsonb_agg(to_jsonb(r) order by r.place, r.name) from relations r),
  'types', (select jsonb_agg(to_jsonb(t) order by t.name) from types t),
  'functions', (select jsonb_agg(to_jsonb(f) order by f.name) from functions f),
  'elsewhere', (
    select cast(cast(c.relnamespace as regnamespace) as text)
    from pg_class c
    where c.relname = 'surehook_migrations'
      and c.relkind = 'r'
      and c.relnamespace in (to_regnamespace('public'), (select relnamespace from pg_class where oid = to_regclass('surehook_migrations')))
      and c.relnamespace is distinct from to_regnamespace('{surehook}')
      and obj_description(to_regnamespace('{surehook}'), 'pg_namespace')
        is distinct from 'begins beside ' || cast(cast(c.relnamespace as regnamespace) as text)
    limit 1
  )
) as text) as facts
