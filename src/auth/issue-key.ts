import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { type Caller, createApiKey, type NewApiKey } from './api-keys.ts'
import { answersForHighRisk } from './high-risk-approval.ts'

/**
 * Makes a key for the caller's own tenant. Nobody gives away what they do not have: who may not approve revenue plans cannot make a key
 * that may. The command line has no such bound, since whoever runs it has the database.
 * @throws as `createApiKey`; Refused `beyond_own_authority` (403)
 */
export async function issueKey(
  sql: Reader,
  caller: Caller,
  key: Omit<NewApiKey, 'tenant'>,
): Promise<{ id: string; key: string }> {
  const { role, scopes = [] } = key
  const wanted = role === 'plan_approver' || scopes.includes('high-risk-approval')
  if (wanted && !answersForHighRisk(caller)) {
    throw new Refused(
      'beyond_own_authority',
      'A key that may approve revenue plans can be made by somebody who may approve them.',
      'Ask a plan approver who is an operator, or use: stepladder keys create --role plan_approver',
      403,
    )
  }
  return createApiKey(sql, { ...key, tenant: caller.tenantId })
}
