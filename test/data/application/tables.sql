-- Tables of an application that delivered its webhooks itself: the names and types of a public project, as test data. What
-- Surehook meets when it moves in beside them.
create type workflow_status as enum ('active','archived');
create type workflow_call_type as enum ('inbound','outbound');
create type workflow_run_state as enum ('initialized','running','completed');
create type storage_backend as enum ('s3','minio');
create type quota_type as enum ('monthly','annual');
create type webhook_credential_type as enum ('none','api_key','bearer_token','basic_auth','custom_header');
create type webhook_delivery_status as enum ('pending','succeeded','dead_letter');
create table alembic_version (version_num varchar(32) primary key);
insert into alembic_version values ('d4b83a1f6c27');
create table users (id serial primary key, provider_id varchar not null, created_at timestamptz, selected_organization_id integer, is_superuser boolean, email varchar, password_hash varchar);
create table organizations (id serial primary key, provider_id varchar not null unique, created_at timestamptz, quota_type quota_type not null default 'monthly', quota_dograh_tokens integer not null default 0, quota_reset_day integer not null default 1, quota_start_date timestamptz, quota_enabled boolean not null default false, price_per_second_usd double precision);
create table folders (id serial primary key, organization_id integer not null references organizations(id), name varchar not null, created_at timestamptz);
create table workflows (id serial primary key, workflow_uuid varchar(36) not null unique, user_id integer references users(id), organization_id integer references organizations(id), folder_id integer references folders(id) on delete set null, name varchar not null, status workflow_status not null default 'active', workflow_definition json not null, template_context_variables json not null, call_disposition_codes json not null, workflow_configurations json not null default '{}', created_at timestamptz, released_definition_id integer);
create table workflow_definitions (id serial primary key, workflow_hash varchar, workflow_json json not null, workflow_id integer references workflows(id), is_current boolean not null default false, created_at timestamptz, status varchar not null default 'published', version_number integer, published_at timestamptz, workflow_configurations json not null default '{}', template_context_variables json not null default '{}');
alter table workflows add foreign key (released_definition_id) references workflow_definitions(id);
create table campaigns (id serial primary key, name varchar, organization_id integer references organizations(id));
create table queued_runs (id serial primary key, campaign_id integer references campaigns(id));
create table workflow_runs (id serial primary key, name varchar not null, workflow_id integer not null references workflows(id), definition_id integer references workflow_definitions(id), mode varchar(64) not null, call_type workflow_call_type not null default 'outbound', state workflow_run_state not null default 'initialized', is_completed boolean, recording_url varchar, transcript_url varchar, extra json not null default '{}', storage_backend storage_backend not null default 's3', usage_info json not null, cost_info json not null, initial_context json not null, gathered_context json not null, logs json not null default '{}', annotations json not null, created_at timestamptz, campaign_id integer references campaigns(id), queued_run_id integer references queued_runs(id), public_access_token varchar(36));
create unique index idx_workflow_runs_public_access_token on workflow_runs(public_access_token) where public_access_token is not null;
create index idx_workflow_runs_call_id on workflow_runs((gathered_context->>'call_id')) where gathered_context->>'call_id' is not null;
create index idx_workflow_runs_workflow_id on workflow_runs(workflow_id);
create index idx_workflow_runs_campaign_id on workflow_runs(campaign_id);
create table external_credentials (id serial primary key, credential_uuid varchar(36) not null unique, organization_id integer not null references organizations(id) on delete cascade, name varchar not null, description varchar, credential_type webhook_credential_type not null, credential_data json not null, created_by integer not null references users(id), created_at timestamptz, updated_at timestamptz, is_active boolean not null, constraint unique_org_credential_name unique(organization_id,name));
create table webhook_deliveries (id serial primary key, delivery_uuid varchar(36) not null, workflow_run_id integer not null references workflow_runs(id) on delete cascade, organization_id integer not null references organizations(id) on delete cascade, webhook_name varchar, endpoint_url varchar not null, http_method varchar not null, payload json not null, custom_headers json, credential_uuid varchar(36), webhook_node_id varchar not null, status webhook_delivery_status not null default 'pending', attempt_count integer not null default 0, max_attempts integer not null default 5, scheduled_for timestamptz, last_status_code integer, last_error text, created_at timestamptz, updated_at timestamptz, constraint uq_webhook_deliveries_run_node unique (workflow_run_id, webhook_node_id));
create unique index ix_webhook_deliveries_delivery_uuid on webhook_deliveries(delivery_uuid);
create index idx_webhook_deliveries_run on webhook_deliveries(workflow_run_id);
create index idx_webhook_deliveries_pending_scheduled on webhook_deliveries(scheduled_for) where status='pending';
