-- What is held becomes due again: the older functions know nothing of endpoints, and attempt it. Dead letters that ended as
-- endpoint_down keep that word: the narrower checks are not validated.

update {surehook}.webhook_deliveries set scheduled_for = now()
where held_by is not null and status = 'pending' and lease_expires_at is null;

drop index {surehook}.webhook_deliveries_held;

alter table {surehook}.webhook_deliveries drop column held_seconds;
alter table {surehook}.webhook_deliveries drop column held_called_at;
alter table {surehook}.webhook_deliveries drop column held_due_at;
alter table {surehook}.webhook_deliveries drop column held_since;
alter table {surehook}.webhook_deliveries drop column held_for;
alter table {surehook}.webhook_deliveries drop column held_by;

drop function {surehook}.webhook_endpoint_keys(bigint, text);

drop table {surehook}.webhook_endpoints;

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'cancelled', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'cancelled', 'internal'
  )
) not valid;
