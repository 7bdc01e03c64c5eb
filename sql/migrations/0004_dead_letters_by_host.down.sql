-- Loses nothing: the indexes are made from the rows.

alter table webhook_deliveries set (fillfactor = 80);

drop index webhook_deliveries_dead_by_host;

drop index webhook_deliveries_dead_by_time;
