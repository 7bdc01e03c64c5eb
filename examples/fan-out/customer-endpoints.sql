-- Where customers want webhooks, and what there is to tell them: tables of the application's own. fan-out.ts works with them.

create table customer_endpoints (
  id bigint generated always as identity primary key,
  organization_id bigint not null,
  url text not null,
  event_types text[] not null,
  credential_uuid uuid,
  is_active boolean not null default true
);

create table customer_events (
  id bigint generated always as identity primary key,
  organization_id bigint not null,
  type text not null,
  data jsonb not null,
  happened_at timestamptz not null default now(),
  handed_over_at timestamptz,
  -- Endpoints that Surehook would not take, each with the reason.
  refused jsonb not null default '[]'
);

create index customer_events_to_hand_over on customer_events (id) where handed_over_at is null;
