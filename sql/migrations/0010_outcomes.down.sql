-- The older functions announce nothing.

drop function {surehook}.webhook_origin(text);

alter table {surehook}.webhook_endpoints drop column outage_id;

drop table {surehook}.webhook_outcomes;
