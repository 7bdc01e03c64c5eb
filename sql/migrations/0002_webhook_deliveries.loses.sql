-- What the way down would lose, by status; asked in its transaction, before it.

-- Before the count, or a delivery that is just being accepted would be lost uncounted.
lock table {surehook}.webhook_deliveries in access exclusive mode;

select cast(status as text) as lost, count(*) as rows
from {surehook}.webhook_deliveries
group by status;
