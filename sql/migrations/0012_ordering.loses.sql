-- What the way down would lose: the order of what is pending.

lock table {surehook}.webhook_deliveries in access exclusive mode;

select 'ordered_deliveries' as lost, count(*) as rows
from {surehook}.webhook_deliveries
where ordering_key is not null and status = 'pending'
having count(*) > 0;
