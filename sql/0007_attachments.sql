-- A provision of a plan is attached to its ladder; one provision has at most one attachment per ladder (R13).
-- pool, status and times are copies of the provision's (R14), kept by a trigger whatever code path wrote them (R18),
-- because the exclusion constraints below can only look at one table.

alter table entitlements.pool_provisions
  add column product_id uuid,
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

-- The other side of the keys that the busy tables do not have: a row that one of them names is not deleted. Deletions are rare, and
-- the catalog is held alone for them; writes are not, and hold it too.
-- Arguments: the row's own key, then pairs of a table and its column.
create function billing.refuse_delete_in_use() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_key uuid := to_jsonb(old) ->> tg_argv[0];
  v_used boolean;
begin
  for i in 1 .. tg_nargs - 1 by 2 loop
    execute format('select exists (select from %s where %I = $1)', tg_argv[i], tg_argv[i + 1]) into v_used using v_key;
    if v_used then
      raise exception '% % is used in %', tg_argv[0], v_key, tg_argv[i] using errcode = '23503';
    end if;
  end loop;
  return old;
end $$;
revoke all on function billing.refuse_delete_in_use() from public;

create trigger stays_while_used before delete on billing.plan_ladders for each row execute function billing.refuse_delete_in_use(
  'plan_ladder_id', 'entitlements.subscription_claims', 'plan_ladder_id');
create trigger stays_while_used before delete on billing.products for each row execute function billing.refuse_delete_in_use(
  'product_id', 'entitlements.pool_provisions', 'product_id', 'entitlements.subscription_claims', 'product_id');
create trigger stays_while_used before delete on entitlements.entitlement_sets for each row execute function billing.refuse_delete_in_use(
  'entitlement_set_id', 'entitlements.pool_provisions', 'entitlement_set_id');
create trigger stays_while_used before delete on organization.tenants for each row execute function billing.refuse_delete_in_use(
  'tenant_id', 'entitlements.pool_provisions', 'tenant_id');
create trigger stays_while_used before delete on entitlements.resource_pools for each row execute function billing.refuse_delete_in_use(
  'pool_id', 'entitlements.pool_provisions', 'pool_id', 'entitlements.subscription_claims', 'pool_id');
create trigger stays_while_used before delete on billing.subscriptions for each row execute function billing.refuse_delete_in_use(
  'subscription_id', 'entitlements.subscription_claims', 'subscription_id', 'billing.subscription_changes', 'subscription_id');
