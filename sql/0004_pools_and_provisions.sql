-- What is held. A pool belongs to an organization; grants say why something is given; a provision is the thing given,
-- with what it includes (an entitlement set). Every organization has one default pool.

create table entitlements.resource_pools (
  pool_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  organization_id uuid not null references organization.organizations (organization_id),
  pool_key text not null default 'default',
  is_default boolean not null default true,
  created_at timestamptz not null default now(),
  unique (organization_id, pool_key)
);
create unique index resource_pools_one_default on entitlements.resource_pools (organization_id) where is_default;

create table entitlements.entitlement_sets (
  entitlement_set_id uuid primary key default gen_random_uuid(),
  set_key text not null unique,
  product_id uuid not null references billing.products (product_id),
  created_at timestamptz not null default now()
);
create index entitlement_sets_product_id_idx on entitlements.entitlement_sets (product_id);

create table entitlements.entitlement_set_features (
  entitlement_set_id uuid not null references entitlements.entitlement_sets (entitlement_set_id),
  feature_key text not null,
  value jsonb not null,
  primary key (entitlement_set_id, feature_key)
);

-- grant_reason says who gave it and how: `default` by the organization's type, the others by an operator.
-- A grant is live while closed_at is null and valid_until is ahead.
create table entitlements.grants (
  grant_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  organization_id uuid not null references organization.organizations (organization_id),
  pool_id uuid not null references entitlements.resource_pools (pool_id),
  product_id uuid not null references billing.products (product_id),
  grant_reason text not null check (grant_reason in ('default', 'manual', 'trial', 'extension')),
  quantity integer not null default 1 check (quantity > 0),
  reason text not null default '',
  actor_type text not null,
  actor_id text,
  actor_name text,
  granted_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz,
  closed_at timestamptz,
  closed_reason text check (closed_reason in ('superseded', 'revoked', 'expired', 'extended')),
  check ((closed_at is null) = (closed_reason is null))
);
create index grants_live_by_pool on entitlements.grants (pool_id) where closed_at is null;

-- Only the doors (0011) write this table, and they have just read, under its lock, the pool with its tenant, and the product with its
-- set: no keys that are looked up again for each row, with a lock on the tenant's and the product's row that everybody shares.
-- That what is referred to stays is the other side's affair (0007).
create table entitlements.pool_provisions (
  provision_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  pool_id uuid not null,
  entitlement_set_id uuid,
  grant_id uuid references entitlements.grants (grant_id),
  status text not null default 'active' check (status in ('active', 'trialing', 'past_due', 'unpaid', 'paused', 'ended')),
  activated_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Two transactions may take the pool's lock in another order than they began: times are read after the lock, and never run backwards (D24).
  constraint pool_provisions_time_runs_forward check (ended_at >= activated_at),
  constraint pool_provisions_ended_has_time check ((status = 'ended') = (ended_at is not null))
);
create index pool_provisions_live_by_pool on entitlements.pool_provisions (pool_id) where ended_at is null;
create index pool_provisions_grant_id_idx on entitlements.pool_provisions (grant_id) where grant_id is not null;

grant select, insert, update on entitlements.resource_pools, entitlements.grants to stepladder_app;
grant select, insert, update, delete on entitlements.entitlement_sets, entitlements.entitlement_set_features to stepladder_app;
grant select on entitlements.pool_provisions to stepladder_app;
