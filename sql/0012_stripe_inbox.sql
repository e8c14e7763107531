-- The inbox is the record; queues only ring a bell. A row is written once, before Stripe gets its 200, and never updated:
-- that an event was handled is told by its markers in event_writes. stripe.events stays for ever (deduplication and the trail
-- need it); event_bodies holds the raw signed bytes, and it alone is partitioned by month, so that old bodies can go.

create table stripe.events (
  -- Stripe's id; `raw_<hash>` for a signed body that could not be read.
  event_id text primary key,
  -- Order of arrival: what jobs carry and where the sweeper's low-water mark stands. Not the order of events.
  inbox_id bigint generated always as identity unique,
  type text not null,
  api_version text,
  mode text not null check (mode in ('live', 'test')),
  stripe_account text,
  created_at timestamptz not null,
  request_id text,
  object_type text,
  object_id text,
  stripe_subscription_id text,
  stripe_customer_id text,
  source text not null default 'webhook' check (source in ('webhook', 'replay', 'fetch')),
  body_hash bytea not null,
  received_at timestamptz not null default clock_timestamp(),
  -- The trail's part, for a subscription's events: what kind of step it is, the states on both sides as one API-version-free
  -- shape (src/stripe/event/subscription-event.ts; the one before as what differs from the one after, null where there is none or
  -- it cannot be told), the hashes of their vertices, and which reading of Stripe's object made them.
  trail_kind text check (trail_kind in ('root', 'edge', 'sighting', 'end')),
  from_difference jsonb,
  to_state jsonb,
  from_hash text,
  to_hash text,
  from_asides text[],
  to_asides text[],
  fingerprint text,
  projection_version smallint
);
-- A subscription's trail is read whole, by this.
create index events_trail on stripe.events (stripe_subscription_id, created_at) where trail_kind is not null;
create index events_customer on stripe.events (stripe_customer_id) where stripe_customer_id is not null;

create table stripe.event_bodies (
  event_id text not null,
  received_at timestamptz not null,
  body bytea not null
) partition by range (received_at);
create index event_bodies_event_id on stripe.event_bodies (event_id);
-- A raw body is three to five kilobytes of text: worth the fastest compression that this server was built with.
do $$
begin
  alter table stripe.event_bodies alter column body set compression lz4;
exception when feature_not_supported then
  null;
end $$;

-- Makes the monthly partitions from last month to `p_months_ahead` months from now. The application may call it and may not
-- otherwise change the schema: a receiver that runs for months goes on finding a place for the next one.
create function stripe.ensure_body_partitions(p_months_ahead integer default 3) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
revoke all on function stripe.ensure_body_partitions(integer) from public;

-- One marker for each of an event's two writes. done, ignored: finished. waiting: held for something named, taken up when it
-- arrives or at due_at. parked: a person has to look. `waiting` and `parked` carry a reason that says why.
create table stripe.event_writes (
  -- Written by workers that have just read the event, which nobody deletes: no key that is looked up again for each marker.
  event_id text not null,
  write text not null check (write in ('enrollment', 'subscription-changes')),
  state text not null check (state in ('done', 'ignored', 'waiting', 'parked')),
  reason text,
  -- price:…, customer:…, trail:…, items:…, org_type:…
  waiting_on text,
  detail text,
  due_at timestamptz,
  attempts integer not null default 1,
  handled_at timestamptz not null default clock_timestamp(),
  primary key (event_id, write),
  check ((state = 'waiting') = (waiting_on is not null)),
  check (state not in ('waiting', 'parked') or reason is not null)
);
create index event_writes_waiting_on on stripe.event_writes (waiting_on) where state = 'waiting';
create index event_writes_due on stripe.event_writes (due_at) where due_at is not null;
create index event_writes_parked on stripe.event_writes (reason) where state = 'parked';

-- Where each sweep may start: every row at or below the mark has all its markers.
create table stripe.sweep_marks (
  sweep text primary key,
  low_water bigint not null default 0,
  updated_at timestamptz not null default clock_timestamp()
);

-- Which mode this deployment serves: the API key's, else the first event's. One row.
create table stripe.deployment (
  singleton boolean primary key default true check (singleton),
  mode text not null check (mode in ('live', 'test')),
  mode_told_by text not null,
  decided_at timestamptz not null default clock_timestamp()
);

-- What needs a person's eye: one row per kind and subject, counted when it happens again.
create table stripe.alarms (
  alarm_kind text not null,
  subject text not null,
  detail text not null default '',
  first_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  times integer not null default 1,
  cleared_at timestamptz,
  primary key (alarm_kind, subject)
);

grant select, insert on stripe.events, stripe.event_bodies to stepladder_app;
grant select, insert, update on stripe.event_writes, stripe.sweep_marks, stripe.alarms to stepladder_app;
grant select, insert, update on stripe.deployment to stepladder_app;
grant execute on function stripe.ensure_body_partitions(integer) to stepladder_app;

select stripe.ensure_body_partitions();
