import type { Reader, Tx } from '../../db/types.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { LedgerEvent } from '../ledger/ledger-events.ts'
import { type BudgetAsked, type CapUsage, capV1Of, isPastHard, isPastSoft, periodOf } from './budget-caps.ts'

export type BudgetOutcome =
  /** It may go on. `repeated`: this operation has been let through before, and took nothing now. */
  | { kind: 'reserved'; verdict: 'ALLOW' | 'WARN'; caps: CapUsage[]; repeated: boolean }
  | { kind: 'blocked'; reason: Blocked; caps: CapUsage[]; message: string; until: Date }
  /** The operation's id stands for another one: of another plan, by another tool, or of another class. */
  | { kind: 'other_operation'; message: string }

type Blocked = 'HARD_CAP_REACHED' | 'NO_APPLICABLE_CONFIG'

/**
 * Takes one from every cap that applies, or from none, and says so in the ledger. Every cap of tenant, account, plan and tool
 * applies, of the day and of the month; a row for `*` where there is none for the one that is asked for. It is reserved in
 * the database alone, and never given back: what was begun has been spent.
 */
export async function reserveBudget(tx: Tx, asked: BudgetAsked): Promise<BudgetOutcome> {
  const before = await reservedBefore(tx, asked)
  if (before) return before
  const undone = new Error('Not every cap had room: nothing is taken.')
  try {
    return await tx.savepoint(async (part) => {
      const caps = await takeFromCaps(part, asked)
      if (caps === null || caps.length === 0 || !(await keep(part, asked, caps))) throw undone
      return { kind: 'reserved', verdict: verdictOf(caps), caps, repeated: false } as const
    })
  } catch (error) {
    if (error !== undone) throw error
    return (await reservedBefore(tx, asked)) ?? (await block(tx, asked))
  }
}

type CapRow = Omit<CapUsage, 'usageBefore' | 'usageAfter'> & { used: number | null }

/**
 * One conditional update in one statement, row by row in one order, so that two operations never wait for each other in a circle.
 * @returns null when one of the caps has no room: then what the others gave has to be undone
 */
async function takeFromCaps(tx: Tx, asked: BudgetAsked): Promise<CapUsage[] | null> {
  const rows = await tx<CapRow[]>`
    with cap as materialized (${capsThatApply(tx, asked)}),
    taken as (
      insert into governance.budget_usage as u
        (tenant_id, budget_scope, scope_id, period, cost_class, period_start, used)
      select ${asked.tenantId}, scope, scope_id, period, ${asked.costClass}, period_start, 1
      from cap where hard_cap is distinct from 0
      order by scope, scope_id, period
      on conflict (tenant_id, budget_scope, scope_id, period, cost_class, period_start) do update
      set used = u.used + 1
      where u.used < (select coalesce(cap.hard_cap, 2147483647) from cap
                       where cap.scope = u.budget_scope and cap.period = u.period)
      returning budget_scope, period, used
    )
    select cap.scope, cap.scope_id, cap.period, cap.hard_cap, cap.soft_cap, taken.used
    from cap left join taken on taken.budget_scope = cap.scope and taken.period = cap.period
    order by cap.scope, cap.period`
  return rows.some(({ used }) => used === null)
    ? null
    : rows.map(({ used, ...cap }) => ({ ...cap, usageBefore: used! - 1, usageAfter: used! }))
}

/** @returns false when the same operation was quicker somewhere else */
async function keep(tx: Tx, asked: BudgetAsked, caps: CapUsage[]): Promise<boolean> {
  const { count } = await tx`
    insert into governance.budget_reservations
      (tenant_id, operation_id, account_id, plan_id, step_id, tool, cost_class, verdict, caps, reserved_at)
    values (${asked.tenantId}, ${asked.operationId}, ${asked.accountId}, ${asked.planId}, ${asked.stepId ?? null}, ${asked.tool},
      ${asked.costClass}, ${verdictOf(caps)}, ${tx.json(caps)}, ${asked.at})
    on conflict (tenant_id, operation_id) do nothing`
  if (count === 0) return false
  const data = { ...told(asked), caps: caps.map(capV1Of) }
  const events: LedgerEvent[] = [{ type: 'BUDGET_RESERVE', data }]
  if (verdictOf(caps) === 'WARN')
    events.push({ type: 'BUDGET_WARN', data: { ...data, reason_code: 'SOFT_CAP_PASSED' } })
  await appendEntries(tx, asked, asked.at, events)
  return true
}

