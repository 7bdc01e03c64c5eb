-- What the way down would lose: outcomes that no event has told yet.

lock table {surehook}.webhook_outcomes in access exclusive mode;

select 'unannounced_outcomes' as lost, count(*) as rows
from {surehook}.webhook_outcomes
having count(*) > 0;
