-- When the orchestrator looks at a plan again, and what the plan waits for until then: a validator that said no, a budget that is used
-- up, the pause after a try that failed. Without it the same no would be written into the ledger at every run, and ten plans that
-- wait would keep all others from theirs.

alter table governance.revenue_plans
  add column look_at timestamptz,
  add column waits_for text,
  add constraint revenue_plans_waits check ((look_at is null) = (waits_for is null));

-- What is left open of a plan that has ended is withdrawn: found among what is open, which is little.
create index step_executions_in_flight on governance.step_executions (claimed_at) where state in ('claimed', 'sent');
