-- The older functions know no order.

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_ordering;

drop index {surehook}.webhook_deliveries_in_order;

alter table {surehook}.webhook_deliveries drop column ordering_on_dead_letter;
alter table {surehook}.webhook_deliveries drop column ordering_position;
alter table {surehook}.webhook_deliveries drop column ordering_key;

drop table {surehook}.webhook_ordering_slots;

drop table {surehook}.webhook_ordering_keys;
