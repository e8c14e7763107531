-- The doors to the three tables that say who stands where. The application's role may read those tables and call these
-- functions, and nothing else: Transition is the sole writer (R22) because the database says so.
-- Deciding which claim wins is done outside, purely; locking, classifying (R23) and recording (R24) is done here.
-- The lock comes first, in a statement of its own: in one statement the snapshot would predate the lock.
-- search_path is pinned and PUBLIC may not execute, as befits SECURITY DEFINER.

-- What one move comes to, once its pool is locked: what holds the place, what shall, and how the step is classified (R23).
create type entitlements.move_step as (
  n integer,
  pool_id uuid,
  plan_ladder_id uuid,
  tenant_id uuid,
  transition_type text,
  effective_at timestamptz,
  from_provision_id uuid,
  from_product_id uuid,
  from_grant_id uuid,
  from_rank integer,
  to_provision_id uuid,
  to_product_id uuid,
  to_grant_id uuid,
  to_subscription_id uuid,
  to_rank integer,
  to_status text,
  -- A step that must not be taken, in words, with its error code before them.
  fault text
);

-- Reads and classifies moves, at most one for each pool and ladder. Called under the pools' locks.
-- In plpgsql, which keeps its plan: a function in SQL would be planned anew at each call.
create function entitlements.classify_moves(p_moves jsonb, p_numbers integer[]) returns entitlements.move_step[]
language plpgsql as $$
declare
  steps entitlements.move_step[];
