import { Hono } from 'hono'
import { z } from 'zod'
import { catalogKey, catalogName } from '../billing/catalog-fields.ts'
import { listLadders } from '../billing/ladders.ts'
import type { Db } from '../db/types.ts'
import { type BackfillRun, backfillSome } from '../entitlements/backfill-some.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  createOrgType,
  getOrgType,
  renameOrgType,
  setDefaultLadder,
} from '../organization/change-org-type.ts'
import { countByOrgType, readOrgTypes } from '../organization/org-types.ts'
import { changeCatalog } from '../stripe/catalog/change-catalog.ts'
import { answerPage } from './answer-page.ts'
import { actorOf } from './api/shown.ts'
import { keyInPath } from './key-in-path.ts'
import { BackfillPage } from './pages/backfill-page.tsx'
import { OrgTypePage } from './pages/org-type-page.tsx'
import { OrgTypesPage, orgTypePath, orgTypesPath } from './pages/org-types-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import type { SentForm } from './sent-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

/** More ladders than anybody chooses from. */
const mostChoices = 500

const newOrgType = z.object({ name: catalogName, key: catalogKey, default_ladder: catalogKey.optional() })
const orgTypeName = newOrgType.pick({ name: true })
const newDefault = newOrgType.pick({ default_ladder: true })

/** From where a backfill goes on, and what became of those before. */
const goOn = z.object({
  after: z.uuid().optional(),
  updated: z.coerce.number().int().min(0).default(0),
  skipped: z.coerce.number().int().min(0).default(0),
  failed: z.coerce.number().int().min(0).default(0),
})

/** The field at which a refusal can be mended. */
const fieldOf = {
  org_type_key_taken: 'key',
  ladder_unknown: 'default_ladder',
  default_ladder_missing: 'default_ladder',
  default_without_rank_0: 'default_ladder',
  default_not_published: 'default_ladder',
}

export type OperatorOrgTypesParts = {
  db: Db
  log: Log
  /** Organizations that one call of a backfill does. */
  backfillAtOnce?: number
}

/** Kinds of organizations, what they start on, and the backfill (R62, R63). The verbs are the API's. */
export function operatorOrgTypes({ db, log, backfillAtOnce = 1000 }: OperatorOrgTypesParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, orgTypesPath))

  const counts = (c: WebContext) => countByOrgType(db, c.get('caller')!.tenantId)

  async function list(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    return answerPage(c, status, OrgTypesPage, {
      viewer: viewerOf(c),
      orgTypes: await readOrgTypes(db),
      counts: await counts(c),
      ladders: await listLadders(db, { limit: mostChoices }),
      ...form,
    })
  }

  async function one(c: WebContext, status: 200 | 422, key: string, sent: SentForm) {
    return answerPage(c, status, OrgTypePage, {
      viewer: viewerOf(c),
      orgType: await getOrgType(db, key),
      count: (await counts(c)).get(key) ?? 0,
      ladders: await listLadders(db, { limit: mostChoices }),
      sent,
    })
  }

  app.get(orgTypesPath, (c) => list(c, 200, { typed: {}, faults: {} }))
  app.get(`${orgTypesPath}/:key`, (c) => one(c, 200, keyInPath(c, 'org_type'), null))

  onAction(app, orgTypesPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newOrgType)
    if (!data) return list(c, 422, { typed, faults })
    const { name, key, default_ladder: defaultLadder = null } = data
    try {
      await changeCatalog(db, (tx) => createOrgType(tx, { key, name, defaultLadder }))
      return { to: orgTypePath(key), told: `${name} was created.` }
    } catch (error) {
      return list(c, 422, { typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${orgTypesPath}/:key`, async (c, form) => {
    const key = keyInPath(c, 'org_type')
    const { typed, faults, data } = readForm(form, orgTypeName)
    if (!data) return one(c, 422, key, { form: 'name', typed, faults })
    await changeCatalog(db, (tx) => renameOrgType(tx, key, data.name))
    return { to: orgTypePath(key), told: 'The org type was renamed.' }
  })

  onAction(app, `${orgTypesPath}/:key/default-ladder`, async (c, form) => {
    const key = keyInPath(c, 'org_type')
    // Empty means none; a browser that sends the field not at all has said nothing.
    if (!form.has('default_ladder')) throw nothingChosen()
    const { typed, faults, data } = readForm(form, newDefault)
    if (!data) return one(c, 422, key, { form: 'default', typed, faults })
    const { default_ladder: ladder = null } = data
    try {
      await changeCatalog(db, (tx) => setDefaultLadder(tx, key, ladder))
      return {
        to: orgTypePath(key),
        told: `The default was changed. ${ladder === null ? 'New organizations start without a plan.' : 'Existing organizations stay where they are until a backfill.'}`,
      }
    } catch (error) {
      return one(c, 422, key, { form: 'default', typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${orgTypesPath}/:key/backfill`, async (c, form) => {
    const key = keyInPath(c, 'org_type')
    const orgType = await getOrgType(db, key)
    const { after = null, ...before } = readForm(form, goOn).data ?? { updated: 0, skipped: 0, failed: 0 }
    const caller = c.get('caller')!
    const asked = { orgType: key, tenantId: caller.tenantId, actor: actorOf(caller), after }
    const run = await backfillSome(db, asked, backfillAtOnce)
    tellFailures(run)
    return answerPage(c, 200, BackfillPage, {
      viewer: viewerOf(c),
      orgType,
      ...run,
      counts: {
        updated: before.updated + run.counts.updated,
        skipped: before.skipped + run.counts.skipped,
        failed: before.failed + run.counts.failed,
      },
    })
  })

  function tellFailures({ outcomes }: BackfillRun) {
    for (const { organizationId: organization, error } of outcomes)
      if (error !== undefined) log.error({ error, organization }, 'A backfill failed for one organization')
  }
  return app
}

function nothingChosen(): Refused {
  return new Refused('default_not_chosen', 'No default was chosen.', 'Choose a ladder, or none.', 422)
}
