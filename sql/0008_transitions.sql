-- The canonical history of tiers (R55): one row per move, numbered per pool and ladder, each carrying the hash of the one
-- before it. Nobody changes it: the application's role may only read, and UPDATE, DELETE and TRUNCATE raise even for the owner.

-- No foreign keys: the doors write what they have just read or made, nobody else writes, and what a provision stands on is held by
-- the provision's own keys. Seven look-ups for each row were half the cost of a move.
create table entitlements.pool_provision_transitions (
  transition_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  pool_id uuid not null,
  plan_ladder_id uuid not null,
  sequence bigint not null check (sequence > 0),
  transition_type text not null check (transition_type in ('initiate', 'upgrade', 'downgrade', 'extend', 'end')),
  from_rank integer,
  to_rank integer,
  from_product_id uuid,
  to_product_id uuid,
  from_provision_id uuid,
  to_provision_id uuid,
  -- Open on purpose: a new source of moves is a new call site with its own actor_type (R28).
  actor_type text not null check (actor_type <> ''),
  actor_id text,
  actor_name text,
  reason text not null default '',
  cause_kind text not null check (cause_kind <> ''),
  cause_id text,
  effective_at timestamptz not null,
  previous_hash bytea,
  hash bytea not null,
  unique (pool_id, plan_ladder_id, sequence),
  check ((sequence = 1) = (previous_hash is null))
);
create index pool_provision_transitions_cause on entitlements.pool_provision_transitions (cause_id) where cause_id is not null;

-- Listed columns in a fixed order, times as microseconds since 1970: a row's text form follows session settings, this does not.
-- No search_path of its own, so that it can be inlined; every name is qualified instead.
create function entitlements.transition_hash(t entitlements.pool_provision_transitions) returns bytea
language sql immutable as $$
  select pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
    pg_catalog.encode(t.previous_hash, 'hex'), t.transition_id, t.tenant_id, t.pool_id, t.plan_ladder_id, t.sequence, t.transition_type,
    t.from_rank, t.to_rank, t.from_product_id, t.to_product_id, t.from_provision_id, t.to_provision_id,
    t.actor_type, t.actor_id, t.actor_name, t.reason, t.cause_kind, t.cause_id,
    (extract(epoch from t.effective_at) operator(pg_catalog.*) 1000000)::bigint
  )::text, 'UTF8'))
$$;

create function entitlements.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op
    using errcode = '42501', hint = 'Correct history by a new transition.';
end $$;

create trigger append_only_rows before update or delete on entitlements.pool_provision_transitions
for each row execute function entitlements.refuse_change();
create trigger append_only_table before truncate on entitlements.pool_provision_transitions
for each statement execute function entitlements.refuse_change();

-- Adds one row at the end of its chain, for the migration that follows; the doors (0011) take its place.
-- Takes the row without sequence and hashes, and gives back the row as written. It runs inside a door, under the door's
-- rights and pinned search_path: setting that again costs as much as the insert.
create function entitlements.append_transition(t entitlements.pool_provision_transitions)
returns entitlements.pool_provision_transitions
language plpgsql as $$
declare
  last record;
begin
  select sequence, hash, effective_at into last
  from entitlements.pool_provision_transitions
  where pool_id = t.pool_id and plan_ladder_id = t.plan_ladder_id
  order by sequence desc limit 1;
  t.transition_id := coalesce(t.transition_id, gen_random_uuid());
  t.sequence := coalesce(last.sequence, 0) + 1;
  t.previous_hash := last.hash;
  t.effective_at := greatest(t.effective_at, last.effective_at);
  t.hash := entitlements.transition_hash(t);
  insert into entitlements.pool_provision_transitions select (t).*;
  return t;
end $$;
revoke all on function entitlements.append_transition(entitlements.pool_provision_transitions) from public;

grant select on entitlements.pool_provision_transitions to stepladder_app;
grant execute on function entitlements.transition_hash(entitlements.pool_provision_transitions) to stepladder_app;
