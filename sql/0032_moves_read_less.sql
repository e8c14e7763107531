-- A move costs the same in a large installation as in a small one: closing the default that it replaces read the index of all live grants
-- beside the key that it knew.

create or replace function entitlements.take_steps(p_steps entitlements.move_step[], p_moves jsonb) returns jsonb
language plpgsql
as $$
declare
  answers jsonb;
begin
  update entitlements.pool_provisions v set status = 'ended', ended_at = s.effective_at, updated_at = s.effective_at
  from unnest(p_steps) s
  where s.transition_type <> 'none' and v.provision_id = s.from_provision_id;
  -- A default counts only while nothing else claims; what replaces it closes it (R36). An operator's grant is left alone.
  -- By arrays and not by a join: on a young table the planner would rather walk all live grants for each step. By the pool too, since
  -- an index of live grants that has no condition of its own is read whole.
  update entitlements.grants g
  set closed_at = (select s.effective_at from unnest(p_steps) s where s.from_grant_id = g.grant_id limit 1), closed_reason = 'superseded'
  where g.pool_id = any (array(select s.pool_id from unnest(p_steps) s where s.transition_type <> 'none' and s.from_grant_id is not null))
    and g.grant_id = any (array(select s.from_grant_id from unnest(p_steps) s where s.transition_type <> 'none' and s.from_grant_id is not null))
    and g.grant_reason = 'default' and g.closed_at is null;

  insert into entitlements.pool_provisions
    (provision_id, tenant_id, pool_id, product_id, entitlement_set_id, grant_id, subscription_id, status, activated_at)
  select s.to_provision_id, s.tenant_id, s.pool_id, s.to_product_id,
    (select e.entitlement_set_id from entitlements.entitlement_sets e where e.product_id = s.to_product_id order by e.created_at, e.set_key limit 1),
    s.to_grant_id, s.to_subscription_id, s.to_status, s.effective_at
  from unnest(p_steps) s
  where s.to_provision_id is not null;
  insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at)
  select s.to_provision_id, s.plan_ladder_id, s.pool_id, s.to_status, s.effective_at
  from unnest(p_steps) s
  where s.to_provision_id is not null;

  with told as (
    select s.n, row(
      gen_random_uuid(), s.tenant_id, s.pool_id, s.plan_ladder_id, coalesce(last.sequence, 0) + 1, s.transition_type,
      s.from_rank, s.to_rank, s.from_product_id, s.to_product_id, s.from_provision_id, s.to_provision_id,
      m.move #>> '{actor,type}', m.move #>> '{actor,id}', m.move #>> '{actor,name}', coalesce(m.move ->> 'reason', ''),
      m.move #>> '{cause,kind}', m.move #>> '{cause,id}', greatest(s.effective_at, last.effective_at), last.hash, null
    )::entitlements.pool_provision_transitions as t
    from unnest(p_steps) s
    join jsonb_array_elements(p_moves) with ordinality as m (move, n) on m.n = s.n
    left join lateral (
      select sequence, hash, effective_at from entitlements.pool_provision_transitions h
      where h.pool_id = s.pool_id and h.plan_ladder_id = s.plan_ladder_id
      order by h.sequence desc limit 1
    ) last on true
    where s.transition_type <> 'none'
  ), written as (
    insert into entitlements.pool_provision_transitions
    select (t).transition_id, (t).tenant_id, (t).pool_id, (t).plan_ladder_id, (t).sequence, (t).transition_type,
      (t).from_rank, (t).to_rank, (t).from_product_id, (t).to_product_id, (t).from_provision_id, (t).to_provision_id,
      (t).actor_type, (t).actor_id, (t).actor_name, (t).reason, (t).cause_kind, (t).cause_id, (t).effective_at,
      (t).previous_hash, entitlements.transition_hash(t)
    from told
    returning transition_id, pool_id, plan_ladder_id
  )
  select jsonb_agg(jsonb_build_object(
    'n', s.n, 'type', s.transition_type, 'transition_id', w.transition_id,
    'provision_id', case when s.transition_type = 'none' then s.from_provision_id else s.to_provision_id end,
    'from_rank', s.from_rank, 'to_rank', case when s.transition_type = 'none' then s.from_rank else s.to_rank end))
  into answers
  from unnest(p_steps) s
  left join written w on s.transition_type <> 'none' and w.pool_id = s.pool_id and w.plan_ladder_id = s.plan_ladder_id;
  return coalesce(answers, '[]');
end $$;

-- It is made of what Postgres calls stable (jsonb_build_array), so a promise of immutable kept it from being written into the statement
-- that asks, and it was planned for each row.
alter function entitlements.transition_hash(entitlements.pool_provision_transitions) stable;
