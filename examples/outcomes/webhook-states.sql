-- The application's own view of its webhooks, by run and node. note-outcome.ts writes it.

create table webhook_states (
  workflow_run_id bigint not null,
  webhook_node_id text not null,
  status text not null,
  reason text,
  ended_at timestamptz not null,
  primary key (workflow_run_id, webhook_node_id)
);
