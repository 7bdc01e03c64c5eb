-- Loses nothing: the indexes are made from the rows.

alter table {surehook}.webhook_deliveries set (fillfactor = 80);

drop index {surehook}.webhook_deliveries_dead_by_host;

drop index {surehook}.webhook_deliveries_dead_by_time;
