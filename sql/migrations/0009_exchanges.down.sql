-- Loses no delivery and no attempt, only what is told of how each was sent.

alter table {surehook}.webhook_delivery_attempts drop column exchange;