begin
  with asked as (
    select m.n::integer, (m.move ->> 'pool_id')::uuid as pool_id, (m.move ->> 'plan_ladder_id')::uuid as plan_ladder_id,
      (m.move #>> '{target,product_id}')::uuid as product_id, m.move #>> '{target,source}' as source,
      (m.move #>> '{target,source_id}')::uuid as source_id, coalesce(m.move #>> '{target,status}', 'active') as status
    from jsonb_array_elements(p_moves) with ordinality as m (move, n)
    where m.n = any (p_numbers)
  ), faced as (
    select asked.*, pool.tenant_id, held.*, tier.rank as to_rank,
      case asked.source when 'grant' then asked.source_id end as grant_id,
      case asked.source when 'subscription' then asked.source_id end as subscription_id,
      case
        when pool.pool_id is null then 'P0002 no pool ' || asked.pool_id
        when asked.product_id is not null and asked.source is distinct from 'grant' and asked.source is distinct from 'subscription'
          then '22023 unknown source ' || coalesce(asked.source, 'null')
        when asked.product_id is not null and tier.rank is null
          then '22023 product ' || asked.product_id || ' is not a tier of ladder ' || asked.plan_ladder_id
        when asked.source = 'grant' and not exists (
          select from entitlements.grants g where g.grant_id = asked.source_id and g.pool_id = asked.pool_id
        ) then '22023 grant ' || asked.source_id || ' is not of pool ' || asked.pool_id
      end as fault
    from asked
    left join entitlements.resource_pools pool on pool.pool_id = asked.pool_id
    left join billing.plan_ladder_tiers tier on tier.plan_ladder_id = asked.plan_ladder_id and tier.product_id = asked.product_id
    -- Any attachment that has not ended is the current one, whatever its status (D16).
    left join lateral (
      select v.provision_id as held_provision_id, v.product_id as held_product_id, v.grant_id as held_grant_id,
        v.subscription_id as held_subscription_id, v.activated_at as held_since, t.rank as from_rank
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v on v.provision_id = a.provision_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
      where a.pool_id = asked.pool_id and a.plan_ladder_id = asked.plan_ladder_id and a.ended_at is null
      limit 1
    ) held on true
  ), typed as (
    select *,
      case
        when product_id is null and held_provision_id is null then 'none'
        when product_id is null then 'end'
        when held_provision_id is null then 'initiate'
        when held_product_id = product_id and held_grant_id is not distinct from grant_id
          and held_subscription_id is not distinct from subscription_id then 'none'
        when held_product_id = product_id or to_rank = from_rank then 'extend'
        when from_rank is null or to_rank > from_rank then 'upgrade'
        else 'downgrade'
      end as transition_type
    from faced
  )
  select array_agg(row(
    n, pool_id, plan_ladder_id, tenant_id, transition_type,
    -- Read after the lock, and never before the place was taken: a transaction that began first may lock second (D24).
    greatest(clock_timestamp(), held_since),
    held_provision_id, held_product_id, held_grant_id, from_rank,
    case when product_id is not null and transition_type <> 'none' then gen_random_uuid() end,
    product_id, grant_id, subscription_id, to_rank, status, fault
  )::entitlements.move_step order by n)
  into steps
  from typed;
  return steps;
end $$;

-- Takes classified steps: ends what held each place, gives it to what shall, and adds one row of history each (R24), in as many
-- statements for a batch as for one move. The old attachments end in a statement of their own, because the exclusion
-- constraints would meet both at once. Each chain of hashes grows by one row at most in a call.
create function entitlements.take_steps(p_steps entitlements.move_step[], p_moves jsonb) returns jsonb
language plpgsql as $$
declare
  answers jsonb;
begin
  update entitlements.pool_provisions v set status = 'ended', ended_at = s.effective_at, updated_at = s.effective_at
  from unnest(p_steps) s
  where s.transition_type <> 'none' and v.provision_id = s.from_provision_id;
  -- A default counts only while nothing else claims; what replaces it closes it (R36). An operator's grant is left alone.
  -- By an array and not a join: on a young table the planner would rather walk all live grants for each step.
  update entitlements.grants g
  set closed_at = (select s.effective_at from unnest(p_steps) s where s.from_grant_id = g.grant_id limit 1), closed_reason = 'superseded'
  where g.grant_id = any (array(select s.from_grant_id from unnest(p_steps) s where s.transition_type <> 'none' and s.from_grant_id is not null))
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

-- Many moves in one call: all pools locked first, sorted, so that two batches never wait for each other in a ring.
-- p_moves: [{ pool_id, plan_ladder_id, target, actor, reason, cause }]. A target of null: leave the ladder; else { product_id,
-- source: 'subscription' | 'grant', source_id, status }. Actor { type, id, name }; cause { kind, id }.
-- Answers, in the order asked, { type: initiate | upgrade | downgrade | extend | end | none, transition_id, provision_id, from_rank, to_rank }.
-- Moves on one pool and ladder are taken in their order, one round each; nearly always there is one round.
create function entitlements.transition_many(p_moves jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  answers jsonb := '[]';
  v_numbers integer[];
  v_steps entitlements.move_step[];
  v_fault text;
  -- As an array: a subquery here is planned as a scan of all pools while the table is young and not analyzed.
  v_pool_ids uuid[] := array(select (m ->> 'pool_id')::uuid from jsonb_array_elements(p_moves) m);
begin
  perform from entitlements.resource_pools where pool_id = any (v_pool_ids) order by pool_id for update;
  for v_numbers in
    select array_agg(n order by n)
    from (
      select n, row_number() over (partition by move ->> 'pool_id', move ->> 'plan_ladder_id' order by n) as round
      from jsonb_array_elements(p_moves) with ordinality as m (move, n)
    ) as numbered
    group by round order by round
  loop
    v_steps := entitlements.classify_moves(p_moves, v_numbers);
    select s.fault into v_fault from unnest(v_steps) s where s.fault is not null order by s.n limit 1;
    if v_fault is not null then
      raise exception '%', substr(v_fault, 7) using errcode = left(v_fault, 5);
    end if;
    answers := answers || entitlements.take_steps(v_steps, p_moves);
  end loop;
  return (select coalesce(jsonb_agg(answer - 'n' order by (answer ->> 'n')::integer), '[]') from jsonb_array_elements(answers) answer);
end $$;

-- One move.
create function entitlements.transition(
  p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb
) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select entitlements.transition_many(jsonb_build_array(jsonb_build_object(
    'pool_id', p_pool_id, 'plan_ladder_id', p_plan_ladder_id, 'target', p_target, 'actor', p_actor, 'reason', p_reason, 'cause', p_cause
  ))) -> 0
$$;

-- What 0009 wrote its rows with; from here on the doors are the only way.
drop function entitlements.append_transition(entitlements.pool_provision_transitions);

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
  entitlements.classify_moves(jsonb, integer[]),
  entitlements.take_steps(entitlements.move_step[], jsonb),
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