async function reservedBefore(reader: Reader, asked: BudgetAsked): Promise<BudgetOutcome | null> {
  const [row] = await reader<(Reserved & { verdict: 'ALLOW' | 'WARN'; caps: CapUsage[] })[]>`
    select plan_id, tool, cost_class, verdict, caps from governance.budget_reservations
    where tenant_id = ${asked.tenantId} and operation_id = ${asked.operationId}`
  if (!row) return null
  const { planId, tool, costClass, verdict, caps } = row
  if (planId === asked.planId && tool === asked.tool && costClass === asked.costClass)
    return { kind: 'reserved', verdict, caps, repeated: true }
  const message = `The operation is known already, as one of ${costClass} by ${tool} for plan ${planId}.`
  return { kind: 'other_operation', message }
}

type Reserved = Pick<BudgetAsked, 'planId' | 'tool' | 'costClass'>

async function block(tx: Tx, asked: BudgetAsked): Promise<BudgetOutcome> {
  const rows = await tx<CapRow[]>`
    select cap.scope, cap.scope_id, cap.period, cap.hard_cap, cap.soft_cap, u.used
    from (${capsThatApply(tx, asked)}) as cap
    left join governance.budget_usage u
      on u.tenant_id = ${asked.tenantId} and u.budget_scope = cap.scope and u.scope_id = cap.scope_id
      and u.period = cap.period and u.cost_class = ${asked.costClass} and u.period_start = cap.period_start
    order by cap.scope, cap.period`
  const caps = rows.map(({ used, ...cap }) => ({ ...cap, usageBefore: used ?? 0, usageAfter: used ?? 0 }))
  const full = caps.filter((cap) => isPastHard({ ...cap, usageAfter: cap.usageBefore + 1 }))
  const reason = caps.length === 0 ? 'NO_APPLICABLE_CONFIG' : 'HARD_CAP_REACHED'
  const message =
    caps.length === 0
      ? `No budget is configured for ${asked.costClass}.`
      : `Used up: ${full.map((cap) => `${cap.hardCap} ${asked.costClass} a ${cap.period} for ${cap.scope}`).join(', ')}.`
  const data = { ...told(asked), caps: caps.map(capV1Of), reason_code: reason }
  await appendEntries(tx, asked, asked.at, [{ type: 'BUDGET_BLOCK', data }])
  // Whichever of them ends last; without a budget somebody may give one at any time.
  const until = full.map(({ period }) => periodOf(period, asked.at).ends.getTime())
  return {
    kind: 'blocked',
    reason,
    caps,
    message,
    until: new Date(Math.max(asked.at.getTime() + 3_600_000, ...until)),
  }
}

function verdictOf(caps: CapUsage[]): 'ALLOW' | 'WARN' {
  return caps.some(isPastSoft) ? 'WARN' : 'ALLOW'
}

function told({ planId, operationId, tool, costClass, stepId }: BudgetAsked) {
  return {
    plan_id: planId,
    operation_id: operationId,
    tool,
    cost_class: costClass,
    ...(stepId && { step_id: stepId }),
  }
}

function capsThatApply(tx: Tx, asked: BudgetAsked) {
  const { tenantId, accountId, planId, tool, costClass, at } = asked
  return tx`
    select distinct on (c.budget_scope, c.period)
           c.budget_scope as scope, s.scope_id, c.period, c.hard_cap, c.soft_cap,
           case c.period when 'DAY' then ${periodOf('DAY', at).begins}::timestamptz at time zone 'UTC'
                         else ${periodOf('MONTH', at).begins}::timestamptz at time zone 'UTC' end::date as period_start
    from (values ('TENANT', ${tenantId}::text), ('ACCOUNT', ${accountId}::text), ('PLAN', ${planId}::text), ('TOOL', ${tool}::text))
      as s (budget_scope, scope_id)
    join governance.budget_configs c
      on c.tenant_id = ${tenantId} and c.budget_scope = s.budget_scope and c.scope_id in (s.scope_id, '*')
      and c.cost_class = ${costClass}
    -- One's own row before the one for all.
    order by c.budget_scope, c.period, c.scope_id = '*'`
}
