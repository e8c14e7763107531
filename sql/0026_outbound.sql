-- Other systems follow by signed webhooks. Each move between tiers is written down for each endpoint of its tenant in the move's own
-- transaction, so that none is told that did not happen, and none that happened is lost. Whoever delivers works through these rows.

create schema outbound;

create table outbound.endpoints (
  endpoint_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  url text not null,
  description text not null default '',
  -- In clear, since each message is signed with it anew; shown once, when it is made.
  secret text not null,
  created_at timestamptz not null default clock_timestamp(),
  disabled_at timestamptz,
  disabled_why text check (disabled_why in ('operator', 'failing')),
  -- Tries that failed since the last success, and when the next one is due: what does not answer is not asked for each pool.
  failures integer not null default 0,
  paused_until timestamptz,
  check ((disabled_at is null) = (disabled_why is null))
);
create index endpoints_by_tenant on outbound.endpoints (tenant_id, created_at, endpoint_id);

-- One row for each move and endpoint. No keys to other tables: it is written on the way of every move, and the key would have every
-- worker lock the same endpoint's row. `position` is the order within a pool: it is drawn under the pool's lock.
create table outbound.deliveries (
  endpoint_id uuid not null,
  transition_id uuid not null,
  tenant_id uuid not null,
  pool_id uuid not null,
  plan_ladder_id uuid not null,
  sequence bigint not null,
  position bigint generated always as identity,
  attempts integer not null default 0,
  first_tried_at timestamptz,
  due_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  last_error text,
  primary key (endpoint_id, transition_id)
);
create index deliveries_pending on outbound.deliveries (endpoint_id, pool_id, position) where delivered_at is null;
create index deliveries_by_endpoint on outbound.deliveries (endpoint_id, position);

-- Once for each statement, however many moves it wrote. Without an endpoint it costs a look at an empty table. The lock is shared
-- among movers, and alone with whoever enables, disables or deletes an endpoint (src/outbound/endpoints.ts): a move that is under way
-- has either been written down for an endpoint, or is seen by whoever makes up for what it missed.
create function outbound.note_transitions() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from outbound.endpoints) then return null; end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('stepladder.outbound', 0));
  insert into outbound.deliveries (endpoint_id, transition_id, tenant_id, pool_id, plan_ladder_id, sequence)
  select e.endpoint_id, m.transition_id, m.tenant_id, m.pool_id, m.plan_ladder_id, m.sequence
  from written m join outbound.endpoints e on e.tenant_id = m.tenant_id and e.disabled_at is null
  order by m.effective_at, m.plan_ladder_id, m.sequence;
  return null;
end $$;

create trigger told_to_others after insert on entitlements.pool_provision_transitions
referencing new table as written
for each statement execute function outbound.note_transitions();

grant usage on schema outbound to stepladder_app;
grant select, insert, update, delete on outbound.endpoints, outbound.deliveries to stepladder_app;
