-- Stripe's ids, kept out of the core tables: which organization a customer is, which subscription an id means and how far its
-- trail is resolved, which product a price or a Stripe product stands for.

create table stripe.customers (
  stripe_customer_id text primary key,
  organization_id uuid references organization.organizations (organization_id),
  -- client_reference_id, metadata, operator, auto_provision
  linked_by text,
  linked_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check ((organization_id is null) = (linked_by is null))
);
create index customers_organization_id on stripe.customers (organization_id);

-- One row per subscription, and its lock: whoever resolves a subscription holds this row first, then pools by id.
create table stripe.subscriptions (
  stripe_subscription_id text primary key,
  stripe_customer_id text,
  -- Set once the customer's organization is known.
  subscription_id uuid unique references billing.subscriptions (subscription_id),
  -- The trail's checkpoint: the last state that was settled, and which event or fetch leads there.
  resolved_state jsonb,
  resolved_by text,
  resolved_at timestamptz,
  -- Why it is not settled: a hole in the trail, a fetch that failed. Null when it is.
  unresolved text,
  -- The first moment at which a hole was seen; its grace runs from here and later arrivals do not restart it.
  hole_seen_at timestamptz,
  -- When to look again by itself: the end of a grace, the next try of a fetch, or a date that should have brought an event.
  resolve_at timestamptz,
  -- A fetch is made by the holder of the newest token alone.
  lease_token bigint not null default 0,
  lease_until timestamptz,
  fetch_attempts integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
  -- As in billing.subscriptions: most events leave the indexed columns as they are.
) with (fillfactor = 70);
create index subscriptions_resolve_at on stripe.subscriptions (resolve_at) where resolve_at is not null;
create index subscriptions_customer on stripe.subscriptions (stripe_customer_id);
create index subscriptions_unresolved on stripe.subscriptions (unresolved) where unresolved is not null;

-- What Stripe's API answered, and the window of time for which the answer holds (Unix seconds, Stripe's clock).
create table stripe.fetches (
  fetch_id uuid primary key default gen_random_uuid(),
  stripe_subscription_id text not null references stripe.subscriptions (stripe_subscription_id),
  window_from double precision not null,
  window_until double precision not null,
  state jsonb not null,
  lease_token bigint not null,
  fetched_at timestamptz not null default clock_timestamp(),
  unique (stripe_subscription_id, lease_token)
);

-- At most so many fetches in one second, over all processes: one row, taken by a conditional update.
create table stripe.fetch_budget (
  singleton boolean primary key default true check (singleton),
  second timestamptz not null default 'epoch',
  taken integer not null default 0
);
insert into stripe.fetch_budget default values;

create table stripe.products (
  stripe_product_id text primary key,
  product_id uuid not null references billing.products (product_id),
  mapped_at timestamptz not null default clock_timestamp()
);

create table stripe.prices (
  stripe_price_id text primary key,
  price_id uuid not null references billing.prices (price_id),
  mapped_at timestamptz not null default clock_timestamp()
);

grant select, insert, update on stripe.customers, stripe.subscriptions, stripe.fetch_budget to stepladder_app;
grant select, insert on stripe.fetches to stepladder_app;
grant select, insert, update, delete on stripe.products, stripe.prices to stepladder_app;
