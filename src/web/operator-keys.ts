import { Hono } from 'hono'
import { z } from 'zod'
import { listApiKeys, revokeApiKey, roles } from '../auth/api-keys.ts'
import { issueKey } from '../auth/issue-key.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { answerPage } from './answer-page.ts'
import { text } from './api/fields.ts'
import { KeysPage, keysPath, NewKeyPage } from './pages/keys-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const newKey = z.object({
  name: text(100),
  role: z.enum(roles),
  organization: text(200).optional(),
  approves: z.literal('yes').optional(),
})

/** The field at which a refusal can be mended. */
const fieldOf = {
  organization_misplaced: 'organization',
  organization_unknown: 'organization',
  beyond_own_authority: 'approves',
}

/** The keys of the caller's tenant: list, make, revoke. The guard has let in whoever comes here. */
export function operatorKeys({ db, log }: { db: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, keysPath))

  async function page(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const caller = c.get('caller')!
    return answerPage(c, status, KeysPage, {
      viewer: viewerOf(c),
      keys: await listApiKeys(db, caller.tenantId),
      own: caller.kind === 'key' ? caller.id : null,
      ...form,
    })
  }

  app.get(keysPath, (c) => page(c, 200, { typed: {}, faults: {} }))

  onAction(app, keysPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newKey)
    if (!data) return page(c, 422, { typed, faults })
    const { approves, organization, ...wanted } = data
    const key = {
      ...wanted,
      scopes: approves ? ['high-risk-approval'] : [],
      ...(organization !== undefined && { organization }),
    }
    try {
      // A secret goes into no cookie and no address: this page alone shows it, and nothing on the way keeps it.
      const made = await db.begin((tx) => issueKey(tx, c.get('caller')!, key))
      return answerPage(c, 200, NewKeyPage, { viewer: viewerOf(c), name: data.name, made })
    } catch (error) {
      return page(c, 422, { typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${keysPath}/:id/revoke`, async (c) => {
    const { tenantId } = c.get('caller')!
    const outcome = await db.begin((tx) => revokeApiKey(tx, c.req.param('id')!, tenantId))
    return { to: keysPath, told: outcome === 'revoked' ? 'The key was revoked.' : 'It was revoked before.' }
  })
  return app
}
