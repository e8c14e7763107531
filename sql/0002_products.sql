-- What is sold. A product without a type is a plan once it is a tier of a ladder, and a draft until then (R7, R8);
-- so the kind is read from a view and never from the label (R10, R11). Publishing is orthogonal to kind (R12).

create table billing.products (
  product_id uuid primary key default gen_random_uuid(),
  product_key text not null unique,
  name text not null,
  product_type text,
  lifecycle_status varchar(20) not null default 'draft',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint products_product_type_check check (product_type is null or product_type in ('addon', 'usage', 'one_time')),
  constraint products_lifecycle_status_check check (lifecycle_status in ('draft', 'published', 'retired'))
);

-- A price belongs to a product. What it costs is told by the events that carry it, so amounts may be unknown at first.
create table billing.prices (
  price_id uuid primary key default gen_random_uuid(),
  product_id uuid not null references billing.products (product_id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index prices_product_id_idx on billing.prices (product_id);

grant select, insert, update, delete on billing.products, billing.prices to stepladder_app;
