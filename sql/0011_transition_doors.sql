-- The doors to the three tables that say who stands where. The application's role may read those tables and call these
-- functions, and nothing else: Transition is the sole writer (R22) because the database says so.
-- Deciding which claim wins is done outside, purely; locking, classifying (R23) and recording (R24) is done here.
-- The lock comes first, in a statement of its own: in one statement the snapshot would predate the lock.
-- search_path is pinned and PUBLIC may not execute, as befits SECURITY DEFINER.

-- The body of both doors below, called by them alone, under the pool's lock and with their rights and search_path.
create function entitlements.move_pool(
  p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb
) returns jsonb
language plpgsql as $$
declare
  v_tenant_id uuid;
  v_now timestamptz;
  held record;
  v_product_id uuid := (p_target ->> 'product_id')::uuid;
  v_grant_id uuid;
  v_subscription_id uuid;
  v_to_rank integer;
  v_type text;
  moved entitlements.pool_provision_transitions;
begin
  select tenant_id into v_tenant_id from entitlements.resource_pools where pool_id = p_pool_id;
  if not found then
    raise exception 'no pool %', p_pool_id using errcode = 'P0002';
  end if;

  -- Any attachment that has not ended is the current one, whatever its status (D16).
  select v.provision_id, v.product_id, v.grant_id, v.subscription_id, v.activated_at, t.rank
  into held
  from entitlements.pool_provision_ladders a
  join entitlements.pool_provisions v using (provision_id)
  left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
  where a.pool_id = p_pool_id and a.plan_ladder_id = p_plan_ladder_id and a.ended_at is null;

  if p_target is not null and p_target <> 'null'::jsonb then
    case p_target ->> 'source'
      when 'grant' then v_grant_id := (p_target ->> 'source_id')::uuid;
      when 'subscription' then v_subscription_id := (p_target ->> 'source_id')::uuid;
      else raise exception 'unknown source %', p_target ->> 'source' using errcode = '22023';
    end case;
    if v_grant_id is not null and not exists (
      select from entitlements.grants where grant_id = v_grant_id and pool_id = p_pool_id
    ) then
      raise exception 'grant % is not of pool %', v_grant_id, p_pool_id using errcode = '22023';
    end if;
    select rank into v_to_rank from billing.plan_ladder_tiers
    where plan_ladder_id = p_plan_ladder_id and product_id = v_product_id;
    if not found then
      raise exception 'product % is not a tier of ladder %', v_product_id, p_plan_ladder_id using errcode = '22023';
    end if;
  end if;

  v_type := case
    when v_product_id is null and held.provision_id is null then 'none'
    when v_product_id is null then 'end'
    when held.provision_id is null then 'initiate'
    when held.product_id = v_product_id
      and held.grant_id is not distinct from v_grant_id
      and held.subscription_id is not distinct from v_subscription_id then 'none'
    when held.product_id = v_product_id or v_to_rank = held.rank then 'extend'
    when held.rank is null or v_to_rank > held.rank then 'upgrade'
    else 'downgrade'
  end;
  if v_type = 'none' then
    return jsonb_build_object('type', 'none', 'provision_id', held.provision_id, 'from_rank', held.rank, 'to_rank', held.rank);
  end if;

  -- Read after the lock, and never before the place was taken: a transaction that began first may lock second (D24).
  v_now := greatest(clock_timestamp(), held.activated_at);

  if held.provision_id is not null then
    update entitlements.pool_provisions set status = 'ended', ended_at = v_now, updated_at = v_now
    where provision_id = held.provision_id;
    -- A default counts only while nothing else claims; what replaces it closes it (R36). An operator's grant is left alone.
    if held.grant_id is not null then
      update entitlements.grants set closed_at = v_now, closed_reason = 'superseded'
      where grant_id = held.grant_id and grant_reason = 'default' and closed_at is null;
    end if;
  end if;

  moved.tenant_id := v_tenant_id;
  moved.pool_id := p_pool_id;
  moved.plan_ladder_id := p_plan_ladder_id;
  moved.transition_type := v_type;
  moved.from_rank := held.rank;
  moved.to_rank := v_to_rank;
  moved.from_product_id := held.product_id;
  moved.to_product_id := v_product_id;
  moved.from_provision_id := held.provision_id;
  moved.actor_type := p_actor ->> 'type';
  moved.actor_id := p_actor ->> 'id';
  moved.actor_name := p_actor ->> 'name';
  moved.reason := coalesce(p_reason, '');
  moved.cause_kind := p_cause ->> 'kind';
  moved.cause_id := p_cause ->> 'id';
  moved.effective_at := v_now;

  if v_product_id is not null then
    insert into entitlements.pool_provisions
      (tenant_id, pool_id, product_id, entitlement_set_id, grant_id, subscription_id, status, activated_at)
    values (
      v_tenant_id, p_pool_id, v_product_id,
      (select entitlement_set_id from entitlements.entitlement_sets where product_id = v_product_id order by created_at, set_key limit 1),
      v_grant_id, v_subscription_id, coalesce(p_target ->> 'status', 'active'), v_now
    )
    returning provision_id into moved.to_provision_id;
    insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at)
    values (moved.to_provision_id, p_plan_ladder_id, p_pool_id, coalesce(p_target ->> 'status', 'active'), v_now);
  end if;

  moved := entitlements.append_transition(moved);
  return jsonb_build_object(
    'type', v_type, 'transition_id', moved.transition_id, 'provision_id', moved.to_provision_id,
    'from_rank', moved.from_rank, 'to_rank', moved.to_rank
  );
end $$;

