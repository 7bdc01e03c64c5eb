-- show_delivery: everything about one delivery but its payload.
-- in    :id, or :uuid, or :run_id and :node_id (the others null), :now (null: the database's clock)
-- out   at most one row: the delivery as JSON
-- again: the same, as far as the delivery is

select
  d.id,
  cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_node_id', left(d.webhook_node_id, 600),
    'webhook_name', left(d.webhook_name, 255),
    'endpoint_url', left(d.endpoint_url, 8192),
    'http_method', d.http_method,
    'credential_uuid', d.credential_uuid,
    'traceparent', left(d.traceparent, 255),
    'tracestate', left(d.tracestate, 2048),
    'custom_headers', case when octet_length(cast(d.custom_headers as text)) <= 20000 then d.custom_headers end,
    'payload_bytes', octet_length(d.payload),
    'status', d.status,
    'attempt_count', d.attempt_count,
    'max_attempts', d.max_attempts,
    'claim_count', d.claim_count,
    'last_status_code', d.last_status_code,
    'last_error', d.last_error,
    'reason', d.dead_letter_reason,
    'succeeded_late', d.succeeded_late,
    'awaits_hand_out', d.awaits_hand_out,
    'ordering_key', left(d.ordering_key, 255),
    'holds_key', coalesce(d.ordering_on_dead_letter = 'hold', false),
    -- The first of those that come before it.
    'behind', case when d.status = 'pending' and d.ordering_key is not null then (
      select jsonb_build_object('delivery_id', e.id, 'status', e.status)
      from {surehook}.webhook_deliveries e
      where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
        and (e.ordering_position, e.id) < (d.ordering_position, d.id)
        and (
          e.status = 'pending'
          or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
            and e.dead_letter_reason is distinct from 'cancelled'
        )
      order by e.ordering_position, e.id
      limit 1
    ) end,
    -- Of one that keeps its key waiting: how many come behind it, counted up to a thousand.
    'waiting_behind', case
      when d.ordering_key is not null and (
        d.status = 'pending'
        or d.status = 'dead_letter' and d.ordering_on_dead_letter = 'hold' and d.dismissed_at is null and d.expunged_at is null
          and d.dead_letter_reason is distinct from 'cancelled'
      ) then (
        select count(*)
        from (
          select f.id
          from {surehook}.webhook_deliveries f
          where f.organization_id = d.organization_id and f.ordering_key = d.ordering_key
            and (f.ordering_position, f.id) > (d.ordering_position, d.id)
            and f.status = 'pending'
          limit 1000
        ) w
      )
    end,
    'held_for', case when d.status = 'pending' then d.held_for end,
    'held_since_ms', round(extract(epoch from d.held_since) * 1000),
    'held_due_at_ms', round(extract(epoch from d.held_due_at) * 1000),
    'stop', (
      select jsonb_build_object(
        'scope', e.scope,
        'since_ms', round(extract(epoch from e.stopped_at) * 1000),
        'note', left(e.stopped_note, 1000)
      )
      from {surehook}.webhook_endpoints e
      where d.held_for = 'stopped' and e.key = d.held_by and e.stopped_at is not null
    ),
    'cancelled', d.cancelled_by is not null,
    'cancelled_by', d.cancelled_by,
    'replay_of', d.replay_of,
    'redelivered_by', d.redelivered_by,
    -- Not attempted since: its order has given it a turn.
    'awaits_turn', coalesce(cast(d.before_redelivery ->> 'attempt_count' as integer) = d.attempt_count, false),
    'expunge_at_end', d.expunge_at_end,
    'dismissal', (
      select jsonb_build_object('order_id', o.id, 'note', o.note, 'by', o.given_by)
      from {surehook}.webhook_orders o
      where o.id = d.dismissed_by
    ),
    'scheduled_for_ms', round(extract(epoch from d.scheduled_for) * 1000),
    'lease_expires_at_ms', round(extract(epoch from d.lease_expires_at) * 1000),
    'claimed_at_ms', round(extract(epoch from d.claimed_at) * 1000),
    'put_back_at_ms', round(extract(epoch from d.put_back_at) * 1000),
    'first_attempt_at_ms', (
      select round(extract(epoch from r.started_at) * 1000)
      from {surehook}.webhook_delivery_attempts r
      where r.delivery_id = d.id and r.attempt = 1
    ),
    'created_at_ms', round(extract(epoch from d.created_at) * 1000),
    'updated_at_ms', round(extract(epoch from d.updated_at) * 1000),
    'dismissed_at_ms', round(extract(epoch from d.dismissed_at) * 1000),
    'expunged_at_ms', round(extract(epoch from d.expunged_at) * 1000),
    'now_ms', round(extract(epoch from coalesce(cast(:now as timestamptz), now())) * 1000)
  ) as text) as delivery
from {surehook}.webhook_deliveries d
where d.id = cast(:id as bigint)
  or d.delivery_uuid = cast(:uuid as uuid)
  or d.workflow_run_id = cast(:run_id as bigint) and d.webhook_node_id = cast(:node_id as text)
limit 1
