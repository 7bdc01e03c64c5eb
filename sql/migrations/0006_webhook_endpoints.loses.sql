-- What the way down would lose: what operators have set for endpoints. What is held, and who is down, comes again by itself.

lock table {surehook}.webhook_endpoints in access exclusive mode;

select 'endpoint_settings' as lost, count(*) as rows
from {surehook}.webhook_endpoints
where max_in_flight is not null or max_per_second is not null or stopped_at is not null
having count(*) > 0;
