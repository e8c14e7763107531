import { runMigrations } from 'bullmq'
import pg from 'pg'

/**
 * Brings BullMQ's own schema up to date and lets the application work in it. The application may create in that
 * schema, since adding a job without an id makes a sequence there; it never migrates. BullMQ adds migrations in minor
 * versions, so this runs at every deploy.
 * @returns the version of BullMQ's schema.
 */
export async function migrateQueueSchema(ownerUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'stepladder migrate' })
  await client.connect()
  try {
    const version = await runMigrations(client, 'bullmq')
    await client.query(`
      begin;
      grant usage, create on schema bullmq to stepladder_app;
      grant select, insert, update, delete on all tables in schema bullmq to stepladder_app;
      do $$
      declare
        owned regclass;
      begin
        -- The application's own sequences are among them once the first job was added, and are not the owner's to grant.
        for owned in
          select oid from pg_class
          where relkind = 'S' and relnamespace = 'bullmq'::regnamespace and pg_has_role(relowner, 'usage')
        loop
          execute 'grant usage, select, update on sequence ' || owned || ' to stepladder_app';
        end loop;
      end $$;
      grant execute on all functions in schema bullmq to stepladder_app;
      alter default privileges in schema bullmq grant select, insert, update, delete on tables to stepladder_app;
      alter default privileges in schema bullmq grant usage, select, update on sequences to stepladder_app;
      alter default privileges in schema bullmq grant execute on functions to stepladder_app;
      commit`)
    return version
  } finally {
    await client.end()
  }
}
