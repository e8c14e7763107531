-- The first ladder (R20), and a place on it for everybody who already stood on Public Tier by default (R21).

insert into billing.products (product_key, name, product_type, lifecycle_status)
values ('public-tier', 'Public Tier', null, 'published')
on conflict (product_key) do nothing;

insert into billing.plan_ladders (ladder_key, name) values ('core', 'Core') on conflict (ladder_key) do nothing;

insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
select l.plan_ladder_id, p.product_id, 0
from billing.plan_ladders l, billing.products p
where l.ladder_key = 'core' and p.product_key = 'public-tier'
on conflict (plan_ladder_id, product_id) do nothing;

insert into entitlements.entitlement_sets (set_key, product_id)
select p.product_key, p.product_id from billing.products p where p.product_key = 'public-tier'
on conflict (set_key) do nothing;

-- One attachment and one transition for each active default-grant provision of Public Tier; the earliest, if a pool had several.
do $$
declare
  held record;
  moved entitlements.pool_provision_transitions;
begin
  for held in
    select distinct on (v.pool_id)
      v.provision_id, v.pool_id, v.tenant_id, v.product_id, v.status, v.activated_at, l.plan_ladder_id
    from entitlements.pool_provisions v
    join entitlements.grants g on g.grant_id = v.grant_id and g.grant_reason = 'default'
    join entitlements.entitlement_sets s on s.entitlement_set_id = v.entitlement_set_id
    join billing.products p on p.product_id = s.product_id and p.product_key = 'public-tier'
    join billing.plan_ladders l on l.ladder_key = 'core'
    where v.status = 'active'
    order by v.pool_id, v.activated_at, v.provision_id
  loop
    insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at)
    values (held.provision_id, held.plan_ladder_id, held.pool_id, held.status, held.activated_at);
    moved := null;
    moved.tenant_id := held.tenant_id;
    moved.pool_id := held.pool_id;
    moved.plan_ladder_id := held.plan_ladder_id;
    moved.transition_type := 'initiate';
    moved.to_rank := 0;
    moved.to_product_id := held.product_id;
    moved.to_provision_id := held.provision_id;
    moved.actor_type := 'system';
    moved.reason := 'M6 ladder backfill';
    moved.cause_kind := 'migration';
    moved.cause_id := '0009_core_ladder';
    moved.effective_at := clock_timestamp();
    perform entitlements.append_transition(moved);
  end loop;
end $$;
