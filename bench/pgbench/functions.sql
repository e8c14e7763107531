-- The same writes by the shortest way that there is: one function for each, called by pgbench. No queue, no trail, no claims, no
-- batches; the event's row is made beforehand, and only its ids differ. Run as a superuser in a copy of Stepladder's database.
create schema bench;

-- One event as the inbox keeps it, and what every other is like.
create table bench.sample as select * from stripe.events limit 1;

create table bench.targets as
select
  row_number() over (order by r.pool_id)::integer as n, r.pool_id, r.tenant_id, r.organization_id as account_id,
  gen_random_uuid() as subscription_id, l.plan_ladder_id, a.product_id as lower_product_id, b.product_id as higher_product_id
from entitlements.resource_pools r
join billing.plan_ladders l on l.ladder_key = 'core'
join billing.plan_ladder_tiers a on a.plan_ladder_id = l.plan_ladder_id and a.rank = 1
join billing.plan_ladder_tiers b on b.plan_ladder_id = l.plan_ladder_id and b.rank = 2;
alter table bench.targets add primary key (n);
insert into billing.subscriptions (subscription_id, tenant_id, account_id)
select subscription_id, tenant_id, account_id from bench.targets;
create table bench.size as select count(*) as size from bench.targets;
-- Whoever measures the database alone measures it with its statistics.
analyze;

create sequence bench.numbers;

-- The inbox row and its body. Answers the event's number; 0 for a duplicate.
create function bench.take(p_body text, p_again boolean) returns bigint language plpgsql as $$
declare
  v_n bigint := case when p_again then 1 else nextval('bench.numbers') end;
  v stripe.events;
begin
  select * into v from bench.sample;
  v.event_id := 'evt_bench_' || v_n;
  v.inbox_id := nextval('stripe.events_inbox_id_seq');
  v.stripe_subscription_id := 'sub_bench_' || v_n % 5000;
  v.stripe_customer_id := 'cus_bench_' || v_n % 5000;
  v.received_at := clock_timestamp();
  v.body_hash := sha256(convert_to(p_body, 'UTF8'));
  insert into stripe.events overriding system value select (v).* on conflict (event_id) do nothing;
  if not found then return 0; end if;
  insert into stripe.event_bodies (event_id, received_at, body) values (v.event_id, v.received_at, convert_to(p_body, 'UTF8'));
  return v_n;
end $$;

-- Which of the targets an event is about. Two of five events move the tier, as in the simulator's lives; the other three say
-- again what one of a thousand events before said.
create function bench.mover(p_n bigint) returns bigint language sql immutable as $$
  select greatest(p_n - case when p_n % 5 >= 2 then 1000 + p_n % 5 else 0 end, 0)
$$;
create function bench.place(p_n bigint) returns bigint language sql immutable as $$
  select bench.mover(p_n) / 5 * 2 + bench.mover(p_n) % 5
$$;

-- One move as Stepladder writes it: the row locked, the old provision ended, the new one, its place and one row of history. Not by
-- Stepladder's own door, which is made for batches and would be a poor measure for one move at a time.
create function bench.transition(t bench.targets, p_product_id uuid, p_event_id text) returns void language plpgsql as $$
declare
  held record;
  last record;
  v_rank integer;
  v_now timestamptz;
  h entitlements.pool_provision_transitions;
begin
  perform from entitlements.resource_pools where pool_id = t.pool_id for update;
  select v.provision_id, v.product_id, v.grant_id, v.activated_at, tier.rank into held
  from entitlements.pool_provision_ladders a
  join entitlements.pool_provisions v on v.provision_id = a.provision_id
  left join billing.plan_ladder_tiers tier on tier.plan_ladder_id = a.plan_ladder_id and tier.product_id = v.product_id
  where a.pool_id = t.pool_id and a.plan_ladder_id = t.plan_ladder_id and a.ended_at is null;
  if held.product_id = p_product_id then return; end if;
  select rank into v_rank from billing.plan_ladder_tiers where plan_ladder_id = t.plan_ladder_id and product_id = p_product_id;
  v_now := greatest(clock_timestamp(), held.activated_at);
  update entitlements.pool_provisions set status = 'ended', ended_at = v_now, updated_at = v_now
  where provision_id = held.provision_id;
  if held.grant_id is not null then
    update entitlements.grants set closed_at = v_now, closed_reason = 'superseded'
    where grant_id = held.grant_id and grant_reason = 'default' and closed_at is null;
  end if;
  select sequence, hash, effective_at into last from entitlements.pool_provision_transitions
  where pool_id = t.pool_id and plan_ladder_id = t.plan_ladder_id order by sequence desc limit 1;
  h.transition_id := gen_random_uuid();
  h.to_provision_id := gen_random_uuid();
  h.tenant_id := t.tenant_id;
  h.pool_id := t.pool_id;
  h.plan_ladder_id := t.plan_ladder_id;
  h.sequence := coalesce(last.sequence, 0) + 1;
  h.transition_type := case when v_rank > held.rank then 'upgrade' else 'downgrade' end;
  h.from_rank := held.rank;
  h.to_rank := v_rank;
  h.from_product_id := held.product_id;
  h.to_product_id := p_product_id;
  h.from_provision_id := held.provision_id;
  h.actor_type := 'webhook';
  h.actor_id := 'stripe';
  h.actor_name := 'Stripe';
  h.reason := 'Subscription is active';
  h.cause_kind := 'event';
  h.cause_id := p_event_id;
  h.effective_at := greatest(v_now, last.effective_at);
  h.previous_hash := last.hash;
  h.hash := entitlements.transition_hash(h);
  insert into entitlements.pool_provisions
    (provision_id, tenant_id, pool_id, product_id, entitlement_set_id, subscription_id, status, activated_at)
  values (
    h.to_provision_id, t.tenant_id, t.pool_id, p_product_id,
    (select entitlement_set_id from entitlements.entitlement_sets where product_id = p_product_id order by created_at, set_key limit 1),
    t.subscription_id, 'active', v_now);
  insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at)
  values (h.to_provision_id, t.plan_ladder_id, t.pool_id, 'active', v_now);
  insert into entitlements.pool_provision_transitions select (h).*;
end $$;

create function bench.move(p_n bigint) returns void language plpgsql as $$
declare
  t bench.targets;
  v_size bigint;
begin
  if p_n = 0 then return; end if;
  select size into v_size from bench.size;
  select * into t from bench.targets where n = 1 + bench.place(p_n) % v_size;
  perform bench.transition(
    t, case when bench.place(p_n) / v_size % 2 = 0 then t.higher_product_id else t.lower_product_id end, 'evt_bench_' || p_n);
  insert into stripe.event_writes (event_id, write, state) values ('evt_bench_' || p_n, 'enrollment', 'done');
end $$;

create function bench.change(p_n bigint) returns void language plpgsql as $$
begin
  if p_n = 0 then return; end if;
  insert into billing.subscription_changes (
    tenant_id, account_id, subscription_id, event_id, change_kind, from_value, to_value, from_amount, to_amount, currency,
    recurring_interval, interval_count, occurred_at)
  select
    tenant_id, account_id, subscription_id, 'evt_bench_' || p_n, 'price', '"price_a"', '"price_b"', 2900, 9900, 'usd', 'month', 1, now()
  from bench.targets where n = 1 + bench.place(p_n) % (select size from bench.size);
  insert into stripe.event_writes (event_id, write, state) values ('evt_bench_' || p_n, 'subscription-changes', 'done');
end $$;