-- One move. p_target null: leave the ladder. Else { product_id, source: 'subscription' | 'grant', source_id, status }.
-- p_actor { type, id, name }; p_cause { kind, id }.
-- Answers { type: initiate | upgrade | downgrade | extend | end | none, transition_id, provision_id, from_rank, to_rank }.
create function entitlements.transition(
  p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from entitlements.resource_pools where pool_id = p_pool_id for update;
  return entitlements.move_pool(p_pool_id, p_plan_ladder_id, p_target, p_actor, p_reason, p_cause);
end $$;

-- Many moves in one call: all pools locked first, sorted, so that two batches never wait for each other in a ring.
-- p_moves: [{ pool_id, plan_ladder_id, target, actor, reason, cause }], carried out in the order given.
create function entitlements.transition_many(p_moves jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  answers jsonb := '[]';
  move jsonb;
  -- As an array: a subquery here is planned as a scan of all pools while the table is young and not analyzed.
  v_pool_ids uuid[] := array(select (m ->> 'pool_id')::uuid from jsonb_array_elements(p_moves) m);
begin
  perform from entitlements.resource_pools where pool_id = any (v_pool_ids) order by pool_id for update;
  for move in select m from jsonb_array_elements(p_moves) m loop
    answers := answers || entitlements.move_pool(
      (move ->> 'pool_id')::uuid, (move ->> 'plan_ladder_id')::uuid, nullif(move -> 'target', 'null'::jsonb),
      move -> 'actor', move ->> 'reason', move -> 'cause'
    );
  end loop;
  return answers;
end $$;

-- The one direct status write (R32): a subscription that keeps its place is past_due, unpaid, trialing, paused or active again.
-- Not a move: no history row. Answers how many provisions changed.
create function entitlements.set_status(p_subscription_id uuid, p_status text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  changed integer;
begin
  if p_status not in ('active', 'trialing', 'past_due', 'unpaid', 'paused') then
    raise exception '% is not a live status', p_status using errcode = '22023';
  end if;
  perform from entitlements.resource_pools
  where pool_id in (
    select pool_id from entitlements.pool_provisions where subscription_id = p_subscription_id and ended_at is null
  )
  order by pool_id for update;
  update entitlements.pool_provisions set status = p_status, updated_at = clock_timestamp()
  where subscription_id = p_subscription_id and ended_at is null and status <> p_status;
  get diagnostics changed = row_count;
  return changed;
end $$;

-- Products that stand on no ladder stack: each is given and taken by itself, without history on any ladder (R31).
-- Attaching again for the same source and product only brings quantity and status up to date. Answers the provision's id.
create function entitlements.attach_addon(
  p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant_id uuid;
  v_provision_id uuid;
  v_grant_id uuid := case when p_source = 'grant' then p_source_id end;
  v_subscription_id uuid := case when p_source = 'subscription' then p_source_id end;
begin
  select tenant_id into v_tenant_id from entitlements.resource_pools where pool_id = p_pool_id for update;
  if not found then
    raise exception 'no pool %', p_pool_id using errcode = 'P0002';
  end if;
  if exists (select from billing.plan_ladder_tiers where product_id = p_product_id) then
    raise exception 'product % is a tier of a ladder: use transition', p_product_id using errcode = '22023';
  end if;
  update entitlements.pool_provisions set quantity = p_quantity, status = p_status, updated_at = clock_timestamp()
  where pool_id = p_pool_id and product_id = p_product_id and ended_at is null
    and grant_id is not distinct from v_grant_id and subscription_id is not distinct from v_subscription_id
  returning provision_id into v_provision_id;
  if v_provision_id is null then
    insert into entitlements.pool_provisions
      (tenant_id, pool_id, product_id, entitlement_set_id, grant_id, subscription_id, quantity, status, activated_at)
    values (
      v_tenant_id, p_pool_id, p_product_id,
      (select entitlement_set_id from entitlements.entitlement_sets where product_id = p_product_id order by created_at, set_key limit 1),
      v_grant_id, v_subscription_id, p_quantity, p_status, clock_timestamp()
    )
    returning provision_id into v_provision_id;
  end if;
  return v_provision_id;
end $$;

-- Ends a provision that is attached to no ladder. Answers whether one ended.
create function entitlements.detach_addon(p_provision_id uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz;
begin
  perform from entitlements.resource_pools
  where pool_id = (select pool_id from entitlements.pool_provisions where provision_id = p_provision_id) for update;
  if exists (select from entitlements.pool_provision_ladders where provision_id = p_provision_id) then
    raise exception 'provision % is attached to a ladder: use transition', p_provision_id using errcode = '22023';
  end if;
  v_now := clock_timestamp();
  update entitlements.pool_provisions
  set status = 'ended', ended_at = greatest(v_now, activated_at), updated_at = v_now
  where provision_id = p_provision_id and ended_at is null;
  return found;
end $$;

revoke all on function
  entitlements.move_pool(uuid, uuid, jsonb, jsonb, text, jsonb),
  entitlements.transition(uuid, uuid, jsonb, jsonb, text, jsonb),
  entitlements.transition_many(jsonb),
  entitlements.set_status(uuid, text),
  entitlements.attach_addon(uuid, uuid, text, uuid, integer, text),
  entitlements.detach_addon(uuid)
from public;
grant execute on function
  entitlements.transition(uuid, uuid, jsonb, jsonb, text, jsonb),
  entitlements.transition_many(jsonb),
  entitlements.set_status(uuid, text),
  entitlements.attach_addon(uuid, uuid, text, uuid, integer, text),
  entitlements.detach_addon(uuid)
to stepladder_app;
