-- A provision of a plan is attached to its ladder; one provision has at most one attachment per ladder (R13).
-- pool, status and times are copies of the provision's (R14), kept by a trigger whatever code path wrote them (R18),
-- because the exclusion constraints below can only look at one table.

alter table entitlements.pool_provisions
  add column product_id uuid references billing.products (product_id),
  add column subscription_id uuid references billing.subscriptions (subscription_id),
  add column quantity integer not null default 1 check (quantity > 0);

-- The product was only reachable through the entitlement set until here (D14), or through the grant where there is no set.
update entitlements.pool_provisions p
set product_id = coalesce(
  (select s.product_id from entitlements.entitlement_sets s where s.entitlement_set_id = p.entitlement_set_id),
  (select g.product_id from entitlements.grants g where g.grant_id = p.grant_id)
);

alter table entitlements.pool_provisions
  alter column product_id set not null,
  -- Every provision has one source: a grant (an operator's or the default) or a subscription.
  add constraint pool_provisions_one_source check (num_nonnulls(grant_id, subscription_id) = 1);

create index pool_provisions_subscription_id_idx on entitlements.pool_provisions (subscription_id)
  where subscription_id is not null and ended_at is null;

create table entitlements.pool_provision_ladders (
  provision_id uuid not null references entitlements.pool_provisions (provision_id),
  plan_ladder_id uuid not null references billing.plan_ladders (plan_ladder_id),
  pool_id uuid not null references entitlements.resource_pools (pool_id),
  status text not null,
  activated_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (provision_id, plan_ladder_id),
  constraint pool_provision_ladders_time_runs_forward check (ended_at >= activated_at),
  -- R15, R17: at most one active attachment per pool and ladder at any instant.
  constraint pool_provision_ladders_one_active exclude using gist (
    pool_id with =, plan_ladder_id with =, tstzrange(activated_at, ended_at, '[)') with &&
  ) where (status = 'active'),
  -- D16: past_due and the other live statuses leave the constraint above, so a second one holds whatever the status:
  -- at most one attachment that has not ended.
  constraint pool_provision_ladders_one_live exclude using btree (pool_id with =, plan_ladder_id with =)
    where (ended_at is null)
);

create function entitlements.propagate_provision_to_ladders() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update entitlements.pool_provision_ladders
  set pool_id = new.pool_id, status = new.status, activated_at = new.activated_at, ended_at = new.ended_at, updated_at = now()
  where provision_id = new.provision_id;
  return null;
end $$;
revoke all on function entitlements.propagate_provision_to_ladders() from public;

create trigger propagate_to_ladders
after update of pool_id, status, activated_at, ended_at on entitlements.pool_provisions
for each row
when ((old.pool_id, old.status, old.activated_at, old.ended_at) is distinct from (new.pool_id, new.status, new.activated_at, new.ended_at))
execute function entitlements.propagate_provision_to_ladders();

grant select on entitlements.pool_provision_ladders to stepladder_app;
