import { randomBytes } from 'node:crypto'
import type { Db, Tx } from '../db/types.ts'

/** Milliseconds for which the secret before a rotation goes on signing. */
export const bothSignFor = 24 * 60 * 60 * 1000

/** What an endpoint's messages are signed with, as its row says it. `nextSecret` takes the place of `secret` at `secretUntil`. */
export type Secrets = { secret: string; nextSecret: string | null; secretUntil: Date | null }

/** A new one, as Standard Webhooks writes it: 24 to 64 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Those that sign at a moment, the newest first. */
export function signingSecrets({ secret, nextSecret, secretUntil }: Secrets, now: Date): string[] {
  if (nextSecret === null || secretUntil === null) return [secret]
  return now < secretUntil ? [nextSecret, secret] : [nextSecret]
}

/**
 * Gives an endpoint a next secret: it signs at once, and beside it for a day the one that has signed until now. Asked again within that
 * day, the one of the time before goes: it may never have been seen, and the old one is what the other side knows for certain.
 * @returns the next secret, which is never shown again; null: the tenant has no such endpoint
 */
export async function rotateSecret(
  tx: Tx,
  { tenantId, endpointId, now }: { tenantId: string; endpointId: string; now: Date },
): Promise<string | null> {
  const next = newSecret()
  const rotated = await tx`
    update outbound.endpoints
    set secret = case when secret_until <= ${now} then next_secret else secret end,
        next_secret = ${next}, secret_until = ${new Date(now.getTime() + bothSignFor)}
    where tenant_id = ${tenantId} and endpoint_id = ${endpointId}`
  return rotated.count === 0 ? null : next
}

/** Forgets the old secrets whose day is over, those of disabled endpoints too. */
export async function dropOldSecrets(db: Db, now: Date): Promise<void> {
  await db`
    update outbound.endpoints set secret = next_secret, next_secret = null, secret_until = null
    where next_secret is not null and secret_until <= ${now}`
}
