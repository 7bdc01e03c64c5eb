-- What the way down would lose: what was sent and answered, as far as it is kept.

lock table {surehook}.webhook_delivery_attempts in access exclusive mode;

select 'exchanges' as lost, count(*) as rows
from {surehook}.webhook_delivery_attempts
where exchange is not null
having count(*) > 0;
