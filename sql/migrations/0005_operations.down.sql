-- Loses no delivery. Rows that ended as cancelled keep that word: the narrower checks are not validated.

drop index {surehook}.webhook_deliveries_redelivered;
drop index {surehook}.webhook_deliveries_standing;
drop index {surehook}.webhook_deliveries_expunged_at_end;
drop index {surehook}.webhook_deliveries_expunged;
drop index {surehook}.webhook_deliveries_over;
drop index {surehook}.webhook_deliveries_by_organization;
drop index {surehook}.webhook_deliveries_by_age;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;

alter table {surehook}.webhook_deliveries
  drop column replay_of,
  drop column cancelled_by,
  drop column dismissed_by,
  drop column dismissed_at,
  drop column expunge_at_end,
  drop column expunged_at,
  drop column redelivered_by,
  drop column before_redelivery;

drop table {surehook}.webhook_redelivery_paces;
drop table {surehook}.webhook_orders;
