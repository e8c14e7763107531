-- The second wall between tenants, behind the queries' own conditions: in a transaction under the role stepladder_web, which the web
-- takes for what it does for one tenant, rows of others are not there. The application's own role sees everything, as workers must:
-- an event, a price, a catalog knows no tenant. For it the policy is `true`, which the planner drops.
-- Owners are not under policies (no FORCE): the doors, which run as the owner, are handed ids that were read behind the wall.
--
-- A role belongs to the server, and may be missing where the owner may not make one; then this wall is missing too, and `migrate`
-- raises it once the role is there. It does so after every migration: a table that comes with a tenant_id has its policies without asking.

create function organization.raise_tenant_wall() returns boolean
language plpgsql set search_path = pg_catalog
as $$
declare
  v_ours constant name[] := array['organization', 'billing', 'entitlements', 'stripe', 'governance', 'outbound', 'auth'];
  v_statement text;
begin
  if to_regrole('stepladder_web') is null then return false; end if;

  for v_statement in
    -- What the application may do, this role may do, with fewer rows.
    select format('grant usage on schema %I to stepladder_web', nspname) from pg_namespace where nspname = any(v_ours)
    union all
    select format('grant %s on table %s to stepladder_web', string_agg(distinct a.privilege_type, ', '), c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    where n.nspname = any(v_ours) and c.relkind in ('r', 'p', 'v') and a.grantee = 'stepladder_app'::regrole
    group by c.oid
    union all
    select format('grant %s (%I) on table %s to stepladder_web', a.privilege_type, t.attname, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
    where n.nspname = any(v_ours) and a.grantee = 'stepladder_app'::regrole
    union all
    select format('grant %s on sequence %s to stepladder_web', a.privilege_type, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    where n.nspname = any(v_ours) and c.relkind = 'S' and a.grantee = 'stepladder_app'::regrole
    union all
    select format('grant execute on function %s to stepladder_web', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(p.proacl) a
    where n.nspname = any(v_ours) and a.grantee = 'stepladder_app'::regrole
    union all
    -- The rows.
    select unnest(array[
      format('alter table %s enable row level security', c.oid::regclass),
      format('create policy whole on %s to stepladder_app using (true) with check (true)', c.oid::regclass),
      format(
        'create policy own_tenant on %s to stepladder_web '
          'using (tenant_id = nullif(current_setting(''stepladder.tenant'', true), '''')::uuid) '
          'with check (tenant_id = nullif(current_setting(''stepladder.tenant'', true), '''')::uuid)',
        c.oid::regclass)
    ])
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
    where n.nspname = any(v_ours) and c.relkind in ('r', 'p') and not c.relrowsecurity
  loop
    execute v_statement;
  end loop;
  return true;
end $$;

revoke all on function organization.raise_tenant_wall() from public;
