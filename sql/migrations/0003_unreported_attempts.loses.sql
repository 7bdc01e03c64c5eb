-- What the way down would lose: tokens by which an outcome that is still on its way could be recorded.

lock table {surehook}.webhook_deliveries, {surehook}.webhook_delivery_attempts in access exclusive mode;

select 'unreported_attempts' as lost, count(*) as rows
from {surehook}.webhook_delivery_attempts
where lease_token is not null and error_class = 'outcome_unknown'
having count(*) > 0;
