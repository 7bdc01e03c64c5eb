-- What is needed to tell whose outcome a late one is, to count every dead letter once, and to name a row that cannot be sent.

-- The token of a claim whose worker never reported: an outcome that comes by message has to show it.
alter table {surehook}.webhook_delivery_attempts add column lease_token uuid;

-- Whether the sweep has counted this death. What died before was counted by its worker.
alter table {surehook}.webhook_deliveries add column death_counted boolean not null default true;
alter table {surehook}.webhook_deliveries alter column death_counted set default false;

create index webhook_deliveries_uncounted on {surehook}.webhook_deliveries (id)
where status = 'dead_letter' and not death_counted;

-- Not validated: every row satisfies the narrower one that this replaces, and the table need not be read under a lock.
alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;
