import type { Db } from './types.ts'

/** Counts what `createLocalRoles` makes: a home that was prepared by an earlier one is prepared again. */
export const localRolesVersion = 2

/**
 * Makes the roles that work locally, and their passwords: the owner migrates, the application works, and for requests of one tenant
 * it takes the role stepladder_web, which sees that tenant's rows alone. None is a superuser, so a refusal in production
 * (42501) is a refusal here as well. Run again, it changes only the passwords.
 */
export async function createLocalRoles(
  superuser: Db,
  passwords: { owner: string; app: string },
): Promise<void> {
  await superuser.begin(async (tx) => {
    // A password cannot be a bound parameter of CREATE ROLE, so it travels as a setting and is quoted by format().
    await tx`select set_config('stepladder.owner_password', ${passwords.owner}, true),
                    set_config('stepladder.app_password', ${passwords.app}, true)`
    await tx`
      do $$
      begin
        if to_regrole('stepladder_owner') is null then create role stepladder_owner; end if;
        if to_regrole('stepladder_app') is null then create role stepladder_app; end if;
        if to_regrole('stepladder_web') is null then create role stepladder_web nologin; end if;
        grant stepladder_web to stepladder_app;
        execute format('alter role stepladder_owner login nosuperuser nocreatedb nocreaterole password %L',
                       current_setting('stepladder.owner_password'));
        execute format('alter role stepladder_app login nosuperuser nocreatedb nocreaterole password %L',
                       current_setting('stepladder.app_password'));
      end $$`
  })
}

/** Makes a database that `stepladder_owner` owns, unless it is there; nobody else may even connect but the application. */
export async function createLocalDatabase(superuser: Db, name: string): Promise<void> {
  const [found] = await superuser`select 1 from pg_database where datname = ${name}`
  if (!found) await superuser`create database ${superuser(name)} owner stepladder_owner`
  await superuser`revoke all on database ${superuser(name)} from public`
  await superuser`grant connect, temporary on database ${superuser(name)} to stepladder_app`
}
