-- count_dead_letters: how many dead letters a redelivery with the same filters would find.
-- in    :ids, :organization_id, :reason, :endpoint_host, :dead_since, :dead_until: as redeliver_deliveries
-- out   matched

select count(*) as matched
from webhook_deliveries d
where d.status = 'dead_letter'
  and (
    cast(:ids as jsonb) is null
    or d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  )
  and (cast(:organization_id as bigint) is null or d.organization_id = cast(:organization_id as bigint))
  and (cast(:reason as text) is null or d.dead_letter_reason = cast(:reason as text))
  and (
    cast(:endpoint_host as text) is null
    or substring(d.endpoint_url from '^https?://([^/?#]+)') = cast(:endpoint_host as text)
    or substring(d.endpoint_url from '^https?://([^/?#]+?)(?::[0-9]+)?(?:[/?#]|$)') = cast(:endpoint_host as text)
  )
  and (cast(:dead_since as timestamptz) is null or d.updated_at >= cast(:dead_since as timestamptz))
  and (cast(:dead_until as timestamptz) is null or d.updated_at < cast(:dead_until as timestamptz))
