import type { Tx } from '../../db/types.ts'
import { readsByIndex } from '../../db/worker-settings.ts'
import { lockOpenPlans } from '../repository/lock-open-plans.ts'
import type { AccountFacts } from './account-case.ts'
import { risksOfAccounts } from './risk-signals.ts'
import { type AccountTold, signalsTold } from './subscription-signal.ts'

/**
 * Holds accounts until the transaction ends. One that somebody else holds is left to him: he takes up what was told of it, or
 * the next pass does.
 */
export async function holdAccounts(tx: Tx, accounts: readonly AccountTold[]): Promise<AccountTold[]> {
  const [, held] = await Promise.all([
    tx`select ${readsByIndex(tx)}`,
    tx<AccountTold[]>`
      select a.tenant_id, a.account_id
      from unnest(${accounts.map(({ tenantId }) => tenantId)}::uuid[], ${accounts.map(({ accountId }) => accountId)}::uuid[])
        as told (tenant_id, account_id)
      join billing.accounts a on a.account_id = told.account_id and a.tenant_id = told.tenant_id
      order by a.account_id for no key update of a skip locked`,
  ])
  return held
}

/** What stands of accounts that are held, of those of which something was told. Their open plans are held from now on. */
export async function factsOf(tx: Tx, held: readonly AccountTold[]): Promise<AccountFacts[]> {
  const [told, risks, open] = await Promise.all([
    signalsTold(
      tx,
      held.map(({ accountId }) => accountId),
    ),
    risksOfAccounts(tx, held),
    lockOpenPlans(tx, held),
  ])
  const [toldOf, risksOf, openOf] = [byAccount(told), byAccount(risks), byAccount(open)]
  return held.flatMap(({ tenantId, accountId }) => {
    const told = toldOf.get(accountId)
    if (!told) return []
    return [
      {
        tenantId,
        accountId,
        told,
        risks: risksOf.get(accountId) ?? [],
        open: openOf.get(accountId) ?? [],
      },
    ]
  })
}

function byAccount<Row extends { accountId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const of = found.get(row.accountId)
    if (of) of.push(row)
    else found.set(row.accountId, [row])
  }
  return found
}
