import type { StoredPlan } from '../repository/stored-plan.ts'
import {
  type AccountCase,
  type AccountChange,
  type AccountFacts,
  clearRisk,
  endPlan,
  standingRisks,
} from './account-case.ts'
import { feedPlan } from './feed-plan.ts'
import type { SubscriptionSignal } from './subscription-signal.ts'

/** What an account's signals mean, told one after another. Pure but for the ids of drafts; the facts stay as they were. */
export function decideAccount({ told, risks, open, ...account }: AccountFacts, at: Date): AccountChange {
  const it: AccountCase = {
    ...account,
    at,
    risks: risks.map((risk) => ({ ...risk })),
    open: open.map((plan): StoredPlan => ({ ...plan })),
    change: {
      ...account,
      risks: new Set(),
      attached: new Set(),
      drafted: new Set(),
      drafts: new Set(),
      snapshots: new Set(),
      endings: [],
      entries: [],
      outcomes: [],
    },
  }
  for (const signal of told) {
    if (signal.kind === 'account_transferred') transfer(it, signal)
    else feedPlan(it, signal)
  }
  return it.change
}

/**
 * The account's subscriptions went to another owner: what is open for the old one ends, of whatever type, and its drafts ask for
 * a person's eye (R106). What stands of the risk is told anew of the new account.
 */
function transfer(it: AccountCase, signal: SubscriptionSignal & { kind: 'account_transferred' }): void {
  const gone = new Set(signal.state.subscriptions)
  for (const risk of standingRisks(it))
    if (gone.has(risk.subscriptionId)) clearRisk(it, risk, 'account_transferred')
  for (const plan of it.open) endPlan(it, plan, 'transferred', { type: 'signal', id: signal.cause })
}
