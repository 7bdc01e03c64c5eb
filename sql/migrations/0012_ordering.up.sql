-- Deliveries that are attempted one after the other: those of one organization with the same ordering key. Where nobody gives one, the
-- columns stay null and the index empty.
--
-- The index on webhook_deliveries reads the whole table once, and everything that writes to the table waits in the meantime.
-- docs/deploy.md says how to build it before, while everything is running; it is then found here. To be built before, it needs its
-- columns: they are added there by the same words as here.

do $$
begin
  if exists (
    select from pg_index
    where indexrelid = to_regclass('{surehook}.webhook_deliveries_in_order') and not indisvalid
  ) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Whoever stores a delivery with a key has the key's row until its commit, and so gets the position behind everything that was
-- committed before: ids are drawn earlier, and not in that order. Positions are drawn for all keys together, so a key may be
-- forgotten and come again, and goes on behind what is kept of it.
create table {surehook}.webhook_ordering_keys (
  organization_id bigint not null,
  ordering_key text not null,
  position bigint generated always as identity,
  used_at timestamptz not null default now(),
  constraint webhook_ordering_keys_pkey primary key (organization_id, ordering_key)
);

-- The one attempt of a key that is in flight: from the claim to the settle, or to the end of the lease of a worker that died. A table
-- of its own, so that the open transaction of somebody who stores a delivery keeps nobody from being attempted.
create table {surehook}.webhook_ordering_slots (
  organization_id bigint not null,
  ordering_key text not null,
  -- Of the claim.
  token uuid not null,
  until timestamptz not null,
  constraint webhook_ordering_slots_pkey primary key (organization_id, ordering_key)
);

alter table {surehook}.webhook_deliveries add column if not exists ordering_key text;
alter table {surehook}.webhook_deliveries add column if not exists ordering_position bigint;
-- hold: as a dead letter it keeps its key waiting. Null: the next goes on.
alter table {surehook}.webhook_deliveries add column if not exists ordering_on_dead_letter text;

alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_ordering check (
  (ordering_key is null) = (ordering_position is null)
  and (ordering_on_dead_letter is null or ordering_on_dead_letter = 'hold' and ordering_key is not null)
) not valid;

-- What keeps the later ones of its key waiting, the first of them in front.
create index if not exists webhook_deliveries_in_order
on {surehook}.webhook_deliveries (organization_id, ordering_key, ordering_position, id)
where ordering_key is not null
  and (
    status = 'pending'
    or status = 'dead_letter' and ordering_on_dead_letter = 'hold' and dismissed_at is null and expunged_at is null
      and dead_letter_reason is distinct from 'cancelled'
  );
