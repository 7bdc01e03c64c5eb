-- Dead letters are found by the host of their endpoint, and gone through in the order of their deaths, without reading all of
-- them. Claims keep off the indexes.
--
-- Each of the two indexes reads the whole table once, and whoever writes to it waits meanwhile: 10 s in all for 10,000,000 rows
-- that are in memory, else as long as the storage takes. For a table of millions docs/deploy.md says how they are built before,
-- while it works; they are then found here.

do $$
begin
  if exists (
    select from pg_index
    where indexrelid in (to_regclass('webhook_deliveries_dead_by_time'), to_regclass('webhook_deliveries_dead_by_host'))
      and not indisvalid
  ) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Both have `status = 'dead_letter'` for their condition, in words that the planner takes for half of the table whatever its
-- statistics say. By statistics from before an outage it would expect a single row, and then read, and sort, every dead letter.

-- A dead letter's updated_at is the time of its death. With what filters ask for, so that the table need not be read.
create index if not exists webhook_deliveries_dead_by_time
on webhook_deliveries (updated_at, id) include (organization_id, dead_letter_reason)
where coalesce(status = 'dead_letter', false);

-- The host without its port. An expression: a column would have to be written into every row. A host has at most 253 characters;
-- a row that holds anything else must be able to die, and an entry of this index takes 2,700 bytes.
create index if not exists webhook_deliveries_dead_by_host
on webhook_deliveries (
  left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260), updated_at, id
)
where coalesce(status = 'dead_letter', false);

-- Three rows of 1 KiB on a page leave room for the version that a claim writes; four did not, and it went to the indexes.
alter table webhook_deliveries set (fillfactor = 70);
