-- `check` answers from memory, so whatever changes what a pool holds has to say so. The database says it, whoever the writer
-- is: one notification a statement with the ids of the pools. What one transaction says leaves it together, at its commit, and
-- the same is said once; so a batch of many pools pays once for what is dear about notifying, the turn at commit.
-- Payloads on channel stepladder_entitlements: ids of pools with spaces between; `*`, everything may be different; `names`,
-- an organization or a customer may mean another pool than before. A process that hears none of it asks the database.
-- No SECURITY DEFINER: whoever may write may say so. Every name is qualified, since pinning search_path costs as much as an insert.

create function entitlements.tell_pools() returns trigger
language plpgsql as $$
declare
  v_pools text := (select pg_catalog.string_agg(distinct pool_id::text, ' ') from changed);
begin
  if v_pools is not null then
    -- A payload has to be shorter than 8,000 bytes.
    perform pg_catalog.pg_notify('stepladder_entitlements', case when pg_catalog.length(v_pools) < 7500 then v_pools else '*' end);
  end if;
  return null;
end $$;

create function entitlements.tell_pool() returns trigger
language plpgsql as $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', new.pool_id::text);
  return null;
end $$;

create function entitlements.tell_everything() returns trigger
language plpgsql as $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', '*');
  return null;
end $$;

create function entitlements.tell_names() returns trigger
language plpgsql as $$
begin
  perform pg_catalog.pg_notify('stepladder_entitlements', 'names');
  return null;
end $$;

revoke all on function entitlements.tell_pools(), entitlements.tell_pool(), entitlements.tell_everything(),
  entitlements.tell_names() from public;

-- What a pool holds. An attachment to a ladder is made in the transaction of its provision, which has told already.
create trigger tell_given after insert on entitlements.pool_provisions
referencing new table as changed for each statement execute function entitlements.tell_pools();
create trigger tell_changed after update on entitlements.pool_provisions
referencing new table as changed for each statement execute function entitlements.tell_pools();
create trigger tell_gone after delete on entitlements.pool_provisions
referencing old table as changed for each statement execute function entitlements.tell_pools();
-- A grant of an add-on is held until its own end, which may be written without touching what it gave.
create trigger tell_other_end after update of valid_until on entitlements.grants
for each row when (old.valid_until is distinct from new.valid_until) execute function entitlements.tell_pool();

-- What a product includes, and what it is called.
create trigger tell_features after insert or update or delete or truncate on entitlements.entitlement_set_features
for each statement execute function entitlements.tell_everything();
create trigger tell_sets after insert or update or delete on entitlements.entitlement_sets
for each statement execute function entitlements.tell_everything();
create trigger tell_product_key after update of product_key on billing.products
for each row when (old.product_key <> new.product_key) execute function entitlements.tell_everything();

-- Who is meant. Nobody remembers that a name means nothing, so a new one says nothing.
create trigger tell_other_customer after update of organization_id on stripe.customers
for each row when (old.organization_id is not null and old.organization_id is distinct from new.organization_id)
execute function entitlements.tell_names();
create trigger tell_customer_gone after delete on stripe.customers
for each row when (old.organization_id is not null) execute function entitlements.tell_names();
create trigger tell_other_organization after update of organization_key, tenant_id on organization.organizations
for each row
when ((old.organization_key, old.tenant_id) is distinct from (new.organization_key, new.tenant_id))
execute function entitlements.tell_names();
create trigger tell_organization_gone after delete on organization.organizations
for each row execute function entitlements.tell_names();
create trigger tell_other_pool after update of organization_id, tenant_id, is_default on entitlements.resource_pools
for each row
when ((old.organization_id, old.tenant_id, old.is_default) is distinct from (new.organization_id, new.tenant_id, new.is_default))
execute function entitlements.tell_names();
