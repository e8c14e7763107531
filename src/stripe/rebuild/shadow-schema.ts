import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'

/** By this a schema `rebuild` is known as ours, and as one that may be dropped. */
const mark = 'The shadow of stepladder rebuild --check; it is dropped when that ends'

/**
 * Makes the schema into which enrollment is rebuilt, in place of what a killed run has left. Its tables are not logged: nothing of
 * them is worth keeping after a crash. As the owner of the schema, since the application may not make tables.
 * @throws Refused `rebuild_schema_taken` where a schema of that name is somebody else's, `owner_needed` where this login may not make one.
 */
export async function createShadow(owner: Db): Promise<void> {
  const [there] = await owner<{ ours: boolean }[]>`
    select coalesce(obj_description(oid, 'pg_namespace'), '') = ${mark} as ours from pg_namespace where nspname = 'rebuild'`
  if (there && !there.ours) {
    throw new Refused(
      'rebuild_schema_taken',
      'There is a schema `rebuild` in this database that Stepladder did not make.',
      'Rename it: Stepladder rebuilds into a schema of that name and drops it afterwards.',
    )
  }
  try {
    await makeTables(owner)
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw new Refused(
      'owner_needed',
      `The login that owns the schema is needed, and this one may not make another: ${(error as Error).message}.`,
      'Set OWNER_DATABASE_URL to the login that migrates; it needs CREATE on the database.',
      403,
    )
  }
}

export async function dropShadow(owner: Db): Promise<void> {
  await owner`drop schema if exists rebuild cascade`
}

async function makeTables(owner: Db): Promise<void> {
  await owner.begin(async (tx) => {
    await tx`drop schema if exists rebuild cascade`
    await tx`create schema rebuild`
    // A comment takes no parameter, so that it travels as a setting.
    await tx`select set_config('stepladder.shadow', ${mark}, true)`
    await tx`
      do $$ begin
        execute format('comment on schema rebuild is %L', current_setting('stepladder.shadow'));
      end $$`
    await tx`
      create unlogged table rebuild.subscriptions (
        -- Stripe's ids here and below; subscription_id is null while it has no row in billing.
        subscription text primary key,
        subscription_id uuid,
        pool_id uuid,
        -- claims, nothing (ended, or never begun), held, homeless
        outcome text not null,
        status text,
        decided_by text,
        held_reason text
      )`
    await tx`create index on rebuild.subscriptions (pool_id)`
    await tx`
      create unlogged table rebuild.claims (
        subscription text,
        plan_ladder_id uuid,
        subscription_id uuid,
        pool_id uuid,
        product_id uuid not null,
        status text not null,
        -- Every tier of this ladder that its prices mean; the highest is claimed.
        meant uuid[] not null,
        primary key (subscription, plan_ladder_id)
      )`
    await tx`create index on rebuild.claims (pool_id)`
    await tx`
      create unlogged table rebuild.addons (
        subscription text,
        product_id uuid,
        subscription_id uuid,
        pool_id uuid,
        quantity integer not null,
        status text not null,
        primary key (subscription, product_id)
      )`
    await tx`
      create unlogged table rebuild.changes (
        event_id text,
        change_kind text,
        item text,
        subscription text not null,
        subscription_id uuid,
        from_value jsonb,
        to_value jsonb,
        from_amount bigint,
        to_amount bigint,
        currency text,
        recurring_interval text,
        interval_count integer,
        occurred_at timestamptz not null,
        duplicate_of text,
        primary key (event_id, change_kind, item)
      )`
    await tx`create index on rebuild.changes (subscription)`
    await tx`
      create unlogged table rebuild.places (
        pool_id uuid,
        plan_ladder_id uuid,
        product_id uuid not null,
        status text not null,
        holder_kind text not null,
        holder_id uuid not null,
        primary key (pool_id, plan_ladder_id)
      )`
    await tx`
      create unlogged table rebuild.differences (
        what text not null,
        pool_id uuid,
        subscription text,
        -- The ladder's key, the add-on's, or the event, kind and item.
        subject text not null,
        stands text,
        rebuilt text
      )`
    await tx`create index on rebuild.differences (pool_id)`
    await tx`create index on rebuild.differences (subscription)`
  })
}
