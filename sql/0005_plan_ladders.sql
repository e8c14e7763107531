-- A ladder is an ordered list of tiers; a higher rank is a higher tier. Membership in a ladder is a tier row and nothing else (R5).
-- Ranks are unique, but checked at commit, so that two tiers can be swapped in one statement each (D15);
-- a deferrable constraint cannot arbitrate `on conflict`, so upserts go by the primary key.

create table billing.plan_ladders (
  plan_ladder_id uuid primary key default gen_random_uuid(),
  ladder_key varchar(100) not null unique,
  name text not null,
  description text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table billing.plan_ladder_tiers (
  plan_ladder_id uuid not null references billing.plan_ladders (plan_ladder_id),
  product_id uuid not null references billing.products (product_id),
  rank integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (plan_ladder_id, product_id),
  constraint plan_ladder_tiers_rank_unique unique (plan_ladder_id, rank) deferrable initially immediate
);
create index plan_ladder_tiers_product_id_idx on billing.plan_ladder_tiers (product_id);

-- The one place that says what kind a product is (R10).
create view billing.product_kinds as
select
  p.product_id,
  case
    when exists (select from billing.plan_ladder_tiers t where t.product_id = p.product_id) then 'plan'
    else p.product_type
  end as product_kind
from billing.products p;

grant select, insert, update, delete on billing.plan_ladders, billing.plan_ladder_tiers to stepladder_app;
grant select on billing.product_kinds to stepladder_app;
