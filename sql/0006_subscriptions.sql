-- A subscription as billing knows it, without Stripe's ids (those are in schema stripe), what changed in it commercially,
-- and what it claims on which ladder once its state is resolved. The resolved rows are the enrollment worker's;
-- the changes are the other worker's: neither writes the other's (R55, R56).

create table billing.subscriptions (
  subscription_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  account_id uuid not null references billing.accounts (account_id),
  -- Stripe's word for the resolved status; null until the first state is resolved.
  status text,
  -- The one date of a scheduled cancellation.
  cancel_at timestamptz,
  pause_collection jsonb,
  trial_end timestamptz,
  period_end timestamptz,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
  -- Room on each page: every event writes its subscription's row anew, and then beside the old one, without touching the indexes.
) with (fillfactor = 70);
create index subscriptions_account_id_idx on billing.subscriptions (account_id);

-- One row per event, kind of change and item. Amounts are in the currency's minor unit, for the whole quantity.
-- event_id is the cause as Stripe named it; null only for what a fetch revealed and no event told (source `fetch`).
create table billing.subscription_changes (
  subscription_change_id uuid primary key default gen_random_uuid(),
  -- Copies of the subscription's, which its own keys hold; the row was read by the writer, and rows of it are never deleted (0007).
  tenant_id uuid not null,
  account_id uuid not null,
  subscription_id uuid not null,
  event_id text not null,
  change_kind text not null,
  item text not null default '',
  from_value jsonb,
  to_value jsonb,
  from_amount bigint,
  to_amount bigint,
  currency text,
  recurring_interval text,
  interval_count integer,
  source text not null default 'event' check (source in ('event', 'fetch')),
  -- A twin: the same change, told by Stripe under another event id.
  duplicate_of text,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (event_id, change_kind, item)
);
create index subscription_changes_subscription_id_idx on billing.subscription_changes (subscription_id, occurred_at);
create index subscription_changes_account_id_idx on billing.subscription_changes (account_id, occurred_at);

-- What a live subscription claims: at most one tier a ladder (the highest that its prices mean). Gone when it ends.
-- Written while the catalog is held and the pool is locked: what a row names is there, and 0007 keeps it there.
create table entitlements.subscription_claims (
  subscription_id uuid not null,
  plan_ladder_id uuid not null,
  pool_id uuid not null,
  -- A copy of the pool's.
  tenant_id uuid not null,
  product_id uuid not null,
  -- Stripe's word: trialing, active, past_due, unpaid, paused. unpaid and paused are suspended claims.
  status text not null,
  claimed_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (subscription_id, plan_ladder_id)
);
create index subscription_claims_pool_id_idx on entitlements.subscription_claims (pool_id, plan_ladder_id);

grant select, insert, update on billing.subscriptions to stepladder_app;
grant select, insert on billing.subscription_changes to stepladder_app;
grant update (duplicate_of) on billing.subscription_changes to stepladder_app;
grant select, insert, update, delete on entitlements.subscription_claims to stepladder_app;
