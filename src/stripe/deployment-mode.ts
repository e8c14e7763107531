import type { Db, Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Mode } from './event/subscription-event.ts'

/**
 * Which mode of Stripe this deployment serves, decided once and kept: the API key's, else the first event's; null while
 * neither is known. A mode under which nothing was taken in yet gives way to the key's.
 * @throws Refused `mode_conflict` for a key of another mode than that of the events which the database already holds.
 */
export async function deploymentMode(
  sql: Db | Tx,
  keyMode: Mode | null,
  firstEventMode?: Mode,
): Promise<Mode | null> {
  const told = keyMode ?? firstEventMode
  if (told) {
    await sql`
      insert into stripe.deployment (mode, mode_told_by)
      values (${told}, ${keyMode ? 'api_key' : 'first_event'})
      on conflict (singleton) do nothing
    `
  }
  const [held] = await sql<{ mode: Mode }[]>`select mode from stripe.deployment`
  if (!held) return null
  if (keyMode === null || held.mode === keyMode) return held.mode

  const [moved] = await sql<{ mode: Mode }[]>`
    update stripe.deployment set mode = ${keyMode}, mode_told_by = 'api_key', decided_at = clock_timestamp()
    where mode = ${keyMode}
      -- What was fetched was fetched with a key of this mode.
      or not (exists (select from stripe.events e where e.mode = deployment.mode) or exists (select from stripe.fetches))
    returning mode
  `
  if (moved) return moved.mode
  throw new Refused(
    'mode_conflict',
    `STRIPE_API_KEY is a ${keyMode} key, and this database holds what ${held.mode} mode told: test and live never mix.`,
    `Give ${keyMode} mode a database of its own (DATABASE_URL), or set STRIPE_API_KEY to a ${held.mode} key.`,
  )
}

/** The mode that a secret or restricted API key belongs to, by its prefix (docs.stripe.com/keys); null for anything else. */
export function modeOfKey(apiKey: string): Mode | null {
  if (/^[sr]k_live_/.test(apiKey)) return 'live'
  if (/^[sr]k_test_/.test(apiKey)) return 'test'
  return null
}
