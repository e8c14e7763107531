-- What operators decide: grants that go on from one another, grants for one ladder alone, and ceilings.

alter table entitlements.grants
  -- The grant from which this one goes on; the lineage lives here and nowhere else (R49).
  add column extends_grant_id uuid references entitlements.grants (grant_id),
  -- Only on this ladder; null: on every ladder on which its product is a tier. "At least" is said about one ladder.
  add column plan_ladder_id uuid references billing.plan_ladders (plan_ladder_id),
  add constraint grants_extend_another check (extends_grant_id <> grant_id);

create index grants_extends_grant_id_idx on entitlements.grants (extends_grant_id) where extends_grant_id is not null;
create index grants_by_organization on entitlements.grants (organization_id, granted_at);
-- What the sweep for expiry reads: it needs no memory of the queue.
create index grants_due on entitlements.grants (valid_until) where closed_at is null and valid_until is not null;

-- R50: lineage is told when a grant is made and never again; and it stays within one organization.
create function entitlements.refuse_lineage_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'extends_grant_id of grant % is set when the grant is made, and never changed', old.grant_id
    using errcode = '42501', hint = 'Extend the grant anew.';
end $$;

create trigger lineage_is_fixed before update on entitlements.grants
for each row
when (old.extends_grant_id is distinct from new.extends_grant_id
  or (old.organization_id <> new.organization_id))
execute function entitlements.refuse_lineage_change();

create function entitlements.refuse_foreign_lineage() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from entitlements.grants prior
    where prior.grant_id = new.extends_grant_id and prior.organization_id <> new.organization_id
  ) then
    raise exception 'grant % is of another organization: it cannot be extended here', new.extends_grant_id
      using errcode = '23514', constraint = 'grants_extend_own_organization';
  end if;
  return new;
end $$;

create trigger lineage_is_own before insert on entitlements.grants
for each row when (new.extends_grant_id is not null)
execute function entitlements.refuse_foreign_lineage();

-- An operator's "at most" on one ladder: whoever claims more stands on this tier instead. Only an operator, or its own
-- valid_until, lifts it. Like a grant it is never deleted: what was decided, by whom and why, stays readable.
create table entitlements.ceilings (
  ceiling_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  organization_id uuid not null references organization.organizations (organization_id),
  pool_id uuid not null references entitlements.resource_pools (pool_id),
  plan_ladder_id uuid not null references billing.plan_ladders (plan_ladder_id),
  product_id uuid not null references billing.products (product_id),
  reason text not null,
  actor_type text not null,
  actor_id text,
  actor_name text,
  set_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz,
  lifted_at timestamptz,
  lifted_how text check (lifted_how in ('lifted', 'expired', 'replaced')),
  lifted_reason text,
  lifted_by_type text,
  lifted_by_id text,
  lifted_by_name text,
  check ((lifted_at is null) = (lifted_how is null)),
  constraint ceilings_time_runs_forward check (lifted_at >= set_at)
);
create unique index ceilings_one_live on entitlements.ceilings (pool_id, plan_ladder_id) where lifted_at is null;
create index ceilings_due on entitlements.ceilings (valid_until) where lifted_at is null and valid_until is not null;
create index ceilings_by_organization on entitlements.ceilings (organization_id, set_at);

-- A tier that goes takes the claims on it along; a ceiling would be lifted by that, which only an operator may do.
create function billing.keep_tier_of_ceiling() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from entitlements.ceilings
    where plan_ladder_id = old.plan_ladder_id and product_id = old.product_id and lifted_at is null
  ) then
    raise exception 'product % is a ceiling of somebody on ladder %', old.product_id, old.plan_ladder_id
      using errcode = '23503', constraint = 'plan_ladder_tiers_no_live_ceiling', hint = 'Lift the ceiling first.';
  end if;
  return old;
end $$;
revoke all on function billing.keep_tier_of_ceiling() from public;

create trigger tier_of_ceiling_stays before delete on billing.plan_ladder_tiers
for each row execute function billing.keep_tier_of_ceiling();

grant select, insert on entitlements.ceilings to stepladder_app;
grant update (lifted_at, lifted_how, lifted_reason, lifted_by_type, lifted_by_id, lifted_by_name) on entitlements.ceilings to stepladder_app;
