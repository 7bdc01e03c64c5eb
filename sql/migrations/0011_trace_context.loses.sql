-- What the way down would lose: the traces of deliveries that are yet to be sent.

lock table {surehook}.webhook_deliveries in access exclusive mode;

select 'traces' as lost, count(*) as rows
from {surehook}.webhook_deliveries
where status = 'pending' and traceparent is not null
having count(*) > 0;
