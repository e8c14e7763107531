-- Made by pg_dump 15 from the migrations, for reading: the migrations are what is applied.
-- UPDATE_SCHEMA=1 npx vitest run test/db/schema-dump.db.test.ts

--
-- PostgreSQL database dump
--

--
-- Name: auth; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA auth;

--
-- Name: billing; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA billing;

--
-- Name: entitlements; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA entitlements;

--
-- Name: governance; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA governance;

--
-- Name: organization; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA organization;

--
-- Name: outbound; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA outbound;

--
-- Name: stripe; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA stripe;

--
-- Name: btree_gist; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

--
-- Name: EXTENSION btree_gist; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

--
-- Name: move_step; Type: TYPE; Schema: entitlements; Owner: -
--

CREATE TYPE entitlements.move_step AS (
	n integer,
	pool_id uuid,
	plan_ladder_id uuid,
	tenant_id uuid,
	transition_type text,
	effective_at timestamp with time zone,
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
	fault text
);

--
-- Name: count_catalog_change(); Type: FUNCTION; Schema: billing; Owner: -
--

CREATE FUNCTION billing.count_catalog_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update billing.catalog_version set version = version + 1;
  return null;
end $$;

--
-- Name: hold_catalog(); Type: FUNCTION; Schema: billing; Owner: -
--

CREATE FUNCTION billing.hold_catalog() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('stepladder.catalog', 0));
  return (select version from billing.catalog_version);
end $$;

--
-- Name: keep_tier_of_ceiling(); Type: FUNCTION; Schema: billing; Owner: -
--

CREATE FUNCTION billing.keep_tier_of_ceiling() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: refuse_delete_in_use(); Type: FUNCTION; Schema: billing; Owner: -
--

CREATE FUNCTION billing.refuse_delete_in_use() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
end $_$;

