-- What each attempt put on the wire and what came back: headers by name, sizes, the time of each phase. Attempts before this have none.

alter table {surehook}.webhook_delivery_attempts add column exchange jsonb;
