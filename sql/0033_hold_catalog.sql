-- A worker's transaction begins with it: the catalog held still, and then its version. In one statement of the worker's, and in two of its
-- own, since each sees what was committed before it began: the version is read once the lock is there.
create function billing.hold_catalog() returns bigint
language plpgsql
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('stepladder.catalog', 0));
  return (select version from billing.catalog_version);
end $$;

revoke all on function billing.hold_catalog() from public;
grant execute on function billing.hold_catalog() to stepladder_app;
