-- Loses no delivery and no attempt. Rows that ended as invalid_row keep that word: the narrower checks are not validated.

drop index {surehook}.webhook_deliveries_uncounted;

alter table {surehook}.webhook_delivery_attempts drop column lease_token;

alter table {surehook}.webhook_deliveries drop column death_counted;

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
  )
) not valid;
