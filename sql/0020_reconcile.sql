-- What reconcile looks at and finds: every live subscription at Stripe against what stands here. None of it decides anything;
-- it says how far a run has come, what differed, and since when each subscription is known to be right.

create table stripe.reconcile_runs (
  reconcile_run_id uuid primary key default gen_random_uuid(),
  repairs boolean not null,
  started_at timestamptz not null default clock_timestamp(),
  -- The last subscription of Stripe's list that was looked at: a run that was cut off goes on after it.
  listed_up_to text,
  -- When the list had been read to its end.
  listed_at timestamptz,
  looked integer not null default 0,
  finished_at timestamptz
);
create index reconcile_runs_started_at on stripe.reconcile_runs (started_at);

-- One row for each way in which a subscription differed. The words are for people, and are kept as they were found.
create table stripe.reconcile_differences (
  reconcile_run_id uuid not null references stripe.reconcile_runs (reconcile_run_id) on delete cascade,
  stripe_subscription_id text not null,
  difference_class text not null
    check (difference_class in ('missing_here', 'ended_here', 'wrong_tier', 'wrong_status', 'unmapped_price', 'unlinked_customer', 'ended_there', 'unknown_there', 'unreadable_there')),
  outcome text not null check (outcome in ('seen', 'differs', 'repaired', 'passed', 'in_flight')),
  stripe_customer_id text,
  organization_id uuid,
  at_stripe text not null,
  here text not null,
  next_step text not null,
  -- What stood here then, as a hash: whether it has changed since is told without asking Stripe again. Null: it was changing.
  held_hash text,
  found_at timestamptz not null default clock_timestamp(),
  primary key (reconcile_run_id, stripe_subscription_id, difference_class)
);
create index reconcile_differences_seen on stripe.reconcile_differences (reconcile_run_id, stripe_subscription_id)
  where outcome = 'seen';

-- Apart from stripe.subscriptions, whose rows are what the workers lock and write.
create table stripe.verified_subscriptions (
  stripe_subscription_id text primary key,
  -- When it was last compared with Stripe, whatever came of it.
  looked_at timestamptz not null,
  -- When it was last found to agree.
  verified_at timestamptz
);

grant select, insert, update, delete on stripe.reconcile_runs, stripe.reconcile_differences to stepladder_app;
grant select, insert, update on stripe.verified_subscriptions to stepladder_app;
