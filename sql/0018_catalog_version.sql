-- A number that every change of what prices mean counts up, so that a worker may keep the meanings in memory for as long as it
-- stands: reading them anew for each batch costs more planning than the rest of the batch's reading together.
-- Triggers and not the changing code, so that no way of changing the catalog can forget it.

create table billing.catalog_version (
  singleton boolean primary key default true check (singleton),
  version bigint not null default 1
);
insert into billing.catalog_version default values;

create function billing.count_catalog_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update billing.catalog_version set version = version + 1;
  return null;
end $$;
revoke all on function billing.count_catalog_change() from public;

create trigger catalog_changed after insert or update or delete or truncate on billing.products
for each statement execute function billing.count_catalog_change();
create trigger catalog_changed after insert or update or delete or truncate on billing.prices
for each statement execute function billing.count_catalog_change();
create trigger catalog_changed after insert or update or delete or truncate on billing.plan_ladder_tiers
for each statement execute function billing.count_catalog_change();
create trigger catalog_changed after insert or update or delete or truncate on stripe.products
for each statement execute function billing.count_catalog_change();
create trigger catalog_changed after insert or update or delete or truncate on stripe.prices
for each statement execute function billing.count_catalog_change();

grant select on billing.catalog_version to stepladder_app;
