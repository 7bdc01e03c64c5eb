-- What tells failures one after the other from failures side by side, and news of an endpoint from what began before it went down.

-- How many failures in a row began after the one before had been recorded: those of a burst are one. Probes come at its delays.
alter table {surehook}.webhook_endpoints add column failures_in_turn integer not null default 0;
-- When it last went down, also once it is up again.
alter table {surehook}.webhook_endpoints add column went_down_at timestamptz;

update {surehook}.webhook_endpoints set failures_in_turn = failures, went_down_at = down_since;
