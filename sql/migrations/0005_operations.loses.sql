-- What the way down would lose: who gave which order, and what operators have dismissed, erased or replayed.

lock table {surehook}.webhook_deliveries, {surehook}.webhook_orders in access exclusive mode;

select 'orders' as lost, count(*) as rows
from {surehook}.webhook_orders
having count(*) > 0
union all
select 'marks_of_operators' as lost, count(*) as rows
from {surehook}.webhook_deliveries
where replay_of is not null or dismissed_at is not null or expunged_at is not null or expunge_at_end
having count(*) > 0;
