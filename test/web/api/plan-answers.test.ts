import { expect, test } from 'vitest'
import type { Db } from '../../../src/db/types.ts'
import { Refused } from '../../../src/errors.ts'
import type { VerbOutcome } from '../../../src/governance/verbs/verb-outcome.ts'
import { movePlan } from '../../../src/web/api/plan-answers.ts'

/** A verb that says this, and no database: what it means for whoever asked. */
const refusal = async (outcome: VerbOutcome): Promise<unknown> => {
  const db = { begin: (work: () => unknown) => work() } as never as Db
  return movePlan(db, async () => outcome, 400).catch((error: unknown) => error)
}

test('who is second is told where the plan stands now, or that it is gone', async () => {
  const paused = await refusal({ kind: 'lost_race', status: 'PAUSED' })
  expect(paused).toBeInstanceOf(Refused)
  expect(paused).toMatchObject({ status: 409, code: 'plan_changed_meanwhile' })
  expect((paused as Refused).message).toContain('the plan is PAUSED now')
  expect(((await refusal({ kind: 'lost_race', status: null })) as Refused).message).toContain('gone now')
})
