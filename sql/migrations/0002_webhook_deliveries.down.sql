-- Refuses while deliveries are pending: they would be lost.

-- Before the look, or a delivery that is just being accepted would be lost all the same.
lock table {surehook}.webhook_deliveries in access exclusive mode;

do $$
begin
  if exists (select from {surehook}.webhook_deliveries where status = 'pending') then
    raise exception 'webhook_deliveries holds pending deliveries: they would be lost' using errcode = 'object_in_use';
  end if;
end
$$;

drop table {surehook}.webhook_delivery_attempts;

drop table {surehook}.webhook_deliveries;

drop type {surehook}.webhook_delivery_status;
