-- Outcomes that have not been announced yet: written by the statement that ends a delivery or turns an endpoint, and gone once an
-- event has been put. A row of its own says what was so at that instant, whatever becomes of the delivery afterwards.

create table {surehook}.webhook_outcomes (
  id bigint generated always as identity primary key,
  -- The same in every repeat of the event.
  event_id uuid not null default gen_random_uuid(),
  type text not null,
  happened_at timestamptz not null,
  -- From then on the sweep announces it: before, the worker that wrote it is about to.
  due_at timestamptz not null,
  organization_id bigint not null,
  -- Scheme, host and port. Paths carry tokens.
  origin text,
  reason text,
  -- Of a delivery.
  delivery_id bigint,
  delivery_uuid uuid,
  workflow_run_id bigint,
  webhook_node_id text,
  webhook_name text,
  status_code integer,
  attempts integer,
  created_at timestamptz,
  -- Of an endpoint, or an origin.
  scope text,
  outage_id uuid,
  failures integer,
  down_since timestamptz,
  constraint webhook_outcomes_type check (type in ('delivered', 'dead_lettered', 'recovered', 'down', 'up')),
  constraint webhook_outcomes_about check (
    case when type in ('down', 'up') then outage_id is not null else delivery_id is not null end
  )
);

-- Names one time of being down. The event that says so bears it as its own id.
alter table {surehook}.webhook_endpoints add column outage_id uuid;

-- What may be told of a URL: no path, no query, and no user info, which only rows written without enqueue have.
create function {surehook}.webhook_origin(endpoint_url text)
returns text
language sql immutable parallel safe
as $$ select left(regexp_replace(substring($1 from '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*'), '//[^/]*@', '//'), 300) $$;
