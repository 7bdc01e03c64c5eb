-- Refuses while deliveries are pending: they would be lost.

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
