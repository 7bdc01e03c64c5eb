-- Loses nothing that anybody set: what is down is probed on, at the delays of all its failures in a row.

alter table {surehook}.webhook_endpoints drop column went_down_at;
alter table {surehook}.webhook_endpoints drop column failures_in_turn;
