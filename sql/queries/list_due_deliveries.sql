-- list_due_deliveries: one page, oldest due first, of what a sweep looks at, whoever holds it: for going round a row that a
-- statement of the sweep was refused for.
-- in    :after_due, :after_id (where the page before ended; null for the first), :page_rows
-- out   id, and due_at as the next page's :after_due

-- In JSON an instant is ISO 8601, whatever date style and time zone the session has.
select cast(d.id as text) as id, to_jsonb(d.scheduled_for) #>> '{}' as due_at
from {surehook}.webhook_deliveries d
where d.status = 'pending'
  and (d.scheduled_for, d.id)
    > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
order by d.scheduled_for, d.id
limit cast(:page_rows as integer)