--
-- Name: attach_addon(uuid, uuid, text, uuid, integer, text); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.attach_addon(p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: classify_moves(jsonb, integer[]); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.classify_moves(p_moves jsonb, p_numbers integer[]) RETURNS entitlements.move_step[]
    LANGUAGE plpgsql
    AS $$
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

--
-- Name: detach_addon(uuid); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.detach_addon(p_provision_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: propagate_provision_to_ladders(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.propagate_provision_to_ladders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update entitlements.pool_provision_ladders
  set pool_id = new.pool_id, status = new.status, activated_at = new.activated_at, ended_at = new.ended_at, updated_at = now()
  where provision_id = new.provision_id;
  return null;
end $$;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op
    using errcode = '42501', hint = 'Correct history by a new transition.';
end $$;

--
-- Name: refuse_foreign_lineage(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.refuse_foreign_lineage() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: refuse_lineage_change(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.refuse_lineage_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception 'extends_grant_id of grant % is set when the grant is made, and never changed', old.grant_id
    using errcode = '42501', hint = 'Extend the grant anew.';
end $$;

--
-- Name: set_status(uuid, text); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.set_status(p_subscription_id uuid, p_status text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: take_steps(entitlements.move_step[], jsonb); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.take_steps(p_steps entitlements.move_step[], p_moves jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

--
-- Name: tell_everything(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.tell_everything() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', '*');
  return null;
end $$;

--
-- Name: tell_names(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.tell_names() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', 'names');
  return null;
end $$;

--
-- Name: tell_pool(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.tell_pool() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', new.pool_id::text);
  return null;
end $$;

--
-- Name: tell_pools(); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.tell_pools() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  v_pools text := (select pg_catalog.string_agg(distinct pool_id::text, ' ') from changed);
begin
  if v_pools is not null then
    -- A payload has to be shorter than 8,000 bytes.
    perform pg_catalog.pg_notify('stepladder_entitlements', case when pg_catalog.length(v_pools) < 7500 then v_pools else '*' end);
  end if;
  return null;
end $$;

--
-- Name: transition(uuid, uuid, jsonb, jsonb, text, jsonb); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.transition(p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb) RETURNS jsonb
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select entitlements.transition_many(jsonb_build_array(jsonb_build_object(
    'pool_id', p_pool_id, 'plan_ladder_id', p_plan_ladder_id, 'target', p_target, 'actor', p_actor, 'reason', p_reason, 'cause', p_cause
  ))) -> 0
$$;

--
-- Name: pool_provision_transitions; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.pool_provision_transitions (
    transition_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    plan_ladder_id uuid NOT NULL,
    sequence bigint NOT NULL,
    transition_type text NOT NULL,
    from_rank integer,
    to_rank integer,
    from_product_id uuid,
    to_product_id uuid,
    from_provision_id uuid,
    to_provision_id uuid,
    actor_type text NOT NULL,
    actor_id text,
    actor_name text,
    reason text DEFAULT ''::text NOT NULL,
    cause_kind text NOT NULL,
    cause_id text,
    effective_at timestamp with time zone NOT NULL,
    previous_hash bytea,
    hash bytea NOT NULL,
    CONSTRAINT pool_provision_transitions_actor_type_check CHECK ((actor_type <> ''::text)),
    CONSTRAINT pool_provision_transitions_cause_kind_check CHECK ((cause_kind <> ''::text)),
    CONSTRAINT pool_provision_transitions_check CHECK (((sequence = 1) = (previous_hash IS NULL))),
    CONSTRAINT pool_provision_transitions_sequence_check CHECK ((sequence > 0)),
    CONSTRAINT pool_provision_transitions_transition_type_check CHECK ((transition_type = ANY (ARRAY['initiate'::text, 'upgrade'::text, 'downgrade'::text, 'extend'::text, 'end'::text])))
);

--
-- Name: transition_hash(entitlements.pool_provision_transitions); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.transition_hash(t entitlements.pool_provision_transitions) RETURNS bytea
    LANGUAGE sql STABLE
    AS $$
  select pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
    pg_catalog.encode(t.previous_hash, 'hex'), t.transition_id, t.tenant_id, t.pool_id, t.plan_ladder_id, t.sequence, t.transition_type,
    t.from_rank, t.to_rank, t.from_product_id, t.to_product_id, t.from_provision_id, t.to_provision_id,
    t.actor_type, t.actor_id, t.actor_name, t.reason, t.cause_kind, t.cause_id,
    (extract(epoch from t.effective_at) operator(pg_catalog.*) 1000000)::bigint
  )::text, 'UTF8'))
$$;

--
-- Name: transition_many(jsonb); Type: FUNCTION; Schema: entitlements; Owner: -
--

CREATE FUNCTION entitlements.transition_many(p_moves jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

--
-- Name: give_default_budgets(); Type: FUNCTION; Schema: governance; Owner: -
--

CREATE FUNCTION governance.give_default_budgets() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into governance.budget_configs (tenant_id, budget_scope, scope_id, period, cost_class, soft_cap, hard_cap)
  values (new.tenant_id, 'TENANT', '*', 'DAY', 'EXPENSIVE', 40, 50),
    (new.tenant_id, 'TENANT', '*', 'DAY', 'MEDIUM', null, 200),
    (new.tenant_id, 'TENANT', '*', 'DAY', 'CHEAP', null, 1000);
  return null;
end $$;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: governance; Owner: -
--

CREATE FUNCTION governance.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op
    using errcode = '42501', hint = 'Write another row that corrects it.';
end $$;

--
-- Name: raise_tenant_wall(); Type: FUNCTION; Schema: organization; Owner: -
--

CREATE FUNCTION organization.raise_tenant_wall() RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $$
declare
  v_ours constant name[] := array['organization', 'billing', 'entitlements', 'stripe', 'governance', 'outbound', 'auth'];
  v_statement text;
begin
  if to_regrole('stepladder_web') is null then return false; end if;

  for v_statement in
    -- What the application may do, this role may do, with fewer rows.
    select format('grant usage on schema %I to stepladder_web', nspname) from pg_namespace where nspname = any(v_ours)
    union all
    select format('grant %s on table %s to stepladder_web', string_agg(distinct a.privilege_type, ', '), c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    where n.nspname = any(v_ours) and c.relkind in ('r', 'p', 'v') and a.grantee = 'stepladder_app'::regrole
    group by c.oid
    union all
    select format('grant %s (%I) on table %s to stepladder_web', a.privilege_type, t.attname, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
    where n.nspname = any(v_ours) and a.grantee = 'stepladder_app'::regrole
    union all
    select format('grant %s on sequence %s to stepladder_web', a.privilege_type, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    where n.nspname = any(v_ours) and c.relkind = 'S' and a.grantee = 'stepladder_app'::regrole
    union all
    select format('grant execute on function %s to stepladder_web', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(p.proacl) a
    where n.nspname = any(v_ours) and a.grantee = 'stepladder_app'::regrole
    union all
    -- The rows.
    select unnest(array[
      format('alter table %s enable row level security', c.oid::regclass),
      format('create policy whole on %s to stepladder_app using (true) with check (true)', c.oid::regclass),
      format(
        'create policy own_tenant on %s to stepladder_web '
          'using (tenant_id = nullif(current_setting(''stepladder.tenant'', true), '''')::uuid) '
          'with check (tenant_id = nullif(current_setting(''stepladder.tenant'', true), '''')::uuid)',
        c.oid::regclass)
    ])
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
    where n.nspname = any(v_ours) and c.relkind in ('r', 'p') and not c.relrowsecurity
  loop
    execute v_statement;
  end loop;
  return true;
end $$;

--
-- Name: note_transitions(); Type: FUNCTION; Schema: outbound; Owner: -
--

CREATE FUNCTION outbound.note_transitions() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not exists (select from outbound.endpoints) then return null; end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('stepladder.outbound', 0));
  insert into outbound.deliveries (endpoint_id, transition_id, tenant_id, pool_id, plan_ladder_id, sequence)
  select e.endpoint_id, m.transition_id, m.tenant_id, m.pool_id, m.plan_ladder_id, m.sequence
  from written m join outbound.endpoints e on e.tenant_id = m.tenant_id and e.disabled_at is null
  order by m.effective_at, m.plan_ladder_id, m.sequence;
  return null;
end $$;

--
-- Name: drop_old_bodies(integer); Type: FUNCTION; Schema: stripe; Owner: -
--

CREATE FUNCTION stripe.drop_old_bodies(p_days integer) RETURNS TABLE(month text, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    SET lock_timeout TO '100ms'
    AS $$
declare
  v_before timestamptz := now() - make_interval(days => greatest(p_days, 35));
  v_needed text[];
  v_old jsonb;
  v_one jsonb;
  v_busy boolean := false;
begin
  if p_days is null or p_days < 1 then
    raise exception 'bodies cannot be kept for % days', coalesce(p_days::text, 'null') using errcode = '22023';
  end if;
  -- The one that makes partitions takes the same lock.
  if not pg_try_advisory_xact_lock(hashtext('stripe.ensure_body_partitions')) then
    return;
  end if;
  -- All of this before the table is locked. The bounds are read from the catalog: a name may say anything.
  select jsonb_agg(jsonb_build_object('name', c.relname, 'month', to_char(b.starts, 'YYYY-MM')) order by b.ends)
  into v_old
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
  cross join lateral (
    select
      substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \(''([^'']+)''\)')::timestamptz as starts,
      substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz as ends
  ) b
  where i.inhparent = 'stripe.event_bodies'::regclass and b.ends <= v_before;
  if v_old is null then
    return;
  end if;
  -- From the markers that are open and the rows above the sweep's mark, which are few: there is no index by time.
  v_needed := array(
    select distinct to_char(open.received_at, 'YYYY-MM')
    from (
      select e.received_at
      from stripe.event_writes w join stripe.events e on e.event_id = w.event_id
      where w.write = 'enrollment' and (w.state = 'waiting' or (w.state = 'parked' and w.reason = 'failed')) and e.trail_kind is null
      union all
      select e.received_at
      from stripe.events e
      where e.inbox_id > coalesce((select m.low_water from stripe.sweep_marks m where m.sweep = 'enrollment'), 0) and e.trail_kind is null
        and not exists (select from stripe.event_writes w where w.event_id = e.event_id and w.write = 'enrollment')
    ) as open
  );
  for v_one in select jsonb_array_elements(v_old) loop
    month := v_one ->> 'month';
    if month = any (v_needed) then
      outcome := 'needed';
    elsif v_busy then
      outcome := 'busy';
    else
      begin
        lock table stripe.event_bodies in access exclusive mode;
        execute format('drop table stripe.%I', v_one ->> 'name');
        outcome := 'dropped';
      exception when lock_not_available then
        v_busy := true;
        outcome := 'busy';
      end;
    end if;
    return next;
  end loop;
end $$;

--
-- Name: ensure_body_partitions(integer); Type: FUNCTION; Schema: stripe; Owner: -
--

CREATE FUNCTION stripe.ensure_body_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  starts date;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('stripe.ensure_body_partitions'));
  for starts in
    select generate_series(
      date_trunc('month', now() at time zone 'UTC') - interval '1 month',
      date_trunc('month', now() at time zone 'UTC') + make_interval(months => p_months_ahead), interval '1 month')::date
  loop
    if to_regclass('stripe.event_bodies_' || to_char(starts, 'YYYYMM')) is null then
      execute format(
        'create table stripe.%I partition of stripe.event_bodies for values from (%L) to (%L)',
        'event_bodies_' || to_char(starts, 'YYYYMM'),
        to_char(starts, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(starts + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;

--
-- Name: api_keys; Type: TABLE; Schema: auth; Owner: -
--

CREATE TABLE auth.api_keys (
    api_key_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    role text NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    key_prefix text NOT NULL,
    key_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    organization_id uuid,
    CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['operator'::text, 'plan_approver'::text, 'viewer'::text, 'member'::text]))),
    CONSTRAINT organization_of_a_member CHECK (((organization_id IS NULL) OR (role = 'member'::text)))
);

--
-- Name: idempotent_requests; Type: TABLE; Schema: auth; Owner: -
--

CREATE TABLE auth.idempotent_requests (
    tenant_id uuid NOT NULL,
    caller_id text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    request_id uuid NOT NULL,
    begun_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    answered_at timestamp with time zone,
    status integer,
    answer jsonb
);

--
-- Name: member_links; Type: TABLE; Schema: auth; Owner: -
--

CREATE TABLE auth.member_links (
    member_link_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone
);

--
-- Name: operator_actions; Type: TABLE; Schema: auth; Owner: -
--

CREATE TABLE auth.operator_actions (
    operator_action_id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    caller_kind text NOT NULL,
    caller_id text NOT NULL,
    caller_name text DEFAULT ''::text NOT NULL,
    caller_role text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    reason text,
    request_id uuid NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT operator_actions_caller_kind_check CHECK ((caller_kind = ANY (ARRAY['key'::text, 'identity'::text, 'link'::text])))
);

--
-- Name: operator_actions_operator_action_id_seq; Type: SEQUENCE; Schema: auth; Owner: -
--

ALTER TABLE auth.operator_actions ALTER COLUMN operator_action_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME auth.operator_actions_operator_action_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: sessions; Type: TABLE; Schema: auth; Owner: -
--

CREATE TABLE auth.sessions (
    session_id uuid DEFAULT gen_random_uuid() NOT NULL,
    api_key_id uuid,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    member_link_id uuid,
    subject text,
    name text DEFAULT ''::text NOT NULL,
    tenant_id uuid,
    role text,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    organization_id uuid,
    csrf_token text DEFAULT replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text) NOT NULL,
    previous_token_hash bytea,
    renewed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT one_source CHECK ((num_nonnulls(api_key_id, member_link_id, subject) = 1)),
    CONSTRAINT organization_of_a_member CHECK (((organization_id IS NULL) OR (role = 'member'::text))),
    CONSTRAINT sessions_role_check CHECK ((role = ANY (ARRAY['operator'::text, 'plan_approver'::text, 'viewer'::text, 'member'::text]))),
    CONSTRAINT who_without_a_key CHECK (((api_key_id IS NOT NULL) OR (num_nonnulls(tenant_id, role) = 2)))
);

--
-- Name: accounts; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.accounts (
    account_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: catalog_version; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.catalog_version (
    singleton boolean DEFAULT true NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT catalog_version_singleton_check CHECK (singleton)
);

--
-- Name: plan_ladder_tiers; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.plan_ladder_tiers (
    plan_ladder_id uuid NOT NULL,
    product_id uuid NOT NULL,
    rank integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: plan_ladders; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.plan_ladders (
    plan_ladder_id uuid DEFAULT gen_random_uuid() NOT NULL,
    ladder_key character varying(100) NOT NULL,
    name text NOT NULL,
    description text,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: prices; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.prices (
    price_id uuid DEFAULT gen_random_uuid() NOT NULL,
    product_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: products; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.products (
    product_id uuid DEFAULT gen_random_uuid() NOT NULL,
    product_key text NOT NULL,
    name text NOT NULL,
    product_type text,
    lifecycle_status character varying(20) DEFAULT 'draft'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT products_lifecycle_status_check CHECK (((lifecycle_status)::text = ANY ((ARRAY['draft'::character varying, 'published'::character varying, 'retired'::character varying])::text[]))),
    CONSTRAINT products_product_type_check CHECK (((product_type IS NULL) OR (product_type = ANY (ARRAY['addon'::text, 'usage'::text, 'one_time'::text]))))
);

--
-- Name: product_kinds; Type: VIEW; Schema: billing; Owner: -
--

CREATE VIEW billing.product_kinds AS
 SELECT p.product_id,
        CASE
            WHEN (EXISTS ( SELECT
               FROM billing.plan_ladder_tiers t
              WHERE (t.product_id = p.product_id))) THEN 'plan'::text
            ELSE p.product_type
        END AS product_kind
   FROM billing.products p;

--
-- Name: subscription_changes; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.subscription_changes (
    subscription_change_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    event_id text NOT NULL,
    change_kind text NOT NULL,
    item text DEFAULT ''::text NOT NULL,
    from_value jsonb,
    to_value jsonb,
    from_amount bigint,
    to_amount bigint,
    currency text,
    recurring_interval text,
    interval_count integer,
    source text DEFAULT 'event'::text NOT NULL,
    duplicate_of text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT subscription_changes_source_check CHECK ((source = ANY (ARRAY['event'::text, 'fetch'::text])))
);

--
-- Name: subscriptions; Type: TABLE; Schema: billing; Owner: -
--

CREATE TABLE billing.subscriptions (
    subscription_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    status text,
    cancel_at timestamp with time zone,
    pause_collection jsonb,
    trial_end timestamp with time zone,
    period_end timestamp with time zone,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

--
-- Name: ceilings; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.ceilings (
    ceiling_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    plan_ladder_id uuid NOT NULL,
    product_id uuid NOT NULL,
    reason text NOT NULL,
    actor_type text NOT NULL,
    actor_id text,
    actor_name text,
    set_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    valid_until timestamp with time zone,
    lifted_at timestamp with time zone,
    lifted_how text,
    lifted_reason text,
    lifted_by_type text,
    lifted_by_id text,
    lifted_by_name text,
    CONSTRAINT ceilings_check CHECK (((lifted_at IS NULL) = (lifted_how IS NULL))),
    CONSTRAINT ceilings_lifted_how_check CHECK ((lifted_how = ANY (ARRAY['lifted'::text, 'expired'::text, 'replaced'::text]))),
    CONSTRAINT ceilings_time_runs_forward CHECK ((lifted_at >= set_at))
);

--
-- Name: entitlement_set_features; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.entitlement_set_features (
    entitlement_set_id uuid NOT NULL,
    feature_key text NOT NULL,
    value jsonb NOT NULL
);

--
-- Name: entitlement_sets; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.entitlement_sets (
    entitlement_set_id uuid DEFAULT gen_random_uuid() NOT NULL,
    set_key text NOT NULL,
    product_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: grants; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.grants (
    grant_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    product_id uuid NOT NULL,
    grant_reason text NOT NULL,
    quantity integer DEFAULT 1 NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    actor_type text NOT NULL,
    actor_id text,
    actor_name text,
    granted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    valid_until timestamp with time zone,
    closed_at timestamp with time zone,
    closed_reason text,
    extends_grant_id uuid,
    plan_ladder_id uuid,
    CONSTRAINT grants_check CHECK (((closed_at IS NULL) = (closed_reason IS NULL))),
    CONSTRAINT grants_closed_reason_check CHECK ((closed_reason = ANY (ARRAY['superseded'::text, 'revoked'::text, 'expired'::text, 'extended'::text]))),
    CONSTRAINT grants_extend_another CHECK ((extends_grant_id <> grant_id)),
    CONSTRAINT grants_grant_reason_check CHECK ((grant_reason = ANY (ARRAY['default'::text, 'manual'::text, 'trial'::text, 'extension'::text]))),
    CONSTRAINT grants_quantity_check CHECK ((quantity > 0))
);

--
-- Name: pool_provision_ladders; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.pool_provision_ladders (
    provision_id uuid NOT NULL,
    plan_ladder_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    status text NOT NULL,
    activated_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pool_provision_ladders_time_runs_forward CHECK ((ended_at >= activated_at))
);

--
-- Name: pool_provisions; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.pool_provisions (
    provision_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    entitlement_set_id uuid,
    grant_id uuid,
    status text DEFAULT 'active'::text NOT NULL,
    activated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    product_id uuid NOT NULL,
    subscription_id uuid,
    quantity integer DEFAULT 1 NOT NULL,
    CONSTRAINT pool_provisions_ended_has_time CHECK (((status = 'ended'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT pool_provisions_one_source CHECK ((num_nonnulls(grant_id, subscription_id) = 1)),
    CONSTRAINT pool_provisions_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT pool_provisions_status_check CHECK ((status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text, 'unpaid'::text, 'paused'::text, 'ended'::text]))),
    CONSTRAINT pool_provisions_time_runs_forward CHECK ((ended_at >= activated_at))
);

--
-- Name: resource_pools; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.resource_pools (
    pool_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    pool_key text DEFAULT 'default'::text NOT NULL,
    is_default boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: subscription_claims; Type: TABLE; Schema: entitlements; Owner: -
--

CREATE TABLE entitlements.subscription_claims (
    subscription_id uuid NOT NULL,
    plan_ladder_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    status text NOT NULL,
    claimed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: budget_configs; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.budget_configs (
    tenant_id uuid NOT NULL,
    budget_scope text NOT NULL,
    scope_id text NOT NULL,
    period text NOT NULL,
    cost_class text NOT NULL,
    soft_cap integer,
    hard_cap integer,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT budget_configs_budget_scope_check CHECK ((budget_scope = ANY (ARRAY['TENANT'::text, 'ACCOUNT'::text, 'PLAN'::text, 'TOOL'::text]))),
    CONSTRAINT budget_configs_caps CHECK (((soft_cap IS NOT NULL) OR (hard_cap IS NOT NULL))),
    CONSTRAINT budget_configs_cost_class_check CHECK ((cost_class = ANY (ARRAY['CHEAP'::text, 'MEDIUM'::text, 'EXPENSIVE'::text]))),
    CONSTRAINT budget_configs_hard_cap_check CHECK ((hard_cap >= 0)),
    CONSTRAINT budget_configs_period_check CHECK ((period = ANY (ARRAY['DAY'::text, 'MONTH'::text]))),
    CONSTRAINT budget_configs_soft_cap_check CHECK ((soft_cap >= 0))
);

--
-- Name: budget_reservations; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.budget_reservations (
    tenant_id uuid NOT NULL,
    operation_id text NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    step_id uuid,
    tool text NOT NULL,
    cost_class text NOT NULL,
    verdict text NOT NULL,
    caps jsonb NOT NULL,
    reserved_at timestamp with time zone NOT NULL,
    CONSTRAINT budget_reservations_cost_class_check CHECK ((cost_class = ANY (ARRAY['CHEAP'::text, 'MEDIUM'::text, 'EXPENSIVE'::text]))),
    CONSTRAINT budget_reservations_verdict_check CHECK ((verdict = ANY (ARRAY['ALLOW'::text, 'WARN'::text])))
);

--
-- Name: budget_usage; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.budget_usage (
    tenant_id uuid NOT NULL,
    budget_scope text NOT NULL,
    scope_id text NOT NULL,
    period text NOT NULL,
    cost_class text NOT NULL,
    period_start date NOT NULL,
    used integer NOT NULL,
    CONSTRAINT budget_usage_budget_scope_check CHECK ((budget_scope = ANY (ARRAY['TENANT'::text, 'ACCOUNT'::text, 'PLAN'::text, 'TOOL'::text]))),
    CONSTRAINT budget_usage_cost_class_check CHECK ((cost_class = ANY (ARRAY['CHEAP'::text, 'MEDIUM'::text, 'EXPENSIVE'::text]))),
    CONSTRAINT budget_usage_period_check CHECK ((period = ANY (ARRAY['DAY'::text, 'MONTH'::text]))),
    CONSTRAINT budget_usage_used_check CHECK ((used >= 0))
);

--
-- Name: operator_tasks; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.operator_tasks (
    task_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    step_id uuid NOT NULL,
    attempt integer NOT NULL,
    idempotency_key text NOT NULL,
    action_type text NOT NULL,
    instruction text NOT NULL,
    task_state text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    note text,
    CONSTRAINT operator_tasks_closed CHECK (((task_state = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT operator_tasks_task_state_check CHECK ((task_state = ANY (ARRAY['open'::text, 'done'::text, 'failed'::text, 'withdrawn'::text])))
);

--
-- Name: outcomes; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.outcomes (
    outcome_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    step_id uuid,
    action_type text,
    outcome_type text NOT NULL,
    source text NOT NULL,
    idempotency_key text NOT NULL,
    event_id text,
    data jsonb,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT outcomes_outcome_type_check CHECK ((outcome_type = ANY (ARRAY['ACTION_APPROVED'::text, 'ACTION_REJECTED'::text, 'SELLER_EDIT'::text, 'EXECUTION_SUCCESS'::text, 'EXECUTION_FAILURE'::text, 'PLAN_COMPLETED'::text, 'PLAN_ABORTED'::text, 'PLAN_EXPIRED'::text, 'DOWNSTREAM_WIN'::text, 'DOWNSTREAM_LOSS'::text]))),
    CONSTRAINT outcomes_source_check CHECK ((source = ANY (ARRAY['HUMAN'::text, 'POLICY'::text, 'ORCHESTRATOR'::text, 'CONNECTOR'::text, 'DOWNSTREAM'::text])))
);

--
-- Name: plan_ledger; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.plan_ledger (
    sequence bigint NOT NULL,
    entry_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    event_type text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT plan_ledger_event_type_check CHECK ((event_type = ANY (ARRAY['PLAN_CREATED'::text, 'PLAN_UPDATED'::text, 'PLAN_APPROVED'::text, 'PLAN_ACTIVATED'::text, 'PLAN_ACTIVATION_REJECTED'::text, 'PLAN_PAUSED'::text, 'PLAN_RESUMED'::text, 'PLAN_ABORTED'::text, 'PLAN_COMPLETED'::text, 'PLAN_EXPIRED'::text, 'STEP_STARTED'::text, 'STEP_COMPLETED'::text, 'STEP_SKIPPED'::text, 'STEP_FAILED'::text, 'VALIDATOR_RUN'::text, 'VALIDATOR_RUN_SUMMARY'::text, 'BUDGET_RESERVE'::text, 'BUDGET_WARN'::text, 'BUDGET_BLOCK'::text])))
);

--
-- Name: plan_ledger_sequence_seq; Type: SEQUENCE; Schema: governance; Owner: -
--

ALTER TABLE governance.plan_ledger ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME governance.plan_ledger_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: revenue_plans; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.revenue_plans (
    tenant_id uuid NOT NULL,
    plan_id text NOT NULL,
    plan_type text NOT NULL,
    account_id uuid NOT NULL,
    objective text NOT NULL,
    plan_status text NOT NULL,
    steps jsonb NOT NULL,
    constraints jsonb,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    approved_at timestamp with time zone,
    approved_by text,
    completed_at timestamp with time zone,
    aborted_at timestamp with time zone,
    expired_at timestamp with time zone,
    completion_reason text,
    flagged_for text,
    flagged_at timestamp with time zone,
    snapshot jsonb,
    snapshot_at timestamp with time zone,
    look_at timestamp with time zone,
    waits_for text,
    CONSTRAINT revenue_plans_aborted CHECK (((plan_status = 'ABORTED'::text) = (aborted_at IS NOT NULL))),
    CONSTRAINT revenue_plans_approved CHECK (((plan_status = 'DRAFT'::text) = (approved_at IS NULL))),
    CONSTRAINT revenue_plans_completed CHECK (((plan_status = 'COMPLETED'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT revenue_plans_completion_reason CHECK (((completed_at IS NULL) = (completion_reason IS NULL))),
    CONSTRAINT revenue_plans_completion_reason_check CHECK ((completion_reason = ANY (ARRAY['objective_met'::text, 'all_steps_done'::text]))),
    CONSTRAINT revenue_plans_constraints_check CHECK ((jsonb_typeof(constraints) = 'object'::text)),
    CONSTRAINT revenue_plans_expired CHECK (((plan_status = 'EXPIRED'::text) = (expired_at IS NOT NULL))),
    CONSTRAINT revenue_plans_flagged CHECK (((flagged_for IS NULL) = (flagged_at IS NULL))),
    CONSTRAINT revenue_plans_flagged_for_check CHECK ((flagged_for = ANY (ARRAY['risk_cleared'::text, 'subscription_deleted'::text, 'account_transferred'::text]))),
    CONSTRAINT revenue_plans_objective_check CHECK ((objective <> ''::text)),
    CONSTRAINT revenue_plans_plan_id_check CHECK ((plan_id <> ''::text)),
    CONSTRAINT revenue_plans_plan_status_check CHECK ((plan_status = ANY (ARRAY['DRAFT'::text, 'APPROVED'::text, 'ACTIVE'::text, 'PAUSED'::text, 'COMPLETED'::text, 'ABORTED'::text, 'EXPIRED'::text]))),
    CONSTRAINT revenue_plans_plan_type_check CHECK ((plan_type <> ''::text)),
    CONSTRAINT revenue_plans_snapshot CHECK (((snapshot IS NULL) = (snapshot_at IS NULL))),
    CONSTRAINT revenue_plans_steps_check CHECK ((jsonb_typeof(steps) = 'array'::text)),
    CONSTRAINT revenue_plans_waits CHECK (((look_at IS NULL) = (waits_for IS NULL)))
);

--
-- Name: risk_signals; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.risk_signals (
    risk_signal_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    signal_kind text NOT NULL,
    period text NOT NULL,
    event_id text,
    detail jsonb,
    seen_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    plan_id text,
    cleared_at timestamp with time zone,
    cleared_by text,
    CONSTRAINT risk_signals_signal_kind_check CHECK ((signal_kind = ANY (ARRAY['payment_failed'::text, 'past_due'::text, 'unpaid'::text, 'paused'::text, 'cancellation_scheduled'::text, 'trial_ending'::text])))
);

--
-- Name: step_executions; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.step_executions (
    step_execution_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    step_id uuid NOT NULL,
    attempt integer NOT NULL,
    action_type text NOT NULL,
    executor text NOT NULL,
    idempotency_key text NOT NULL,
    state text NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    claimed_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    ended_at timestamp with time zone,
    detail jsonb,
    failure text,
    CONSTRAINT step_executions_attempt_check CHECK ((attempt > 0)),
    CONSTRAINT step_executions_ended CHECK ((((state = 'done'::text) OR (state = 'failed'::text)) = (ended_at IS NOT NULL))),
    CONSTRAINT step_executions_failure CHECK (((state = 'failed'::text) = (failure IS NOT NULL))),
    CONSTRAINT step_executions_state_check CHECK ((state = ANY (ARRAY['claimed'::text, 'sent'::text, 'done'::text, 'failed'::text])))
);

--
-- Name: validator_runs; Type: TABLE; Schema: governance; Owner: -
--

CREATE TABLE governance.validator_runs (
    run_id uuid NOT NULL,
    validator text NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    plan_id text NOT NULL,
    step_id uuid,
    point text NOT NULL,
    verdict text NOT NULL,
    reason_code text,
    message text,
    facts jsonb,
    evaluated_at timestamp with time zone NOT NULL,
    CONSTRAINT validator_runs_point_check CHECK ((point = ANY (ARRAY['BEFORE_PLAN_APPROVAL'::text, 'BEFORE_STEP_EXECUTION'::text, 'BEFORE_EXTERNAL_WRITEBACK'::text, 'BEFORE_EXPENSIVE_READ'::text]))),
    CONSTRAINT validator_runs_validator_check CHECK ((validator = ANY (ARRAY['freshness'::text, 'grounding'::text, 'contradiction'::text, 'compliance'::text]))),
    CONSTRAINT validator_runs_verdict_check CHECK ((verdict = ANY (ARRAY['ALLOW'::text, 'WARN'::text, 'BLOCK'::text])))
);

--
-- Name: org_types; Type: TABLE; Schema: organization; Owner: -
--

CREATE TABLE organization.org_types (
    org_type_id uuid DEFAULT gen_random_uuid() NOT NULL,
    org_type_key text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    default_plan_ladder_id uuid
);

--
-- Name: organizations; Type: TABLE; Schema: organization; Owner: -
--

CREATE TABLE organization.organizations (
    organization_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    org_type_id uuid NOT NULL,
    organization_key text,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: tenants; Type: TABLE; Schema: organization; Owner: -
--

CREATE TABLE organization.tenants (
    tenant_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_key text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: deliveries; Type: TABLE; Schema: outbound; Owner: -
--

CREATE TABLE outbound.deliveries (
    endpoint_id uuid NOT NULL,
    transition_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    plan_ladder_id uuid NOT NULL,
    sequence bigint NOT NULL,
    "position" bigint NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    first_tried_at timestamp with time zone,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    delivered_at timestamp with time zone,
    last_error text
);

--
-- Name: deliveries_position_seq; Type: SEQUENCE; Schema: outbound; Owner: -
--

ALTER TABLE outbound.deliveries ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME outbound.deliveries_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: endpoints; Type: TABLE; Schema: outbound; Owner: -
--

CREATE TABLE outbound.endpoints (
    endpoint_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    url text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    secret text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    disabled_at timestamp with time zone,
    disabled_why text,
    failures integer DEFAULT 0 NOT NULL,
    paused_until timestamp with time zone,
    next_secret text,
    secret_until timestamp with time zone,
    CONSTRAINT endpoints_check CHECK (((disabled_at IS NULL) = (disabled_why IS NULL))),
    CONSTRAINT endpoints_disabled_why_check CHECK ((disabled_why = ANY (ARRAY['operator'::text, 'failing'::text]))),
    CONSTRAINT endpoints_next_secret CHECK (((next_secret IS NULL) = (secret_until IS NULL)))
);

--
-- Name: stepladder_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.stepladder_migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: alarms; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.alarms (
    alarm_kind text NOT NULL,
    subject text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    first_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    cleared_at timestamp with time zone
);

--
-- Name: customers; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.customers (
    stripe_customer_id text NOT NULL,
    organization_id uuid,
    linked_by text,
    linked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT customers_check CHECK (((organization_id IS NULL) = (linked_by IS NULL)))
);

--
-- Name: deployment; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.deployment (
    singleton boolean DEFAULT true NOT NULL,
    mode text NOT NULL,
    mode_told_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT deployment_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'test'::text]))),
    CONSTRAINT deployment_singleton_check CHECK (singleton)
);

--
-- Name: event_bodies; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.event_bodies (
    event_id text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    body bytea NOT NULL
)
PARTITION BY RANGE (received_at);
ALTER TABLE ONLY stripe.event_bodies ALTER COLUMN body SET COMPRESSION lz4;

--
-- Name: event_writes; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.event_writes (
    event_id text NOT NULL,
    write text NOT NULL,
    state text NOT NULL,
    reason text,
    waiting_on text,
    detail text,
    due_at timestamp with time zone,
    attempts integer DEFAULT 1 NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT event_writes_check CHECK (((state = 'waiting'::text) = (waiting_on IS NOT NULL))),
    CONSTRAINT event_writes_check1 CHECK (((state <> ALL (ARRAY['waiting'::text, 'parked'::text])) OR (reason IS NOT NULL))),
    CONSTRAINT event_writes_state_check CHECK ((state = ANY (ARRAY['done'::text, 'ignored'::text, 'waiting'::text, 'parked'::text]))),
    CONSTRAINT event_writes_write_check CHECK ((write = ANY (ARRAY['enrollment'::text, 'subscription-changes'::text])))
);

--
-- Name: events; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.events (
    event_id text NOT NULL,
    inbox_id bigint NOT NULL,
    type text NOT NULL,
    api_version text,
    mode text NOT NULL,
    stripe_account text,
    created_at timestamp with time zone NOT NULL,
    request_id text,
    object_type text,
    object_id text,
    stripe_subscription_id text,
    stripe_customer_id text,
    source text DEFAULT 'webhook'::text NOT NULL,
    body_hash bytea NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    trail_kind text,
    from_difference jsonb,
    to_state jsonb,
    from_hash text,
    to_hash text,
    from_asides text[],
    to_asides text[],
    fingerprint text,
    projection_version smallint,
    CONSTRAINT events_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'test'::text]))),
    CONSTRAINT events_source_check CHECK ((source = ANY (ARRAY['webhook'::text, 'replay'::text, 'fetch'::text]))),
    CONSTRAINT events_trail_kind_check CHECK ((trail_kind = ANY (ARRAY['root'::text, 'edge'::text, 'sighting'::text, 'end'::text])))
);

--
-- Name: events_inbox_id_seq; Type: SEQUENCE; Schema: stripe; Owner: -
--

ALTER TABLE stripe.events ALTER COLUMN inbox_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stripe.events_inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: fetch_budget; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.fetch_budget (
    singleton boolean DEFAULT true NOT NULL,
    second timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    taken integer DEFAULT 0 NOT NULL,
    CONSTRAINT fetch_budget_singleton_check CHECK (singleton)
);

--
-- Name: fetches; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.fetches (
    fetch_id uuid DEFAULT gen_random_uuid() NOT NULL,
    stripe_subscription_id text NOT NULL,
    window_from double precision NOT NULL,
    window_until double precision NOT NULL,
    state jsonb NOT NULL,
    lease_token bigint NOT NULL,
    fetched_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changes_due_at timestamp with time zone DEFAULT (clock_timestamp() + '00:00:05'::interval),
    changes_since double precision
);

--
-- Name: gap_watch; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.gap_watch (
    singleton boolean DEFAULT true NOT NULL,
    compared_until timestamp with time zone NOT NULL,
    clean_looks integer DEFAULT 0 NOT NULL,
    found bigint DEFAULT 0 NOT NULL,
    CONSTRAINT gap_watch_singleton_check CHECK (singleton)
);

--
-- Name: missed_walks; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.missed_walks (
    walk_id uuid DEFAULT gen_random_uuid() NOT NULL,
    walk_from timestamp with time zone NOT NULL,
    walk_until timestamp with time zone NOT NULL,
    walked_until timestamp with time zone NOT NULL,
    taken integer DEFAULT 0 NOT NULL,
    began_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT missed_walks_check CHECK ((walk_from <= walk_until))
);

--
-- Name: prices; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.prices (
    stripe_price_id text NOT NULL,
    price_id uuid NOT NULL,
    mapped_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: products; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.products (
    stripe_product_id text NOT NULL,
    product_id uuid NOT NULL,
    mapped_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: reconcile_differences; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.reconcile_differences (
    reconcile_run_id uuid NOT NULL,
    stripe_subscription_id text NOT NULL,
    difference_class text NOT NULL,
    outcome text NOT NULL,
    stripe_customer_id text,
    organization_id uuid,
    at_stripe text NOT NULL,
    here text NOT NULL,
    next_step text NOT NULL,
    held_hash text,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT reconcile_differences_difference_class_check CHECK ((difference_class = ANY (ARRAY['missing_here'::text, 'ended_here'::text, 'wrong_tier'::text, 'wrong_status'::text, 'unmapped_price'::text, 'unlinked_customer'::text, 'ended_there'::text, 'unknown_there'::text, 'unreadable_there'::text]))),
    CONSTRAINT reconcile_differences_outcome_check CHECK ((outcome = ANY (ARRAY['seen'::text, 'differs'::text, 'repaired'::text, 'passed'::text, 'in_flight'::text])))
);

--
-- Name: reconcile_runs; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.reconcile_runs (
    reconcile_run_id uuid DEFAULT gen_random_uuid() NOT NULL,
    repairs boolean NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    listed_up_to text,
    listed_at timestamp with time zone,
    looked integer DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone
);

--
-- Name: subscription_signals; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.subscription_signals (
    sequence bigint NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    subscription_id uuid,
    kind text NOT NULL,
    period timestamp with time zone,
    paid_until timestamp with time zone,
    cause text NOT NULL,
    event_id text,
    state jsonb NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    taken_at timestamp with time zone,
    CONSTRAINT subscription_signals_kind_check CHECK ((kind = ANY (ARRAY['payment_failed'::text, 'past_due'::text, 'unpaid'::text, 'paused'::text, 'cancellation_scheduled'::text, 'trial_ending'::text, 'cancellation_withdrawn'::text, 'recovered'::text, 'paid'::text, 'price_changed'::text, 'ended'::text, 'account_transferred'::text])))
);

--
-- Name: subscription_signals_sequence_seq; Type: SEQUENCE; Schema: stripe; Owner: -
--

ALTER TABLE stripe.subscription_signals ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stripe.subscription_signals_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: subscriptions; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.subscriptions (
    stripe_subscription_id text NOT NULL,
    stripe_customer_id text,
    subscription_id uuid,
    resolved_state jsonb,
    resolved_by text,
    resolved_at timestamp with time zone,
    unresolved text,
    hole_seen_at timestamp with time zone,
    resolve_at timestamp with time zone,
    lease_token bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    fetch_attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (fillfactor='70');

--
-- Name: sweep_marks; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.sweep_marks (
    sweep text NOT NULL,
    low_water bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: upkeep; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.upkeep (
    task text NOT NULL,
    lease_token bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    ended_well_at timestamp with time zone,
    CONSTRAINT upkeep_task_check CHECK ((task = ANY (ARRAY['gap-watch'::text, 'notices'::text, 'reconcile'::text])))
);

--
-- Name: verified_subscriptions; Type: TABLE; Schema: stripe; Owner: -
--

CREATE TABLE stripe.verified_subscriptions (
    stripe_subscription_id text NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    verified_at timestamp with time zone
);

--
-- Name: api_keys api_keys_key_hash_key; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (api_key_id);

--
-- Name: idempotent_requests idempotent_requests_pkey; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.idempotent_requests
    ADD CONSTRAINT idempotent_requests_pkey PRIMARY KEY (tenant_id, caller_id, idempotency_key);

--
-- Name: member_links member_links_pkey; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.member_links
    ADD CONSTRAINT member_links_pkey PRIMARY KEY (member_link_id);

--
-- Name: member_links member_links_token_hash_key; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.member_links
    ADD CONSTRAINT member_links_token_hash_key UNIQUE (token_hash);

--
-- Name: operator_actions operator_actions_pkey; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.operator_actions
    ADD CONSTRAINT operator_actions_pkey PRIMARY KEY (operator_action_id);

--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (session_id);

--
-- Name: sessions sessions_token_hash_key; Type: CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_token_hash_key UNIQUE (token_hash);

--
-- Name: accounts accounts_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (account_id);

--
-- Name: catalog_version catalog_version_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.catalog_version
    ADD CONSTRAINT catalog_version_pkey PRIMARY KEY (singleton);

--
-- Name: plan_ladder_tiers plan_ladder_tiers_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladder_tiers
    ADD CONSTRAINT plan_ladder_tiers_pkey PRIMARY KEY (plan_ladder_id, product_id);

--
-- Name: plan_ladder_tiers plan_ladder_tiers_rank_unique; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladder_tiers
    ADD CONSTRAINT plan_ladder_tiers_rank_unique UNIQUE (plan_ladder_id, rank) DEFERRABLE;

--
-- Name: plan_ladders plan_ladders_ladder_key_key; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladders
    ADD CONSTRAINT plan_ladders_ladder_key_key UNIQUE (ladder_key);

--
-- Name: plan_ladders plan_ladders_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladders
    ADD CONSTRAINT plan_ladders_pkey PRIMARY KEY (plan_ladder_id);

--
-- Name: prices prices_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (price_id);

--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (product_id);

--
-- Name: products products_product_key_key; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.products
    ADD CONSTRAINT products_product_key_key UNIQUE (product_key);

--
-- Name: subscription_changes subscription_changes_event_id_change_kind_item_key; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.subscription_changes
    ADD CONSTRAINT subscription_changes_event_id_change_kind_item_key UNIQUE (event_id, change_kind, item);

--
-- Name: subscription_changes subscription_changes_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.subscription_changes
    ADD CONSTRAINT subscription_changes_pkey PRIMARY KEY (subscription_change_id);

--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (subscription_id);

--
-- Name: ceilings ceilings_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_pkey PRIMARY KEY (ceiling_id);

--
-- Name: entitlement_set_features entitlement_set_features_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.entitlement_set_features
    ADD CONSTRAINT entitlement_set_features_pkey PRIMARY KEY (entitlement_set_id, feature_key);

--
-- Name: entitlement_sets entitlement_sets_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.entitlement_sets
    ADD CONSTRAINT entitlement_sets_pkey PRIMARY KEY (entitlement_set_id);

--
-- Name: entitlement_sets entitlement_sets_set_key_key; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.entitlement_sets
    ADD CONSTRAINT entitlement_sets_set_key_key UNIQUE (set_key);

--
-- Name: grants grants_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (grant_id);

--
-- Name: pool_provision_ladders pool_provision_ladders_one_active; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_one_active EXCLUDE USING gist (pool_id WITH =, plan_ladder_id WITH =, tstzrange(activated_at, ended_at, '[)'::text) WITH &&) WHERE ((status = 'active'::text));

--
-- Name: pool_provision_ladders pool_provision_ladders_one_live; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_one_live EXCLUDE USING btree (pool_id WITH =, plan_ladder_id WITH =) WHERE ((ended_at IS NULL));

--
-- Name: pool_provision_ladders pool_provision_ladders_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_pkey PRIMARY KEY (provision_id, plan_ladder_id);

--
-- Name: pool_provision_transitions pool_provision_transitions_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_transitions
    ADD CONSTRAINT pool_provision_transitions_pkey PRIMARY KEY (transition_id);

--
-- Name: pool_provision_transitions pool_provision_transitions_pool_id_plan_ladder_id_sequence_key; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_transitions
    ADD CONSTRAINT pool_provision_transitions_pool_id_plan_ladder_id_sequence_key UNIQUE (pool_id, plan_ladder_id, sequence);

--
-- Name: pool_provisions pool_provisions_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provisions
    ADD CONSTRAINT pool_provisions_pkey PRIMARY KEY (provision_id);

--
-- Name: resource_pools resource_pools_organization_id_pool_key_key; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.resource_pools
    ADD CONSTRAINT resource_pools_organization_id_pool_key_key UNIQUE (organization_id, pool_key);

--
-- Name: resource_pools resource_pools_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.resource_pools
    ADD CONSTRAINT resource_pools_pkey PRIMARY KEY (pool_id);

--
-- Name: subscription_claims subscription_claims_pkey; Type: CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.subscription_claims
    ADD CONSTRAINT subscription_claims_pkey PRIMARY KEY (subscription_id, plan_ladder_id);

--
-- Name: budget_configs budget_configs_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.budget_configs
    ADD CONSTRAINT budget_configs_pkey PRIMARY KEY (tenant_id, budget_scope, scope_id, period, cost_class);

--
-- Name: budget_reservations budget_reservations_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.budget_reservations
    ADD CONSTRAINT budget_reservations_pkey PRIMARY KEY (tenant_id, operation_id);

--
-- Name: budget_usage budget_usage_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.budget_usage
    ADD CONSTRAINT budget_usage_pkey PRIMARY KEY (tenant_id, budget_scope, scope_id, period, cost_class, period_start);

--
-- Name: operator_tasks operator_tasks_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.operator_tasks
    ADD CONSTRAINT operator_tasks_pkey PRIMARY KEY (task_id);

--
-- Name: operator_tasks operator_tasks_tenant_id_idempotency_key_key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.operator_tasks
    ADD CONSTRAINT operator_tasks_tenant_id_idempotency_key_key UNIQUE (tenant_id, idempotency_key);

--
-- Name: outcomes outcomes_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (outcome_id);

--
-- Name: outcomes outcomes_tenant_id_idempotency_key_key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.outcomes
    ADD CONSTRAINT outcomes_tenant_id_idempotency_key_key UNIQUE (tenant_id, idempotency_key);

--
-- Name: plan_ledger plan_ledger_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.plan_ledger
    ADD CONSTRAINT plan_ledger_pkey PRIMARY KEY (sequence);

--
-- Name: plan_ledger plan_ledger_tenant_id_plan_id_recorded_at_entry_id_key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.plan_ledger
    ADD CONSTRAINT plan_ledger_tenant_id_plan_id_recorded_at_entry_id_key UNIQUE (tenant_id, plan_id, recorded_at, entry_id);

--
-- Name: revenue_plans revenue_plans_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.revenue_plans
    ADD CONSTRAINT revenue_plans_pkey PRIMARY KEY (tenant_id, plan_id);

--
-- Name: risk_signals risk_signals_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.risk_signals
    ADD CONSTRAINT risk_signals_pkey PRIMARY KEY (risk_signal_id);

--
-- Name: risk_signals risk_signals_tenant_id_account_id_signal_kind_subscription__key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.risk_signals
    ADD CONSTRAINT risk_signals_tenant_id_account_id_signal_kind_subscription__key UNIQUE (tenant_id, account_id, signal_kind, subscription_id, period);

--
-- Name: step_executions step_executions_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.step_executions
    ADD CONSTRAINT step_executions_pkey PRIMARY KEY (step_execution_id);

--
-- Name: step_executions step_executions_tenant_id_idempotency_key_key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.step_executions
    ADD CONSTRAINT step_executions_tenant_id_idempotency_key_key UNIQUE (tenant_id, idempotency_key);

--
-- Name: step_executions step_executions_tenant_id_plan_id_step_id_attempt_key; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.step_executions
    ADD CONSTRAINT step_executions_tenant_id_plan_id_step_id_attempt_key UNIQUE (tenant_id, plan_id, step_id, attempt);

--
-- Name: validator_runs validator_runs_pkey; Type: CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.validator_runs
    ADD CONSTRAINT validator_runs_pkey PRIMARY KEY (run_id, validator);

--
-- Name: org_types org_types_org_type_key_key; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.org_types
    ADD CONSTRAINT org_types_org_type_key_key UNIQUE (org_type_key);

--
-- Name: org_types org_types_pkey; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.org_types
    ADD CONSTRAINT org_types_pkey PRIMARY KEY (org_type_id);

--
-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (organization_id);

--
-- Name: organizations organizations_tenant_id_organization_key_key; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.organizations
    ADD CONSTRAINT organizations_tenant_id_organization_key_key UNIQUE (tenant_id, organization_key);

--
-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

--
-- Name: tenants tenants_tenant_key_key; Type: CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.tenants
    ADD CONSTRAINT tenants_tenant_key_key UNIQUE (tenant_key);

--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: outbound; Owner: -
--

ALTER TABLE ONLY outbound.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (endpoint_id, transition_id);

--
-- Name: endpoints endpoints_pkey; Type: CONSTRAINT; Schema: outbound; Owner: -
--

ALTER TABLE ONLY outbound.endpoints
    ADD CONSTRAINT endpoints_pkey PRIMARY KEY (endpoint_id);

--
-- Name: stepladder_migrations stepladder_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stepladder_migrations
    ADD CONSTRAINT stepladder_migrations_pkey PRIMARY KEY (name);

--
-- Name: alarms alarms_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (alarm_kind, subject);

--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (stripe_customer_id);

--
-- Name: deployment deployment_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (singleton);

--
-- Name: event_writes event_writes_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.event_writes
    ADD CONSTRAINT event_writes_pkey PRIMARY KEY (event_id, write);

--
-- Name: events events_inbox_id_key; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.events
    ADD CONSTRAINT events_inbox_id_key UNIQUE (inbox_id);

--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (event_id);

--
-- Name: fetch_budget fetch_budget_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.fetch_budget
    ADD CONSTRAINT fetch_budget_pkey PRIMARY KEY (singleton);

--
-- Name: fetches fetches_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.fetches
    ADD CONSTRAINT fetches_pkey PRIMARY KEY (fetch_id);

--
-- Name: fetches fetches_stripe_subscription_id_lease_token_key; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.fetches
    ADD CONSTRAINT fetches_stripe_subscription_id_lease_token_key UNIQUE (stripe_subscription_id, lease_token);

--
-- Name: gap_watch gap_watch_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.gap_watch
    ADD CONSTRAINT gap_watch_pkey PRIMARY KEY (singleton);

--
-- Name: missed_walks missed_walks_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.missed_walks
    ADD CONSTRAINT missed_walks_pkey PRIMARY KEY (walk_id);

--
-- Name: prices prices_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (stripe_price_id);

--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (stripe_product_id);

--
-- Name: reconcile_differences reconcile_differences_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.reconcile_differences
    ADD CONSTRAINT reconcile_differences_pkey PRIMARY KEY (reconcile_run_id, stripe_subscription_id, difference_class);

--
-- Name: reconcile_runs reconcile_runs_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.reconcile_runs
    ADD CONSTRAINT reconcile_runs_pkey PRIMARY KEY (reconcile_run_id);

--
-- Name: subscription_signals subscription_signals_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.subscription_signals
    ADD CONSTRAINT subscription_signals_pkey PRIMARY KEY (sequence);

--
-- Name: subscription_signals subscription_signals_subscription_id_kind_cause_key; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.subscription_signals
    ADD CONSTRAINT subscription_signals_subscription_id_kind_cause_key UNIQUE (subscription_id, kind, cause);

--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (stripe_subscription_id);

--
-- Name: subscriptions subscriptions_subscription_id_key; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.subscriptions
    ADD CONSTRAINT subscriptions_subscription_id_key UNIQUE (subscription_id);

--
-- Name: sweep_marks sweep_marks_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.sweep_marks
    ADD CONSTRAINT sweep_marks_pkey PRIMARY KEY (sweep);

--
-- Name: upkeep upkeep_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.upkeep
    ADD CONSTRAINT upkeep_pkey PRIMARY KEY (task);

--
-- Name: verified_subscriptions verified_subscriptions_pkey; Type: CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.verified_subscriptions
    ADD CONSTRAINT verified_subscriptions_pkey PRIMARY KEY (stripe_subscription_id);

--
-- Name: idempotent_requests_by_age; Type: INDEX; Schema: auth; Owner: -
--

CREATE INDEX idempotent_requests_by_age ON auth.idempotent_requests USING btree (begun_at);

--
-- Name: operator_actions_by_request; Type: INDEX; Schema: auth; Owner: -
--

CREATE INDEX operator_actions_by_request ON auth.operator_actions USING btree (request_id);

--
-- Name: operator_actions_by_tenant; Type: INDEX; Schema: auth; Owner: -
--

CREATE INDEX operator_actions_by_tenant ON auth.operator_actions USING btree (tenant_id, operator_action_id);

--
-- Name: sessions_by_previous_token; Type: INDEX; Schema: auth; Owner: -
--

CREATE INDEX sessions_by_previous_token ON auth.sessions USING btree (previous_token_hash) WHERE (previous_token_hash IS NOT NULL);

--
-- Name: plan_ladder_tiers_product_id_idx; Type: INDEX; Schema: billing; Owner: -
--

CREATE INDEX plan_ladder_tiers_product_id_idx ON billing.plan_ladder_tiers USING btree (product_id);

--
-- Name: prices_product_id_idx; Type: INDEX; Schema: billing; Owner: -
--

CREATE INDEX prices_product_id_idx ON billing.prices USING btree (product_id);

--
-- Name: subscription_changes_account_id_idx; Type: INDEX; Schema: billing; Owner: -
--

CREATE INDEX subscription_changes_account_id_idx ON billing.subscription_changes USING btree (account_id, occurred_at);

--
-- Name: subscription_changes_subscription_id_idx; Type: INDEX; Schema: billing; Owner: -
--

CREATE INDEX subscription_changes_subscription_id_idx ON billing.subscription_changes USING btree (subscription_id, occurred_at);

--
-- Name: subscriptions_account_id_idx; Type: INDEX; Schema: billing; Owner: -
--

CREATE INDEX subscriptions_account_id_idx ON billing.subscriptions USING btree (account_id);

--
-- Name: ceilings_by_organization; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX ceilings_by_organization ON entitlements.ceilings USING btree (organization_id, set_at);

--
-- Name: ceilings_due; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX ceilings_due ON entitlements.ceilings USING btree (valid_until) WHERE ((lifted_at IS NULL) AND (valid_until IS NOT NULL));

--
-- Name: ceilings_one_live; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE UNIQUE INDEX ceilings_one_live ON entitlements.ceilings USING btree (pool_id, plan_ladder_id) WHERE (lifted_at IS NULL);

--
-- Name: entitlement_sets_product_id_idx; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX entitlement_sets_product_id_idx ON entitlements.entitlement_sets USING btree (product_id);

--
-- Name: grants_by_organization; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX grants_by_organization ON entitlements.grants USING btree (organization_id, granted_at);

--
-- Name: grants_due; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX grants_due ON entitlements.grants USING btree (valid_until) WHERE ((closed_at IS NULL) AND (valid_until IS NOT NULL));

--
-- Name: grants_extends_grant_id_idx; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX grants_extends_grant_id_idx ON entitlements.grants USING btree (extends_grant_id) WHERE (extends_grant_id IS NOT NULL);

--
-- Name: grants_live_by_pool; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX grants_live_by_pool ON entitlements.grants USING btree (pool_id) WHERE (closed_at IS NULL);

--
-- Name: pool_provision_transitions_cause; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX pool_provision_transitions_cause ON entitlements.pool_provision_transitions USING btree (cause_id) WHERE (cause_id IS NOT NULL);

--
-- Name: pool_provisions_grant_id_idx; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX pool_provisions_grant_id_idx ON entitlements.pool_provisions USING btree (grant_id) WHERE (grant_id IS NOT NULL);

--
-- Name: pool_provisions_live_by_pool; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX pool_provisions_live_by_pool ON entitlements.pool_provisions USING btree (pool_id) WHERE (ended_at IS NULL);

--
-- Name: pool_provisions_subscription_id_idx; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX pool_provisions_subscription_id_idx ON entitlements.pool_provisions USING btree (subscription_id) WHERE ((subscription_id IS NOT NULL) AND (ended_at IS NULL));

--
-- Name: resource_pools_one_default; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE UNIQUE INDEX resource_pools_one_default ON entitlements.resource_pools USING btree (organization_id) WHERE is_default;

--
-- Name: subscription_claims_pool_id_idx; Type: INDEX; Schema: entitlements; Owner: -
--

CREATE INDEX subscription_claims_pool_id_idx ON entitlements.subscription_claims USING btree (pool_id, plan_ladder_id);

--
-- Name: budget_reservations_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX budget_reservations_by_plan ON governance.budget_reservations USING btree (tenant_id, plan_id, reserved_at);

--
-- Name: operator_tasks_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX operator_tasks_by_plan ON governance.operator_tasks USING btree (tenant_id, plan_id, opened_at);

--
-- Name: operator_tasks_open; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX operator_tasks_open ON governance.operator_tasks USING btree (tenant_id, opened_at, task_id) WHERE (task_state = 'open'::text);

--
-- Name: outcomes_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX outcomes_by_plan ON governance.outcomes USING btree (tenant_id, plan_id, occurred_at);

--
-- Name: outcomes_by_type; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX outcomes_by_type ON governance.outcomes USING btree (tenant_id, outcome_type, occurred_at);

--
-- Name: plan_ledger_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX plan_ledger_by_plan ON governance.plan_ledger USING btree (tenant_id, plan_id, recorded_at, sequence);

--
-- Name: plan_ledger_by_tenant; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX plan_ledger_by_tenant ON governance.plan_ledger USING btree (tenant_id, recorded_at, sequence);

--
-- Name: revenue_plans_by_account; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX revenue_plans_by_account ON governance.revenue_plans USING btree (tenant_id, account_id, updated_at, plan_id);

--
-- Name: revenue_plans_by_status; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX revenue_plans_by_status ON governance.revenue_plans USING btree (tenant_id, plan_status, updated_at, plan_id);

--
-- Name: revenue_plans_one_open; Type: INDEX; Schema: governance; Owner: -
--

CREATE UNIQUE INDEX revenue_plans_one_open ON governance.revenue_plans USING btree (tenant_id, account_id, plan_type) WHERE (plan_status = ANY (ARRAY['DRAFT'::text, 'APPROVED'::text, 'ACTIVE'::text, 'PAUSED'::text]));

--
-- Name: revenue_plans_running; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX revenue_plans_running ON governance.revenue_plans USING btree (plan_status, expires_at) WHERE (plan_status = ANY (ARRAY['APPROVED'::text, 'ACTIVE'::text, 'PAUSED'::text]));

--
-- Name: risk_signals_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX risk_signals_by_plan ON governance.risk_signals USING btree (tenant_id, plan_id, seen_at) WHERE (plan_id IS NOT NULL);

--
-- Name: step_executions_in_flight; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX step_executions_in_flight ON governance.step_executions USING btree (claimed_at) WHERE (state = ANY (ARRAY['claimed'::text, 'sent'::text]));

--
-- Name: step_executions_one_in_flight; Type: INDEX; Schema: governance; Owner: -
--

CREATE UNIQUE INDEX step_executions_one_in_flight ON governance.step_executions USING btree (tenant_id, plan_id, step_id) WHERE (state = ANY (ARRAY['claimed'::text, 'sent'::text]));

--
-- Name: validator_runs_by_plan; Type: INDEX; Schema: governance; Owner: -
--

CREATE INDEX validator_runs_by_plan ON governance.validator_runs USING btree (tenant_id, plan_id, evaluated_at);

--
-- Name: organizations_org_type_id_idx; Type: INDEX; Schema: organization; Owner: -
--

CREATE INDEX organizations_org_type_id_idx ON organization.organizations USING btree (org_type_id);

--
-- Name: deliveries_by_endpoint; Type: INDEX; Schema: outbound; Owner: -
--

CREATE INDEX deliveries_by_endpoint ON outbound.deliveries USING btree (endpoint_id, "position");

--
-- Name: deliveries_pending; Type: INDEX; Schema: outbound; Owner: -
--

CREATE INDEX deliveries_pending ON outbound.deliveries USING btree (endpoint_id, pool_id, "position") WHERE (delivered_at IS NULL);

--
-- Name: endpoints_by_tenant; Type: INDEX; Schema: outbound; Owner: -
--

CREATE INDEX endpoints_by_tenant ON outbound.endpoints USING btree (tenant_id, created_at, endpoint_id);

--
-- Name: endpoints_rotating; Type: INDEX; Schema: outbound; Owner: -
--

CREATE INDEX endpoints_rotating ON outbound.endpoints USING btree (secret_until) WHERE (next_secret IS NOT NULL);

--
-- Name: customers_organization_id; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX customers_organization_id ON stripe.customers USING btree (organization_id);

--
-- Name: event_bodies_event_id; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX event_bodies_event_id ON ONLY stripe.event_bodies USING btree (event_id);

--
-- Name: event_writes_due; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX event_writes_due ON stripe.event_writes USING btree (due_at) WHERE (due_at IS NOT NULL);

--
-- Name: event_writes_parked; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX event_writes_parked ON stripe.event_writes USING btree (reason) WHERE (state = 'parked'::text);

--
-- Name: event_writes_waiting_on; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX event_writes_waiting_on ON stripe.event_writes USING btree (waiting_on) WHERE (state = 'waiting'::text);

--
-- Name: events_customer; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX events_customer ON stripe.events USING btree (stripe_customer_id) WHERE (stripe_customer_id IS NOT NULL);

--
-- Name: events_payments; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX events_payments ON stripe.events USING btree (stripe_subscription_id, created_at) WHERE (type = ANY (ARRAY['invoice.paid'::text, 'invoice.payment_failed'::text]));

--
-- Name: events_trail; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX events_trail ON stripe.events USING btree (stripe_subscription_id, created_at) WHERE (trail_kind IS NOT NULL);

--
-- Name: fetches_changes_due; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX fetches_changes_due ON stripe.fetches USING btree (changes_due_at) WHERE (changes_due_at IS NOT NULL);

--
-- Name: missed_walks_unfinished; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX missed_walks_unfinished ON stripe.missed_walks USING btree (updated_at) WHERE (finished_at IS NULL);

--
-- Name: reconcile_differences_seen; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX reconcile_differences_seen ON stripe.reconcile_differences USING btree (reconcile_run_id, stripe_subscription_id) WHERE (outcome = 'seen'::text);

--
-- Name: reconcile_runs_started_at; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX reconcile_runs_started_at ON stripe.reconcile_runs USING btree (started_at);

--
-- Name: subscription_signals_by_account; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX subscription_signals_by_account ON stripe.subscription_signals USING btree (account_id, sequence) WHERE (taken_at IS NULL);

--
-- Name: subscription_signals_open; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX subscription_signals_open ON stripe.subscription_signals USING btree (sequence) WHERE (taken_at IS NULL);

--
-- Name: subscriptions_customer; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX subscriptions_customer ON stripe.subscriptions USING btree (stripe_customer_id);

--
-- Name: subscriptions_resolve_at; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX subscriptions_resolve_at ON stripe.subscriptions USING btree (resolve_at) WHERE (resolve_at IS NOT NULL);

--
-- Name: subscriptions_unresolved; Type: INDEX; Schema: stripe; Owner: -
--

CREATE INDEX subscriptions_unresolved ON stripe.subscriptions USING btree (unresolved) WHERE (unresolved IS NOT NULL);

--
-- Name: operator_actions append_only_rows; Type: TRIGGER; Schema: auth; Owner: -
--

CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON auth.operator_actions FOR EACH ROW EXECUTE FUNCTION entitlements.refuse_change();

--
-- Name: operator_actions append_only_table; Type: TRIGGER; Schema: auth; Owner: -
--

CREATE TRIGGER append_only_table BEFORE TRUNCATE ON auth.operator_actions FOR EACH STATEMENT EXECUTE FUNCTION entitlements.refuse_change();

--
-- Name: plan_ladder_tiers catalog_changed; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER catalog_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON billing.plan_ladder_tiers FOR EACH STATEMENT EXECUTE FUNCTION billing.count_catalog_change();

--
-- Name: prices catalog_changed; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER catalog_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON billing.prices FOR EACH STATEMENT EXECUTE FUNCTION billing.count_catalog_change();

--
-- Name: products catalog_changed; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER catalog_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON billing.products FOR EACH STATEMENT EXECUTE FUNCTION billing.count_catalog_change();

--
-- Name: plan_ladders stays_while_used; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON billing.plan_ladders FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('plan_ladder_id', 'entitlements.subscription_claims', 'plan_ladder_id');

--
-- Name: products stays_while_used; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON billing.products FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('product_id', 'entitlements.pool_provisions', 'product_id', 'entitlements.subscription_claims', 'product_id');

--
-- Name: subscriptions stays_while_used; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON billing.subscriptions FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('subscription_id', 'entitlements.subscription_claims', 'subscription_id', 'billing.subscription_changes', 'subscription_id');

--
-- Name: products tell_product_key; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER tell_product_key AFTER UPDATE OF product_key ON billing.products FOR EACH ROW WHEN ((old.product_key <> new.product_key)) EXECUTE FUNCTION entitlements.tell_everything();

--
-- Name: plan_ladder_tiers tier_of_ceiling_stays; Type: TRIGGER; Schema: billing; Owner: -
--

CREATE TRIGGER tier_of_ceiling_stays BEFORE DELETE ON billing.plan_ladder_tiers FOR EACH ROW EXECUTE FUNCTION billing.keep_tier_of_ceiling();

--
-- Name: pool_provision_transitions append_only_rows; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON entitlements.pool_provision_transitions FOR EACH ROW EXECUTE FUNCTION entitlements.refuse_change();

--
-- Name: pool_provision_transitions append_only_table; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER append_only_table BEFORE TRUNCATE ON entitlements.pool_provision_transitions FOR EACH STATEMENT EXECUTE FUNCTION entitlements.refuse_change();

--
-- Name: grants lineage_is_fixed; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER lineage_is_fixed BEFORE UPDATE ON entitlements.grants FOR EACH ROW WHEN (((old.extends_grant_id IS DISTINCT FROM new.extends_grant_id) OR (old.organization_id <> new.organization_id))) EXECUTE FUNCTION entitlements.refuse_lineage_change();

--
-- Name: grants lineage_is_own; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER lineage_is_own BEFORE INSERT ON entitlements.grants FOR EACH ROW WHEN ((new.extends_grant_id IS NOT NULL)) EXECUTE FUNCTION entitlements.refuse_foreign_lineage();

--
-- Name: pool_provisions propagate_to_ladders; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER propagate_to_ladders AFTER UPDATE OF pool_id, status, activated_at, ended_at ON entitlements.pool_provisions FOR EACH ROW WHEN (((((old.pool_id IS DISTINCT FROM new.pool_id) OR (old.status IS DISTINCT FROM new.status)) OR (old.activated_at IS DISTINCT FROM new.activated_at)) OR (old.ended_at IS DISTINCT FROM new.ended_at))) EXECUTE FUNCTION entitlements.propagate_provision_to_ladders();

--
-- Name: entitlement_sets stays_while_used; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON entitlements.entitlement_sets FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('entitlement_set_id', 'entitlements.pool_provisions', 'entitlement_set_id');

--
-- Name: resource_pools stays_while_used; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON entitlements.resource_pools FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('pool_id', 'entitlements.pool_provisions', 'pool_id', 'entitlements.subscription_claims', 'pool_id');

--
-- Name: pool_provisions tell_changed; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_changed AFTER UPDATE ON entitlements.pool_provisions REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION entitlements.tell_pools();

--
-- Name: entitlement_set_features tell_features; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_features AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON entitlements.entitlement_set_features FOR EACH STATEMENT EXECUTE FUNCTION entitlements.tell_everything();

--
-- Name: pool_provisions tell_given; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_given AFTER INSERT ON entitlements.pool_provisions REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION entitlements.tell_pools();

--
-- Name: pool_provisions tell_gone; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_gone AFTER DELETE ON entitlements.pool_provisions REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION entitlements.tell_pools();

--
-- Name: grants tell_other_end; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_other_end AFTER UPDATE OF valid_until ON entitlements.grants FOR EACH ROW WHEN ((old.valid_until IS DISTINCT FROM new.valid_until)) EXECUTE FUNCTION entitlements.tell_pool();

--
-- Name: resource_pools tell_other_pool; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_other_pool AFTER UPDATE OF organization_id, tenant_id, is_default ON entitlements.resource_pools FOR EACH ROW WHEN ((((old.organization_id IS DISTINCT FROM new.organization_id) OR (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR (old.is_default IS DISTINCT FROM new.is_default))) EXECUTE FUNCTION entitlements.tell_names();

--
-- Name: entitlement_sets tell_sets; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER tell_sets AFTER INSERT OR DELETE OR UPDATE ON entitlements.entitlement_sets FOR EACH STATEMENT EXECUTE FUNCTION entitlements.tell_everything();

--
-- Name: pool_provision_transitions told_to_others; Type: TRIGGER; Schema: entitlements; Owner: -
--

CREATE TRIGGER told_to_others AFTER INSERT ON entitlements.pool_provision_transitions REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION outbound.note_transitions();

--
-- Name: outcomes append_only_rows; Type: TRIGGER; Schema: governance; Owner: -
--

CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON governance.outcomes FOR EACH ROW EXECUTE FUNCTION governance.refuse_change();

--
-- Name: plan_ledger append_only_rows; Type: TRIGGER; Schema: governance; Owner: -
--

CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON governance.plan_ledger FOR EACH ROW EXECUTE FUNCTION governance.refuse_change();

--
-- Name: outcomes append_only_table; Type: TRIGGER; Schema: governance; Owner: -
--

CREATE TRIGGER append_only_table BEFORE TRUNCATE ON governance.outcomes FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change();

--
-- Name: plan_ledger append_only_table; Type: TRIGGER; Schema: governance; Owner: -
--

CREATE TRIGGER append_only_table BEFORE TRUNCATE ON governance.plan_ledger FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change();

--
-- Name: tenants default_budgets; Type: TRIGGER; Schema: organization; Owner: -
--

CREATE TRIGGER default_budgets AFTER INSERT ON organization.tenants FOR EACH ROW EXECUTE FUNCTION governance.give_default_budgets();

--
-- Name: tenants stays_while_used; Type: TRIGGER; Schema: organization; Owner: -
--

CREATE TRIGGER stays_while_used BEFORE DELETE ON organization.tenants FOR EACH ROW EXECUTE FUNCTION billing.refuse_delete_in_use('tenant_id', 'entitlements.pool_provisions', 'tenant_id');

--
-- Name: organizations tell_organization_gone; Type: TRIGGER; Schema: organization; Owner: -
--

CREATE TRIGGER tell_organization_gone AFTER DELETE ON organization.organizations FOR EACH ROW EXECUTE FUNCTION entitlements.tell_names();

--
-- Name: organizations tell_other_organization; Type: TRIGGER; Schema: organization; Owner: -
--

CREATE TRIGGER tell_other_organization AFTER UPDATE OF organization_key, tenant_id ON organization.organizations FOR EACH ROW WHEN (((old.organization_key IS DISTINCT FROM new.organization_key) OR (old.tenant_id IS DISTINCT FROM new.tenant_id))) EXECUTE FUNCTION entitlements.tell_names();

--
-- Name: prices catalog_changed; Type: TRIGGER; Schema: stripe; Owner: -
--

CREATE TRIGGER catalog_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON stripe.prices FOR EACH STATEMENT EXECUTE FUNCTION billing.count_catalog_change();

--
-- Name: products catalog_changed; Type: TRIGGER; Schema: stripe; Owner: -
--

CREATE TRIGGER catalog_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON stripe.products FOR EACH STATEMENT EXECUTE FUNCTION billing.count_catalog_change();

--
-- Name: customers tell_customer_gone; Type: TRIGGER; Schema: stripe; Owner: -
--

CREATE TRIGGER tell_customer_gone AFTER DELETE ON stripe.customers FOR EACH ROW WHEN ((old.organization_id IS NOT NULL)) EXECUTE FUNCTION entitlements.tell_names();

--
-- Name: customers tell_other_customer; Type: TRIGGER; Schema: stripe; Owner: -
--

CREATE TRIGGER tell_other_customer AFTER UPDATE OF organization_id ON stripe.customers FOR EACH ROW WHEN (((old.organization_id IS NOT NULL) AND (old.organization_id IS DISTINCT FROM new.organization_id))) EXECUTE FUNCTION entitlements.tell_names();

--
-- Name: api_keys api_keys_organization_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.api_keys
    ADD CONSTRAINT api_keys_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: api_keys api_keys_tenant_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.api_keys
    ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: member_links member_links_organization_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.member_links
    ADD CONSTRAINT member_links_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: member_links member_links_tenant_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.member_links
    ADD CONSTRAINT member_links_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: operator_actions operator_actions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.operator_actions
    ADD CONSTRAINT operator_actions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: sessions sessions_api_key_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES auth.api_keys(api_key_id);

--
-- Name: sessions sessions_member_link_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_member_link_id_fkey FOREIGN KEY (member_link_id) REFERENCES auth.member_links(member_link_id);

--
-- Name: sessions sessions_organization_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: sessions sessions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: -
--

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: accounts accounts_account_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.accounts
    ADD CONSTRAINT accounts_account_id_fkey FOREIGN KEY (account_id) REFERENCES organization.organizations(organization_id);

--
-- Name: accounts accounts_tenant_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.accounts
    ADD CONSTRAINT accounts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: plan_ladder_tiers plan_ladder_tiers_plan_ladder_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladder_tiers
    ADD CONSTRAINT plan_ladder_tiers_plan_ladder_id_fkey FOREIGN KEY (plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id);

--
-- Name: plan_ladder_tiers plan_ladder_tiers_product_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.plan_ladder_tiers
    ADD CONSTRAINT plan_ladder_tiers_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: prices prices_product_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.prices
    ADD CONSTRAINT prices_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: subscriptions subscriptions_account_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.subscriptions
    ADD CONSTRAINT subscriptions_account_id_fkey FOREIGN KEY (account_id) REFERENCES billing.accounts(account_id);

--
-- Name: subscriptions subscriptions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: billing; Owner: -
--

ALTER TABLE ONLY billing.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: ceilings ceilings_organization_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: ceilings ceilings_plan_ladder_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_plan_ladder_id_fkey FOREIGN KEY (plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id);

--
-- Name: ceilings ceilings_pool_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES entitlements.resource_pools(pool_id);

--
-- Name: ceilings ceilings_product_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: ceilings ceilings_tenant_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.ceilings
    ADD CONSTRAINT ceilings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: entitlement_set_features entitlement_set_features_entitlement_set_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.entitlement_set_features
    ADD CONSTRAINT entitlement_set_features_entitlement_set_id_fkey FOREIGN KEY (entitlement_set_id) REFERENCES entitlements.entitlement_sets(entitlement_set_id);

--
-- Name: entitlement_sets entitlement_sets_product_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.entitlement_sets
    ADD CONSTRAINT entitlement_sets_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: grants grants_extends_grant_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_extends_grant_id_fkey FOREIGN KEY (extends_grant_id) REFERENCES entitlements.grants(grant_id);

--
-- Name: grants grants_organization_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: grants grants_plan_ladder_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_plan_ladder_id_fkey FOREIGN KEY (plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id);

--
-- Name: grants grants_pool_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES entitlements.resource_pools(pool_id);

--
-- Name: grants grants_product_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: grants grants_tenant_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.grants
    ADD CONSTRAINT grants_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: pool_provision_ladders pool_provision_ladders_plan_ladder_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_plan_ladder_id_fkey FOREIGN KEY (plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id);

--
-- Name: pool_provision_ladders pool_provision_ladders_pool_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES entitlements.resource_pools(pool_id);

--
-- Name: pool_provision_ladders pool_provision_ladders_provision_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provision_ladders
    ADD CONSTRAINT pool_provision_ladders_provision_id_fkey FOREIGN KEY (provision_id) REFERENCES entitlements.pool_provisions(provision_id);

--
-- Name: pool_provisions pool_provisions_grant_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provisions
    ADD CONSTRAINT pool_provisions_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES entitlements.grants(grant_id);

--
-- Name: pool_provisions pool_provisions_subscription_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.pool_provisions
    ADD CONSTRAINT pool_provisions_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES billing.subscriptions(subscription_id);

--
-- Name: resource_pools resource_pools_organization_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.resource_pools
    ADD CONSTRAINT resource_pools_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: resource_pools resource_pools_tenant_id_fkey; Type: FK CONSTRAINT; Schema: entitlements; Owner: -
--

ALTER TABLE ONLY entitlements.resource_pools
    ADD CONSTRAINT resource_pools_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: budget_configs budget_configs_tenant_id_fkey; Type: FK CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.budget_configs
    ADD CONSTRAINT budget_configs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id) ON DELETE CASCADE;

--
-- Name: revenue_plans revenue_plans_account_id_fkey; Type: FK CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.revenue_plans
    ADD CONSTRAINT revenue_plans_account_id_fkey FOREIGN KEY (account_id) REFERENCES billing.accounts(account_id);

--
-- Name: revenue_plans revenue_plans_tenant_id_fkey; Type: FK CONSTRAINT; Schema: governance; Owner: -
--

ALTER TABLE ONLY governance.revenue_plans
    ADD CONSTRAINT revenue_plans_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: org_types org_types_default_plan_ladder_id_fkey; Type: FK CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.org_types
    ADD CONSTRAINT org_types_default_plan_ladder_id_fkey FOREIGN KEY (default_plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id);

--
-- Name: organizations organizations_org_type_id_fkey; Type: FK CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.organizations
    ADD CONSTRAINT organizations_org_type_id_fkey FOREIGN KEY (org_type_id) REFERENCES organization.org_types(org_type_id);

--
-- Name: organizations organizations_tenant_id_fkey; Type: FK CONSTRAINT; Schema: organization; Owner: -
--

ALTER TABLE ONLY organization.organizations
    ADD CONSTRAINT organizations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: endpoints endpoints_tenant_id_fkey; Type: FK CONSTRAINT; Schema: outbound; Owner: -
--

ALTER TABLE ONLY outbound.endpoints
    ADD CONSTRAINT endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES organization.tenants(tenant_id);

--
-- Name: customers customers_organization_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.customers
    ADD CONSTRAINT customers_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization.organizations(organization_id);

--
-- Name: fetches fetches_stripe_subscription_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.fetches
    ADD CONSTRAINT fetches_stripe_subscription_id_fkey FOREIGN KEY (stripe_subscription_id) REFERENCES stripe.subscriptions(stripe_subscription_id);

--
-- Name: prices prices_price_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.prices
    ADD CONSTRAINT prices_price_id_fkey FOREIGN KEY (price_id) REFERENCES billing.prices(price_id);

--
-- Name: products products_product_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.products
    ADD CONSTRAINT products_product_id_fkey FOREIGN KEY (product_id) REFERENCES billing.products(product_id);

--
-- Name: reconcile_differences reconcile_differences_reconcile_run_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.reconcile_differences
    ADD CONSTRAINT reconcile_differences_reconcile_run_id_fkey FOREIGN KEY (reconcile_run_id) REFERENCES stripe.reconcile_runs(reconcile_run_id) ON DELETE CASCADE;

--
-- Name: subscriptions subscriptions_subscription_id_fkey; Type: FK CONSTRAINT; Schema: stripe; Owner: -
--

ALTER TABLE ONLY stripe.subscriptions
    ADD CONSTRAINT subscriptions_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES billing.subscriptions(subscription_id);

--
-- Name: api_keys; Type: ROW SECURITY; Schema: auth; Owner: -
--

ALTER TABLE auth.api_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: idempotent_requests; Type: ROW SECURITY; Schema: auth; Owner: -
--

ALTER TABLE auth.idempotent_requests ENABLE ROW LEVEL SECURITY;

--
-- Name: member_links; Type: ROW SECURITY; Schema: auth; Owner: -
--

ALTER TABLE auth.member_links ENABLE ROW LEVEL SECURITY;

--
-- Name: operator_actions; Type: ROW SECURITY; Schema: auth; Owner: -
--

ALTER TABLE auth.operator_actions ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys own_tenant; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY own_tenant ON auth.api_keys TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: idempotent_requests own_tenant; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY own_tenant ON auth.idempotent_requests TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: member_links own_tenant; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY own_tenant ON auth.member_links TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: operator_actions own_tenant; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY own_tenant ON auth.operator_actions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: sessions own_tenant; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY own_tenant ON auth.sessions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: sessions; Type: ROW SECURITY; Schema: auth; Owner: -
--

ALTER TABLE auth.sessions ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys whole; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY whole ON auth.api_keys TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: idempotent_requests whole; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY whole ON auth.idempotent_requests TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: member_links whole; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY whole ON auth.member_links TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: operator_actions whole; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY whole ON auth.operator_actions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: sessions whole; Type: POLICY; Schema: auth; Owner: -
--

CREATE POLICY whole ON auth.sessions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: accounts; Type: ROW SECURITY; Schema: billing; Owner: -
--

ALTER TABLE billing.accounts ENABLE ROW LEVEL SECURITY;

--
-- Name: accounts own_tenant; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY own_tenant ON billing.accounts TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: subscription_changes own_tenant; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY own_tenant ON billing.subscription_changes TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: subscriptions own_tenant; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY own_tenant ON billing.subscriptions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: subscription_changes; Type: ROW SECURITY; Schema: billing; Owner: -
--

ALTER TABLE billing.subscription_changes ENABLE ROW LEVEL SECURITY;

--
-- Name: subscriptions; Type: ROW SECURITY; Schema: billing; Owner: -
--

ALTER TABLE billing.subscriptions ENABLE ROW LEVEL SECURITY;

--
-- Name: accounts whole; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY whole ON billing.accounts TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: subscription_changes whole; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY whole ON billing.subscription_changes TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: subscriptions whole; Type: POLICY; Schema: billing; Owner: -
--

CREATE POLICY whole ON billing.subscriptions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: ceilings; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.ceilings ENABLE ROW LEVEL SECURITY;

--
-- Name: grants; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.grants ENABLE ROW LEVEL SECURITY;

--
-- Name: ceilings own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.ceilings TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: grants own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.grants TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: pool_provision_transitions own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.pool_provision_transitions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: pool_provisions own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.pool_provisions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: resource_pools own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.resource_pools TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: subscription_claims own_tenant; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY own_tenant ON entitlements.subscription_claims TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: pool_provision_transitions; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.pool_provision_transitions ENABLE ROW LEVEL SECURITY;

--
-- Name: pool_provisions; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.pool_provisions ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_pools; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.resource_pools ENABLE ROW LEVEL SECURITY;

--
-- Name: subscription_claims; Type: ROW SECURITY; Schema: entitlements; Owner: -
--

ALTER TABLE entitlements.subscription_claims ENABLE ROW LEVEL SECURITY;

--
-- Name: ceilings whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.ceilings TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: grants whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.grants TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: pool_provision_transitions whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.pool_provision_transitions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: pool_provisions whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.pool_provisions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: resource_pools whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.resource_pools TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: subscription_claims whole; Type: POLICY; Schema: entitlements; Owner: -
--

CREATE POLICY whole ON entitlements.subscription_claims TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: budget_configs; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.budget_configs ENABLE ROW LEVEL SECURITY;

--
-- Name: budget_reservations; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.budget_reservations ENABLE ROW LEVEL SECURITY;

--
-- Name: budget_usage; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.budget_usage ENABLE ROW LEVEL SECURITY;

--
-- Name: operator_tasks; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.operator_tasks ENABLE ROW LEVEL SECURITY;

--
-- Name: outcomes; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.outcomes ENABLE ROW LEVEL SECURITY;

--
-- Name: budget_configs own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.budget_configs TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: budget_reservations own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.budget_reservations TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: budget_usage own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.budget_usage TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: operator_tasks own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.operator_tasks TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: outcomes own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.outcomes TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: plan_ledger own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.plan_ledger TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: revenue_plans own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.revenue_plans TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: risk_signals own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.risk_signals TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: step_executions own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.step_executions TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: validator_runs own_tenant; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY own_tenant ON governance.validator_runs TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: plan_ledger; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.plan_ledger ENABLE ROW LEVEL SECURITY;

--
-- Name: revenue_plans; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.revenue_plans ENABLE ROW LEVEL SECURITY;

--
-- Name: risk_signals; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.risk_signals ENABLE ROW LEVEL SECURITY;

--
-- Name: step_executions; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.step_executions ENABLE ROW LEVEL SECURITY;

--
-- Name: validator_runs; Type: ROW SECURITY; Schema: governance; Owner: -
--

ALTER TABLE governance.validator_runs ENABLE ROW LEVEL SECURITY;

--
-- Name: budget_configs whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.budget_configs TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: budget_reservations whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.budget_reservations TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: budget_usage whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.budget_usage TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: operator_tasks whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.operator_tasks TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: outcomes whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.outcomes TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: plan_ledger whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.plan_ledger TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: revenue_plans whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.revenue_plans TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: risk_signals whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.risk_signals TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: step_executions whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.step_executions TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: validator_runs whole; Type: POLICY; Schema: governance; Owner: -
--

CREATE POLICY whole ON governance.validator_runs TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: organizations; Type: ROW SECURITY; Schema: organization; Owner: -
--

ALTER TABLE organization.organizations ENABLE ROW LEVEL SECURITY;

--
-- Name: organizations own_tenant; Type: POLICY; Schema: organization; Owner: -
--

CREATE POLICY own_tenant ON organization.organizations TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: tenants own_tenant; Type: POLICY; Schema: organization; Owner: -
--

CREATE POLICY own_tenant ON organization.tenants TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: tenants; Type: ROW SECURITY; Schema: organization; Owner: -
--

ALTER TABLE organization.tenants ENABLE ROW LEVEL SECURITY;

--
-- Name: organizations whole; Type: POLICY; Schema: organization; Owner: -
--

CREATE POLICY whole ON organization.organizations TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: tenants whole; Type: POLICY; Schema: organization; Owner: -
--

CREATE POLICY whole ON organization.tenants TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: deliveries; Type: ROW SECURITY; Schema: outbound; Owner: -
--

ALTER TABLE outbound.deliveries ENABLE ROW LEVEL SECURITY;

--
-- Name: endpoints; Type: ROW SECURITY; Schema: outbound; Owner: -
--

ALTER TABLE outbound.endpoints ENABLE ROW LEVEL SECURITY;

--
-- Name: deliveries own_tenant; Type: POLICY; Schema: outbound; Owner: -
--

CREATE POLICY own_tenant ON outbound.deliveries TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: endpoints own_tenant; Type: POLICY; Schema: outbound; Owner: -
--

CREATE POLICY own_tenant ON outbound.endpoints TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: deliveries whole; Type: POLICY; Schema: outbound; Owner: -
--

CREATE POLICY whole ON outbound.deliveries TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: endpoints whole; Type: POLICY; Schema: outbound; Owner: -
--

CREATE POLICY whole ON outbound.endpoints TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: subscription_signals own_tenant; Type: POLICY; Schema: stripe; Owner: -
--

CREATE POLICY own_tenant ON stripe.subscription_signals TO stepladder_web USING ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid));

--
-- Name: subscription_signals; Type: ROW SECURITY; Schema: stripe; Owner: -
--

ALTER TABLE stripe.subscription_signals ENABLE ROW LEVEL SECURITY;

--
-- Name: subscription_signals whole; Type: POLICY; Schema: stripe; Owner: -
--

CREATE POLICY whole ON stripe.subscription_signals TO stepladder_app USING (true) WITH CHECK (true);

--
-- Name: SCHEMA auth; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA auth TO stepladder_app;
GRANT USAGE ON SCHEMA auth TO stepladder_web;

--
-- Name: SCHEMA billing; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA billing TO stepladder_app;
GRANT USAGE ON SCHEMA billing TO stepladder_web;

--
-- Name: SCHEMA entitlements; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA entitlements TO stepladder_app;
GRANT USAGE ON SCHEMA entitlements TO stepladder_web;

--
-- Name: SCHEMA governance; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA governance TO stepladder_app;
GRANT USAGE ON SCHEMA governance TO stepladder_web;

--
-- Name: SCHEMA organization; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA organization TO stepladder_app;
GRANT USAGE ON SCHEMA organization TO stepladder_web;

--
-- Name: SCHEMA outbound; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA outbound TO stepladder_app;
GRANT USAGE ON SCHEMA outbound TO stepladder_web;

--
-- Name: SCHEMA stripe; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA stripe TO stepladder_app;
GRANT USAGE ON SCHEMA stripe TO stepladder_web;

--
-- Name: FUNCTION count_catalog_change(); Type: ACL; Schema: billing; Owner: -
--

REVOKE ALL ON FUNCTION billing.count_catalog_change() FROM PUBLIC;

--
-- Name: FUNCTION hold_catalog(); Type: ACL; Schema: billing; Owner: -
--

REVOKE ALL ON FUNCTION billing.hold_catalog() FROM PUBLIC;
GRANT ALL ON FUNCTION billing.hold_catalog() TO stepladder_app;
GRANT ALL ON FUNCTION billing.hold_catalog() TO stepladder_web;

--
-- Name: FUNCTION keep_tier_of_ceiling(); Type: ACL; Schema: billing; Owner: -
--

REVOKE ALL ON FUNCTION billing.keep_tier_of_ceiling() FROM PUBLIC;

--
-- Name: FUNCTION refuse_delete_in_use(); Type: ACL; Schema: billing; Owner: -
--

REVOKE ALL ON FUNCTION billing.refuse_delete_in_use() FROM PUBLIC;

--
-- Name: FUNCTION attach_addon(p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.attach_addon(p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION entitlements.attach_addon(p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.attach_addon(p_pool_id uuid, p_product_id uuid, p_source text, p_source_id uuid, p_quantity integer, p_status text) TO stepladder_web;

--
-- Name: FUNCTION classify_moves(p_moves jsonb, p_numbers integer[]); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.classify_moves(p_moves jsonb, p_numbers integer[]) FROM PUBLIC;

--
-- Name: FUNCTION detach_addon(p_provision_id uuid); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.detach_addon(p_provision_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION entitlements.detach_addon(p_provision_id uuid) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.detach_addon(p_provision_id uuid) TO stepladder_web;

--
-- Name: FUNCTION propagate_provision_to_ladders(); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.propagate_provision_to_ladders() FROM PUBLIC;

--
-- Name: FUNCTION set_status(p_subscription_id uuid, p_status text); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.set_status(p_subscription_id uuid, p_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION entitlements.set_status(p_subscription_id uuid, p_status text) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.set_status(p_subscription_id uuid, p_status text) TO stepladder_web;

--
-- Name: FUNCTION take_steps(p_steps entitlements.move_step[], p_moves jsonb); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.take_steps(p_steps entitlements.move_step[], p_moves jsonb) FROM PUBLIC;

--
-- Name: FUNCTION tell_everything(); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.tell_everything() FROM PUBLIC;

--
-- Name: FUNCTION tell_names(); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.tell_names() FROM PUBLIC;

--
-- Name: FUNCTION tell_pool(); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.tell_pool() FROM PUBLIC;

--
-- Name: FUNCTION tell_pools(); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.tell_pools() FROM PUBLIC;

--
-- Name: FUNCTION transition(p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.transition(p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION entitlements.transition(p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.transition(p_pool_id uuid, p_plan_ladder_id uuid, p_target jsonb, p_actor jsonb, p_reason text, p_cause jsonb) TO stepladder_web;

--
-- Name: TABLE pool_provision_transitions; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT ON TABLE entitlements.pool_provision_transitions TO stepladder_app;
GRANT SELECT ON TABLE entitlements.pool_provision_transitions TO stepladder_web;

--
-- Name: FUNCTION transition_hash(t entitlements.pool_provision_transitions); Type: ACL; Schema: entitlements; Owner: -
--

GRANT ALL ON FUNCTION entitlements.transition_hash(t entitlements.pool_provision_transitions) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.transition_hash(t entitlements.pool_provision_transitions) TO stepladder_web;

--
-- Name: FUNCTION transition_many(p_moves jsonb); Type: ACL; Schema: entitlements; Owner: -
--

REVOKE ALL ON FUNCTION entitlements.transition_many(p_moves jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION entitlements.transition_many(p_moves jsonb) TO stepladder_app;
GRANT ALL ON FUNCTION entitlements.transition_many(p_moves jsonb) TO stepladder_web;

--
-- Name: FUNCTION raise_tenant_wall(); Type: ACL; Schema: organization; Owner: -
--

REVOKE ALL ON FUNCTION organization.raise_tenant_wall() FROM PUBLIC;

--
-- Name: FUNCTION drop_old_bodies(p_days integer); Type: ACL; Schema: stripe; Owner: -
--

REVOKE ALL ON FUNCTION stripe.drop_old_bodies(p_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION stripe.drop_old_bodies(p_days integer) TO stepladder_app;
GRANT ALL ON FUNCTION stripe.drop_old_bodies(p_days integer) TO stepladder_web;

--
-- Name: FUNCTION ensure_body_partitions(p_months_ahead integer); Type: ACL; Schema: stripe; Owner: -
--

REVOKE ALL ON FUNCTION stripe.ensure_body_partitions(p_months_ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION stripe.ensure_body_partitions(p_months_ahead integer) TO stepladder_app;
GRANT ALL ON FUNCTION stripe.ensure_body_partitions(p_months_ahead integer) TO stepladder_web;

--
-- Name: TABLE api_keys; Type: ACL; Schema: auth; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE auth.api_keys TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE auth.api_keys TO stepladder_web;

--
-- Name: TABLE idempotent_requests; Type: ACL; Schema: auth; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.idempotent_requests TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.idempotent_requests TO stepladder_web;

--
-- Name: TABLE member_links; Type: ACL; Schema: auth; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE auth.member_links TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE auth.member_links TO stepladder_web;

--
-- Name: TABLE operator_actions; Type: ACL; Schema: auth; Owner: -
--

GRANT SELECT,INSERT ON TABLE auth.operator_actions TO stepladder_app;
GRANT SELECT,INSERT ON TABLE auth.operator_actions TO stepladder_web;

--
-- Name: TABLE sessions; Type: ACL; Schema: auth; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.sessions TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.sessions TO stepladder_web;

--
-- Name: TABLE accounts; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.accounts TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.accounts TO stepladder_web;

--
-- Name: TABLE catalog_version; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT ON TABLE billing.catalog_version TO stepladder_app;
GRANT SELECT ON TABLE billing.catalog_version TO stepladder_web;

--
-- Name: TABLE plan_ladder_tiers; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.plan_ladder_tiers TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.plan_ladder_tiers TO stepladder_web;

--
-- Name: TABLE plan_ladders; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.plan_ladders TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.plan_ladders TO stepladder_web;

--
-- Name: TABLE prices; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.prices TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.prices TO stepladder_web;

--
-- Name: TABLE products; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.products TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE billing.products TO stepladder_web;

--
-- Name: TABLE product_kinds; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT ON TABLE billing.product_kinds TO stepladder_app;
GRANT SELECT ON TABLE billing.product_kinds TO stepladder_web;

--
-- Name: TABLE subscription_changes; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT ON TABLE billing.subscription_changes TO stepladder_app;
GRANT SELECT,INSERT ON TABLE billing.subscription_changes TO stepladder_web;

--
-- Name: COLUMN subscription_changes.duplicate_of; Type: ACL; Schema: billing; Owner: -
--

GRANT UPDATE(duplicate_of) ON TABLE billing.subscription_changes TO stepladder_app;
GRANT UPDATE(duplicate_of) ON TABLE billing.subscription_changes TO stepladder_web;

--
-- Name: TABLE subscriptions; Type: ACL; Schema: billing; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE billing.subscriptions TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE billing.subscriptions TO stepladder_web;

--
-- Name: TABLE ceilings; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT ON TABLE entitlements.ceilings TO stepladder_app;
GRANT SELECT,INSERT ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_at; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_at) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_at) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_how; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_how) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_how) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_reason; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_reason) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_reason) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_by_type; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_by_type) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_by_type) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_by_id; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_by_id) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_by_id) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: COLUMN ceilings.lifted_by_name; Type: ACL; Schema: entitlements; Owner: -
--

GRANT UPDATE(lifted_by_name) ON TABLE entitlements.ceilings TO stepladder_app;
GRANT UPDATE(lifted_by_name) ON TABLE entitlements.ceilings TO stepladder_web;

--
-- Name: TABLE entitlement_set_features; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.entitlement_set_features TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.entitlement_set_features TO stepladder_web;

--
-- Name: TABLE entitlement_sets; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.entitlement_sets TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.entitlement_sets TO stepladder_web;

--
-- Name: TABLE grants; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE entitlements.grants TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE entitlements.grants TO stepladder_web;

--
-- Name: TABLE pool_provision_ladders; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT ON TABLE entitlements.pool_provision_ladders TO stepladder_app;
GRANT SELECT ON TABLE entitlements.pool_provision_ladders TO stepladder_web;

--
-- Name: TABLE pool_provisions; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT ON TABLE entitlements.pool_provisions TO stepladder_app;
GRANT SELECT ON TABLE entitlements.pool_provisions TO stepladder_web;

--
-- Name: TABLE resource_pools; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE entitlements.resource_pools TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE entitlements.resource_pools TO stepladder_web;

--
-- Name: TABLE subscription_claims; Type: ACL; Schema: entitlements; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.subscription_claims TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE entitlements.subscription_claims TO stepladder_web;

--
-- Name: TABLE budget_configs; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE governance.budget_configs TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE governance.budget_configs TO stepladder_web;

--
-- Name: TABLE budget_reservations; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE governance.budget_reservations TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE governance.budget_reservations TO stepladder_web;

--
-- Name: TABLE budget_usage; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE governance.budget_usage TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE governance.budget_usage TO stepladder_web;

--
-- Name: TABLE operator_tasks; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE governance.operator_tasks TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE governance.operator_tasks TO stepladder_web;

--
-- Name: TABLE outcomes; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT ON TABLE governance.outcomes TO stepladder_app;
GRANT SELECT,INSERT ON TABLE governance.outcomes TO stepladder_web;

--
-- Name: TABLE plan_ledger; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT ON TABLE governance.plan_ledger TO stepladder_app;
GRANT SELECT,INSERT ON TABLE governance.plan_ledger TO stepladder_web;

--
-- Name: TABLE revenue_plans; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE governance.revenue_plans TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE governance.revenue_plans TO stepladder_web;

--
-- Name: TABLE risk_signals; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE governance.risk_signals TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE governance.risk_signals TO stepladder_web;

--
-- Name: TABLE step_executions; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE governance.step_executions TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE governance.step_executions TO stepladder_web;

--
-- Name: TABLE validator_runs; Type: ACL; Schema: governance; Owner: -
--

GRANT SELECT,INSERT ON TABLE governance.validator_runs TO stepladder_app;
GRANT SELECT,INSERT ON TABLE governance.validator_runs TO stepladder_web;

--
-- Name: TABLE org_types; Type: ACL; Schema: organization; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE organization.org_types TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE organization.org_types TO stepladder_web;

--
-- Name: TABLE organizations; Type: ACL; Schema: organization; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE organization.organizations TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE organization.organizations TO stepladder_web;

--
-- Name: TABLE tenants; Type: ACL; Schema: organization; Owner: -
--

GRANT SELECT ON TABLE organization.tenants TO stepladder_app;
GRANT SELECT ON TABLE organization.tenants TO stepladder_web;

--
-- Name: TABLE deliveries; Type: ACL; Schema: outbound; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE outbound.deliveries TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE outbound.deliveries TO stepladder_web;

--
-- Name: TABLE endpoints; Type: ACL; Schema: outbound; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE outbound.endpoints TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE outbound.endpoints TO stepladder_web;

--
-- Name: TABLE stepladder_migrations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.stepladder_migrations TO stepladder_app;

--
-- Name: TABLE alarms; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.alarms TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.alarms TO stepladder_web;

--
-- Name: TABLE customers; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.customers TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.customers TO stepladder_web;

--
-- Name: TABLE deployment; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.deployment TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.deployment TO stepladder_web;

--
-- Name: TABLE event_bodies; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT ON TABLE stripe.event_bodies TO stepladder_app;
GRANT SELECT,INSERT ON TABLE stripe.event_bodies TO stepladder_web;

--
-- Name: TABLE event_writes; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.event_writes TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.event_writes TO stepladder_web;

--
-- Name: TABLE events; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT ON TABLE stripe.events TO stepladder_app;
GRANT SELECT,INSERT ON TABLE stripe.events TO stepladder_web;

--
-- Name: TABLE fetch_budget; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.fetch_budget TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.fetch_budget TO stepladder_web;

--
-- Name: TABLE fetches; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT ON TABLE stripe.fetches TO stepladder_app;
GRANT SELECT,INSERT ON TABLE stripe.fetches TO stepladder_web;

--
-- Name: COLUMN fetches.changes_due_at; Type: ACL; Schema: stripe; Owner: -
--

GRANT UPDATE(changes_due_at) ON TABLE stripe.fetches TO stepladder_app;
GRANT UPDATE(changes_due_at) ON TABLE stripe.fetches TO stepladder_web;

--
-- Name: COLUMN fetches.changes_since; Type: ACL; Schema: stripe; Owner: -
--

GRANT UPDATE(changes_since) ON TABLE stripe.fetches TO stepladder_app;
GRANT UPDATE(changes_since) ON TABLE stripe.fetches TO stepladder_web;

--
-- Name: TABLE gap_watch; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.gap_watch TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.gap_watch TO stepladder_web;

--
-- Name: TABLE missed_walks; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.missed_walks TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.missed_walks TO stepladder_web;

--
-- Name: TABLE prices; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.prices TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.prices TO stepladder_web;

--
-- Name: TABLE products; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.products TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.products TO stepladder_web;

--
-- Name: TABLE reconcile_differences; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.reconcile_differences TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.reconcile_differences TO stepladder_web;

--
-- Name: TABLE reconcile_runs; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.reconcile_runs TO stepladder_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stripe.reconcile_runs TO stepladder_web;

--
-- Name: TABLE subscription_signals; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT ON TABLE stripe.subscription_signals TO stepladder_app;
GRANT SELECT,INSERT ON TABLE stripe.subscription_signals TO stepladder_web;

--
-- Name: COLUMN subscription_signals.taken_at; Type: ACL; Schema: stripe; Owner: -
--

GRANT UPDATE(taken_at) ON TABLE stripe.subscription_signals TO stepladder_app;
GRANT UPDATE(taken_at) ON TABLE stripe.subscription_signals TO stepladder_web;

--
-- Name: TABLE subscriptions; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.subscriptions TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.subscriptions TO stepladder_web;

--
-- Name: TABLE sweep_marks; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.sweep_marks TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.sweep_marks TO stepladder_web;

--
-- Name: TABLE upkeep; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.upkeep TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.upkeep TO stepladder_web;

--
-- Name: TABLE verified_subscriptions; Type: ACL; Schema: stripe; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE stripe.verified_subscriptions TO stepladder_app;
GRANT SELECT,INSERT,UPDATE ON TABLE stripe.verified_subscriptions TO stepladder_web;

--
-- PostgreSQL database dump complete
--
