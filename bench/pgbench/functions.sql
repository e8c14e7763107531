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
analyze bench.targets;
analyze bench.size;

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

create function bench.move(p_n bigint) returns void language plpgsql as $$
declare
  t bench.targets;
  v_size bigint;
begin
  if p_n = 0 then return; end if;
  select size into v_size from bench.size;
  select * into t from bench.targets where n = 1 + bench.place(p_n) % v_size;
  perform entitlements.transition(
    t.pool_id, t.plan_ladder_id,
    jsonb_build_object(
      'product_id', case when bench.place(p_n) / v_size % 2 = 0 then t.higher_product_id else t.lower_product_id end,
      'source', 'subscription', 'source_id', t.subscription_id, 'status', 'active'),
    '{"type": "webhook", "id": "stripe", "name": "Stripe"}', 'Subscription is active',
    jsonb_build_object('kind', 'event', 'id', 'evt_bench_' || p_n));
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
