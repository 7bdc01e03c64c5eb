-- Whoever still inserts here is told that it is gone. What was inserted stays, and is delivered.

drop view {surehook}.webhook_outbox;

drop function {surehook}.webhook_outbox_insert();

drop trigger webhook_deliveries_fill_in on {surehook}.webhook_deliveries;

drop function {surehook}.webhook_deliveries_fill_in();
