-- Finds dead letters by the host of their endpoint, and in the order of their deaths, without reading all of them. Keeps
-- claims off the indexes.
--
-- Each of the two indexes reads the whole table once, and everything that writes to the table waits in the meantime: 10 s in all
-- for 10,000,000 rows in memory, otherwise as long as the storage takes. docs/deploy.md says how to build them before, while
-- everything is running; they are then found here.

do $$
begin
  if exists (
    select from pg_index
    where indexrelid in (to_regclass('{surehook}.webhook_deliveries_dead_by_time'), to_regclass('{surehook}.webhook_deliveries_dead_by_host'))
      and not indisvalid
  ) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- The condition of both is `status = 'dead_letter'`, written so that the planner takes it for half of the table, whatever its
-- statistics say. With statistics from before an outage it would expect a single row, and read and sort every dead letter.

-- A dead letter's updated_at is the time of its death. Includes what filters ask for, so that the table need not be read.
create index if not exists webhook_deliveries_dead_by_time
on {surehook}.webhook_deliveries (updated_at, id) include (organization_id, dead_letter_reason)
where coalesce(status = 'dead_letter', false);

-- The host without its port. It is an expression because a column would have to be written into every row. A host has at most 253
-- characters; a row with anything longer must be able to die all the same, and an index entry holds at most 2,700 bytes.
create index if not exists webhook_deliveries_dead_by_host
on {surehook}.webhook_deliveries (
  left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260), updated_at, id
)
where coalesce(status = 'dead_letter', false);

-- Leaves room on a page of rows of 1 KiB for the versions that claims write; where there is none, a claim writes to every index.
alter table {surehook}.webhook_deliveries set (fillfactor = 70);
