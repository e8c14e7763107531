-- Makes a database large: so many pools, each with its organization, customer, subscription, place and one row of history, and so
-- many events of theirs in the inbox, all handled. How many, the settings bench.pools and bench.events say. Run as a superuser in
-- a copy of Stepladder's database. Bodies and states are short: what grows with the numbers, and not with their bytes, is looked for.
-- Triggers and foreign keys are left out while it runs, so the hashes of the history are none: `verify` would say so.
set session_replication_role = replica;
set synchronous_commit = off;

create temporary table filling as
select
  i, md5('org' || i)::uuid as organization_id, md5('pool' || i)::uuid as pool_id, md5('sub' || i)::uuid as subscription_id,
  md5('provision' || i)::uuid as provision_id, now() - interval '20 days' as since
from generate_series(1, current_setting('bench.pools')::integer) i;

create temporary table meant as
select t.tenant_id, y.org_type_id, l.plan_ladder_id, a.product_id, a.rank
from organization.tenants t, organization.org_types y, billing.plan_ladders l
join billing.plan_ladder_tiers a on a.plan_ladder_id = l.plan_ladder_id and a.rank = 1
where t.tenant_key = 'default' and y.org_type_key = 'coop' and l.ladder_key = 'core';

insert into organization.organizations (organization_id, tenant_id, org_type_id, organization_key, name)
select organization_id, tenant_id, org_type_id, 'filled-' || i, 'Filled ' || i from filling, meant;
insert into billing.accounts (account_id, tenant_id) select organization_id, tenant_id from filling, meant;
insert into entitlements.resource_pools (pool_id, tenant_id, organization_id)
select pool_id, tenant_id, organization_id from filling, meant;
insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
select 'cus_filled_' || i, organization_id, 'metadata', since from filling;
insert into billing.subscriptions (subscription_id, tenant_id, account_id, status)
select subscription_id, tenant_id, organization_id, 'active' from filling, meant;
insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id, subscription_id, resolved_state, resolved_by, resolved_at)
select 'sub_filled_' || i, 'cus_filled_' || i, subscription_id, '{}', 'evt_filled_' || i, since from filling;
insert into entitlements.subscription_claims (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
select subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, 'active' from filling, meant;
insert into entitlements.pool_provisions
  (provision_id, tenant_id, pool_id, product_id, subscription_id, status, activated_at)
select provision_id, tenant_id, pool_id, product_id, subscription_id, 'active', since from filling, meant;
insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at)
select provision_id, plan_ladder_id, pool_id, 'active', since from filling, meant;
insert into entitlements.pool_provision_transitions (
  tenant_id, pool_id, plan_ladder_id, sequence, transition_type, to_rank, to_product_id, to_provision_id, actor_type, cause_kind, cause_id,
  effective_at, hash)
select
  tenant_id, pool_id, plan_ladder_id, 1, 'initiate', rank, product_id, provision_id, 'webhook', 'event', 'evt_filled_' || i, since, ''
from filling, meant;

create temporary table filling_events as
select
  i, 1 + (i - 1) % current_setting('bench.pools')::integer as pool,
  now() - interval '20 days' + i * interval '20 days' / current_setting('bench.events')::integer as at
from generate_series(1, current_setting('bench.events')::integer) i;

insert into stripe.events (
  event_id, type, api_version, mode, created_at, request_id, object_type, object_id, stripe_subscription_id, stripe_customer_id, body_hash,
  received_at, trail_kind, to_state, from_hash, to_hash, from_asides, to_asides, fingerprint, projection_version)
select
  'evt_filled_' || i, 'customer.subscription.updated', '2026-10-28.endive', 'test', at, 'req_filled_' || i, 'subscription',
  'sub_filled_' || pool, 'sub_filled_' || pool, 'cus_filled_' || pool, sha256(convert_to(i::text, 'UTF8')), at, 'edge',
  '{"status": "active"}', md5(i::text), md5(i::text), '{a,b,c}', '{a,b,c}', md5('f' || i), 1
from filling_events order by i;
insert into stripe.event_bodies (event_id, received_at, body) select 'evt_filled_' || i, at, '\x7b7d' from filling_events;
insert into stripe.event_writes (event_id, write, state, handled_at)
select 'evt_filled_' || i, write, 'done', at from filling_events, unnest(array['enrollment', 'subscription-changes']) as write;
insert into billing.subscription_changes (
  tenant_id, account_id, subscription_id, event_id, change_kind, from_value, to_value, occurred_at, recorded_at)
select tenant_id, organization_id, subscription_id, 'evt_filled_' || e.i, 'price', '"price_a"', '"price_b"', at, at
from filling_events e join filling f on f.i = e.pool cross join meant;
insert into stripe.sweep_marks (sweep, low_water)
select write, max(inbox_id) from stripe.events, unnest(array['enrollment', 'subscription-changes']) as write group by write
on conflict (sweep) do update set low_water = excluded.low_water;

reset session_replication_role;
