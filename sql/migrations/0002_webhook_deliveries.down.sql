-- Refuses while deliveries are pending: they would be lost.

-- Before the look, or a delivery that is just being accepted would be lost all the same.
lock table webhook_deliveries in access exclusive mode;

do $$
begin
  if exists (select from webhook_deliveries where status = 'pending') then
    raise exception 'webhook_deliveries holds pending deliveries: they would be lost' using errcode = 'object_in_use';
  end if;
end
$$;

drop table webhook_delivery_attempts;

drop table webhook_deliveries;

drop type webhook_delivery_status;
