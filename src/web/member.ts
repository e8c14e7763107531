import { Hono } from 'hono'
import { readCatalogChoices } from '../billing/catalog-choices.ts'
import type { Db } from '../db/types.ts'
import { readHoldings } from '../entitlements/check-holdings.ts'
import { getDefaultPool } from '../entitlements/tiers.ts'
import type { Log } from '../log.ts'
import { getOrganization } from '../organization/organizations.ts'
import { explain } from '../stripe/enrollment/explain.ts'
import { subjectOfOrganization } from '../stripe/enrollment/explain-subject.ts'
import { answerPage } from './answer-page.ts'
import { csrfToken } from './csrf.ts'
import { memberStanding } from './member-standing.ts'
import { MemberFaultPage, MemberPage } from './pages/member-page.tsx'
import { problemOf } from './problem.ts'
import type { WebEnv } from './web-env.ts'

/** A member's own page (R70): where its organization stands. There is nothing here to change anything by. */
export function member({ own, log }: { own: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()

  app.get('/member', async (c) => {
    const caller = c.get('caller')!
    const now = new Date()
    const standing = await own.begin('isolation level repeatable read read only', async (tx) => {
      // Who comes here has an organization: the guard asks for it.
      const { organizationId } = await getOrganization(tx, caller.tenantId, caller.organizationId!)
      // Without the history: it names operators and their reasons, which are not a member's.
      const explained = await explain(tx, await subjectOfOrganization(tx, organizationId), now, 0)
      const pool = await getDefaultPool(tx, organizationId)
      const { held } = await readHoldings(tx, pool!.poolId)
      return memberStanding(explained, held, await readCatalogChoices(tx))
    })
    return answerPage(c, 200, MemberPage, { standing, csrf: csrfToken(c) })
  })

  app.onError((error, c) => {
    const what = problemOf(error)
    if (what.status >= 500)
      log.error({ error, method: c.req.method, path: c.req.path, status: what.status }, what.detail)
    return answerPage(c, what.status as 500, MemberFaultPage, { problem: what, csrf: csrfToken(c) })
  })
  return app
}
