-- A tenant is one operating company; `default` is seeded. An organization is a customer of that company;
-- its account in billing has the same id. Org types name the product that a new organization starts on;
-- 0010 moves that to a ladder (R34).

create table organization.tenants (
  tenant_id uuid primary key default gen_random_uuid(),
  tenant_key text not null unique,
  name text not null,
  created_at timestamptz not null default now()
);
insert into organization.tenants (tenant_key, name) values ('default', 'Default');

create table organization.org_types (
  org_type_id uuid primary key default gen_random_uuid(),
  org_type_key text not null unique,
  name text not null,
  default_product_id uuid references billing.products (product_id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table organization.organizations (
  organization_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  org_type_id uuid not null references organization.org_types (org_type_id),
  -- The name by which the operating company's own systems know it: what client_reference_id and metadata.organization may carry beside the id.
  organization_key text,
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (tenant_id, organization_key)
);
create index organizations_org_type_id_idx on organization.organizations (org_type_id);

create table billing.accounts (
  account_id uuid primary key references organization.organizations (organization_id),
  tenant_id uuid not null references organization.tenants (tenant_id),
  created_at timestamptz not null default now()
);

grant select on organization.tenants to stepladder_app;
grant select, insert, update, delete on organization.org_types, organization.organizations, billing.accounts to stepladder_app;
