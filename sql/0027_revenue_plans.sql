-- Revenue plans: governed work to keep an account that is about to leave. What is planned, why, what was done about it and what
-- came of it. Entitlements never read any of this. Every row names its tenant and is found through it alone; none but a plan
-- itself holds keys to other tables, since ledger and outcomes outlive the plan that they tell about (D8).

create schema governance;
grant usage on schema governance to stepladder_app;

create table governance.revenue_plans (
  tenant_id uuid not null references organization.tenants (tenant_id),
  -- A text, since scripts name plans too (e2e-…). Unique in its tenant: no tenant can tell whether another one uses a name.
  plan_id text not null check (plan_id <> ''),
  -- Open on purpose: a new type of plan is configuration.
  plan_type text not null check (plan_type <> ''),
  account_id uuid not null references billing.accounts (account_id),
  objective text not null check (objective <> ''),
  plan_status text not null check (plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ABORTED', 'EXPIRED')),
  -- As RevenuePlanV1 writes them; how often one was tried stands in step_executions (R77).
  steps jsonb not null check (jsonb_typeof(steps) = 'array'),
  constraints jsonb check (jsonb_typeof(constraints) = 'object'),
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  approved_at timestamptz,
  approved_by text,
  completed_at timestamptz,
  aborted_at timestamptz,
  expired_at timestamptz,
  completion_reason text check (completion_reason in ('objective_met', 'all_steps_done')),
  -- A draft that asks for a person's eye: why it was drafted is gone.
  flagged_for text check (flagged_for in ('risk_cleared', 'subscription_deleted', 'account_transferred')),
  flagged_at timestamptz,
  -- What was last known of the account's subscription, for the validators, and when that was so.
  snapshot jsonb,
  snapshot_at timestamptz,
  primary key (tenant_id, plan_id),
  -- A status and its timestamp are written together, or the row is not written.
  constraint revenue_plans_approved check ((plan_status = 'DRAFT') = (approved_at is null)),
  constraint revenue_plans_completed check ((plan_status = 'COMPLETED') = (completed_at is not null)),
  constraint revenue_plans_completion_reason check ((completed_at is null) = (completion_reason is null)),
  constraint revenue_plans_aborted check ((plan_status = 'ABORTED') = (aborted_at is not null)),
  constraint revenue_plans_expired check ((plan_status = 'EXPIRED') = (expired_at is not null)),
  constraint revenue_plans_flagged check ((flagged_for is null) = (flagged_at is null)),
  constraint revenue_plans_snapshot check ((snapshot is null) = (snapshot_at is null))
);
-- One open plan for each account and type. A stale draft has its place too: the next signal gives it another date (D2).
create unique index revenue_plans_one_open on governance.revenue_plans (tenant_id, account_id, plan_type)
  where plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED');
create index revenue_plans_by_status on governance.revenue_plans (tenant_id, plan_status, updated_at, plan_id);
create index revenue_plans_by_account on governance.revenue_plans (tenant_id, account_id, updated_at, plan_id);
-- What the orchestrator reads, of all tenants: those that are to run or to end.
create index revenue_plans_running on governance.revenue_plans (plan_status, expires_at)
  where plan_status in ('APPROVED', 'ACTIVE', 'PAUSED');

-- Why a plan exists, what happened to it and why it stopped. Nobody changes it, the owner included.
create table governance.plan_ledger (
  sequence bigint generated always as identity primary key,
  entry_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  account_id uuid not null,
  plan_id text not null,
  event_type text not null check (event_type in ('PLAN_CREATED', 'PLAN_UPDATED', 'PLAN_APPROVED', 'PLAN_ACTIVATED', 'PLAN_ACTIVATION_REJECTED', 'PLAN_PAUSED', 'PLAN_RESUMED', 'PLAN_ABORTED', 'PLAN_COMPLETED', 'PLAN_EXPIRED', 'STEP_STARTED', 'STEP_COMPLETED', 'STEP_SKIPPED', 'STEP_FAILED', 'VALIDATOR_RUN', 'VALIDATOR_RUN_SUMMARY', 'BUDGET_RESERVE', 'BUDGET_WARN', 'BUDGET_BLOCK')),
  recorded_at timestamptz not null,
  data jsonb not null,
  unique (tenant_id, plan_id, recorded_at, entry_id)
);
create index plan_ledger_by_plan on governance.plan_ledger (tenant_id, plan_id, recorded_at, sequence);
create index plan_ledger_by_tenant on governance.plan_ledger (tenant_id, recorded_at, sequence);

-- One row for each try of a step. Claimed before anything is done, so that nobody else does it; sent: it is out of our hands.
create table governance.step_executions (
  step_execution_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  account_id uuid not null,
  plan_id text not null,
  step_id uuid not null,
  attempt integer not null check (attempt > 0),
  action_type text not null,
  executor text not null,
  -- Goes along with every call: told twice, the other side does it once.
  idempotency_key text not null,
  state text not null check (state in ('claimed', 'sent', 'done', 'failed')),
  claimed_at timestamptz not null,
  -- Until then nobody else takes up a claim that was left lying.
  claimed_until timestamptz not null,
  sent_at timestamptz,
  ended_at timestamptz,
  detail jsonb,
  failure text,
  unique (tenant_id, plan_id, step_id, attempt),
  unique (tenant_id, idempotency_key),
  constraint step_executions_ended check ((state = 'done' or state = 'failed') = (ended_at is not null)),
  constraint step_executions_failure check ((state = 'failed') = (failure is not null))
);
-- A step that is in flight is never tried a second time beside itself.
create unique index step_executions_one_in_flight on governance.step_executions (tenant_id, plan_id, step_id)
  where state in ('claimed', 'sent');

-- What a person is asked to do: the executor that needs nothing but people.
create table governance.operator_tasks (
  task_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  account_id uuid not null,
  plan_id text not null,
  step_id uuid not null,
  attempt integer not null,
  idempotency_key text not null,
  action_type text not null,
  instruction text not null,
  task_state text not null check (task_state in ('open', 'done', 'failed', 'withdrawn')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  note text,
  unique (tenant_id, idempotency_key),
  constraint operator_tasks_closed check ((task_state = 'open') = (closed_at is null))
);
create index operator_tasks_open on governance.operator_tasks (tenant_id, opened_at, task_id) where task_state = 'open';
create index operator_tasks_by_plan on governance.operator_tasks (tenant_id, plan_id, opened_at);

-- What each validator said, with what it had looked at.
create table governance.validator_runs (
  run_id uuid not null,
  validator text not null check (validator in ('freshness', 'grounding', 'contradiction', 'compliance')),
  tenant_id uuid not null,
  account_id uuid not null,
  plan_id text not null,
  step_id uuid,
  point text not null check (point in ('BEFORE_PLAN_APPROVAL', 'BEFORE_STEP_EXECUTION', 'BEFORE_EXTERNAL_WRITEBACK', 'BEFORE_EXPENSIVE_READ')),
  verdict text not null check (verdict in ('ALLOW', 'WARN', 'BLOCK')),
  reason_code text,
  message text,
  facts jsonb,
  evaluated_at timestamptz not null,
  primary key (run_id, validator)
);
create index validator_runs_by_plan on governance.validator_runs (tenant_id, plan_id, evaluated_at);

-- How much may be spent. `*` for every account, plan or tool that has no row of its own, each counted by itself.
create table governance.budget_configs (
  tenant_id uuid not null references organization.tenants (tenant_id) on delete cascade,
  budget_scope text not null check (budget_scope in ('TENANT', 'ACCOUNT', 'PLAN', 'TOOL')),
  scope_id text not null,
  period text not null check (period in ('DAY', 'MONTH')),
  cost_class text not null check (cost_class in ('CHEAP', 'MEDIUM', 'EXPENSIVE')),
  soft_cap integer check (soft_cap >= 0),
  hard_cap integer check (hard_cap >= 0),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, budget_scope, scope_id, period, cost_class),
  constraint budget_configs_caps check (soft_cap is not null or hard_cap is not null)
);

create table governance.budget_usage (
  tenant_id uuid not null,
  budget_scope text not null check (budget_scope in ('TENANT', 'ACCOUNT', 'PLAN', 'TOOL')),
  scope_id text not null,
  period text not null check (period in ('DAY', 'MONTH')),
  cost_class text not null check (cost_class in ('CHEAP', 'MEDIUM', 'EXPENSIVE')),
  -- The first day of the period, in UTC.
  period_start date not null,
  used integer not null check (used >= 0),
  primary key (tenant_id, budget_scope, scope_id, period, cost_class, period_start)
);

-- One row for each operation that was let through: asked again, it answers what it answered first.
create table governance.budget_reservations (
  tenant_id uuid not null,
  operation_id text not null,
  account_id uuid not null,
  plan_id text not null,
  step_id uuid,
  tool text not null,
  cost_class text not null check (cost_class in ('CHEAP', 'MEDIUM', 'EXPENSIVE')),
  verdict text not null check (verdict in ('ALLOW', 'WARN')),
  -- Every cap that applied, with the usage before and after.
  caps jsonb not null,
  reserved_at timestamptz not null,
  primary key (tenant_id, operation_id)
);
create index budget_reservations_by_plan on governance.budget_reservations (tenant_id, plan_id, reserved_at);

-- What came of a plan: append-only as the ledger is.
create table governance.outcomes (
  outcome_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  account_id uuid not null,
  plan_id text not null,
  step_id uuid,
  action_type text,
  outcome_type text not null check (outcome_type in ('ACTION_APPROVED', 'ACTION_REJECTED', 'SELLER_EDIT', 'EXECUTION_SUCCESS', 'EXECUTION_FAILURE', 'PLAN_COMPLETED', 'PLAN_ABORTED', 'PLAN_EXPIRED', 'DOWNSTREAM_WIN', 'DOWNSTREAM_LOSS')),
  source text not null check (source in ('HUMAN', 'POLICY', 'ORCHESTRATOR', 'CONNECTOR', 'DOWNSTREAM')),
  idempotency_key text not null,
  -- The event that told it, where one did.
  event_id text,
  data jsonb,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (tenant_id, idempotency_key)
);
create index outcomes_by_plan on governance.outcomes (tenant_id, plan_id, occurred_at);
create index outcomes_by_type on governance.outcomes (tenant_id, outcome_type, occurred_at);

-- What was seen of a subscription that puts its account at risk, or takes the risk away. One row for each kind and period,
-- however often and in whatever order it is told.
create table governance.risk_signals (
  risk_signal_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  account_id uuid not null,
  subscription_id uuid not null,
  signal_kind text not null check (signal_kind in ('payment_failed', 'past_due', 'unpaid', 'paused', 'cancellation_scheduled', 'trial_ending')),
  -- What it is about, such as the end of the period at risk: the same again is no second signal.
  period text not null,
  -- The event that showed it first; null where a fetch did.
  event_id text,
  detail jsonb,
  seen_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  -- The plan that it drafted or feeds.
  plan_id text,
  cleared_at timestamptz,
  cleared_by text,
  unique (tenant_id, account_id, signal_kind, subscription_id, period)
);
create index risk_signals_by_plan on governance.risk_signals (tenant_id, plan_id, seen_at) where plan_id is not null;

create function governance.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op
    using errcode = '42501', hint = 'Write another row that corrects it.';
end $$;

create trigger append_only_rows before update or delete on governance.plan_ledger
for each row execute function governance.refuse_change();
create trigger append_only_table before truncate on governance.plan_ledger
for each statement execute function governance.refuse_change();
create trigger append_only_rows before update or delete on governance.outcomes
for each row execute function governance.refuse_change();
create trigger append_only_table before truncate on governance.outcomes
for each statement execute function governance.refuse_change();

-- What a tenant may spend until somebody says otherwise: in a day, over all its plans.
create function governance.give_default_budgets() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into governance.budget_configs (tenant_id, budget_scope, scope_id, period, cost_class, soft_cap, hard_cap)
  values (new.tenant_id, 'TENANT', '*', 'DAY', 'EXPENSIVE', 40, 50),
    (new.tenant_id, 'TENANT', '*', 'DAY', 'MEDIUM', null, 200),
    (new.tenant_id, 'TENANT', '*', 'DAY', 'CHEAP', null, 1000);
  return null;
end $$;
create trigger default_budgets after insert on organization.tenants
for each row execute function governance.give_default_budgets();

insert into governance.budget_configs (tenant_id, budget_scope, scope_id, period, cost_class, soft_cap, hard_cap)
select t.tenant_id, 'TENANT', '*', 'DAY', d.cost_class, d.soft_cap, d.hard_cap
from organization.tenants t,
  (values ('EXPENSIVE', 40, 50), ('MEDIUM', null, 200), ('CHEAP', null, 1000)) as d (cost_class, soft_cap, hard_cap);

-- Plans may be deleted: by the retention of those that have ended, and by the end-to-end suite.
grant select, insert, update, delete on governance.revenue_plans, governance.budget_configs to stepladder_app;
grant select, insert on governance.plan_ledger, governance.outcomes, governance.validator_runs to stepladder_app;
grant select, insert, update on governance.step_executions, governance.operator_tasks, governance.budget_usage,
  governance.budget_reservations, governance.risk_signals to stepladder_app;
