-- Never drops workflows or workflow_runs: they may be the application's, and runs outlive webhooks.

select 1;
