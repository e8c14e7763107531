import { Hono } from 'hono'
import { z } from 'zod'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { PrivateAddresses } from '../outbound/addresses.ts'
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  rotateEndpointSecret,
} from '../outbound/endpoints.ts'
import { clearAlarmsAbout } from '../stripe/alarms.ts'
import { answerPage } from './answer-page.ts'
import { idIn, text } from './api/fields.ts'
import { counted } from './counted.ts'
import { nameOfEndpoint, webhookEndpointsPath } from './pages/webhook-endpoint-name.ts'
import { WebhookEndpointsPage, WebhookSecretPage } from './pages/webhook-endpoints-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

export type WebhookEndpointsParts = {
  /** Behind the second wall. */
  own: Db
  log: Log
  /** Where webhooks may go besides the open net. */
  privateAddresses: PrivateAddresses
}

const newEndpoint = z.object({ url: text(2_000), description: text(500).optional() })

/** The field at which a refusal can be mended. */
const fieldOf = { webhook_url_not_allowed: 'url' }

/** Far more than a tenant may add: the list needs no pages. */
const mostShown = 200

/** Where other systems of the caller's tenant are told of moves: list, add, rotate, disable, enable, delete. The guard has let in whoever comes here. */
export function operatorWebhookEndpoints({ own, log, privateAddresses: allowed }: WebhookEndpointsParts) {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, webhookEndpointsPath))

  async function page(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const { tenantId } = c.get('caller')!
    const endpoints = await listEndpoints(own, tenantId, { limit: mostShown })
    return answerPage(c, status, WebhookEndpointsPage, { viewer: viewerOf(c), endpoints, ...form })
  }

  /** Which endpoint the address names, among the caller's own. */
  const named = (c: WebContext) => ({
    tenantId: c.get('caller')!.tenantId,
    endpointId: idIn(c.req.param(), 'id', 'webhook_endpoint'),
  })

  app.get(webhookEndpointsPath, (c) => page(c, 200, { typed: {}, faults: {} }))

  onAction(app, webhookEndpointsPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newEndpoint)
    if (!data) return page(c, 422, { typed, faults })
    const { tenantId } = c.get('caller')!
    const { url, description = '' } = data
    try {
      // A secret goes into no cookie and no address: this page alone shows it, and nothing on the way keeps it.
      const made = await own.begin(async (tx) => {
        const { endpointId, secret } = await createEndpoint(tx, { tenantId, url, description, allowed })
        return { endpoint: await getEndpoint(tx, tenantId, endpointId), secret }
      })
      return answerPage(c, 200, WebhookSecretPage, { viewer: viewerOf(c), ...made })
    } catch (error) {
      return page(c, 422, { typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${webhookEndpointsPath}/:id/rotate-secret`, async (c) => {
    const rotated = await own.begin((tx) => rotateEndpointSecret(tx, { ...named(c), now: new Date() }))
    return answerPage(c, 200, WebhookSecretPage, { viewer: viewerOf(c), ...rotated })
  })

  onAction(app, `${webhookEndpointsPath}/:id/disable`, async (c) => {
    const asked = { ...named(c), allowed, disabled: true }
    const endpoint = await own.begin((tx) => changeEndpoint(tx, asked))
    return { to: webhookEndpointsPath, told: `${nameOfEndpoint(endpoint)} is disabled.` }
  })

  onAction(app, `${webhookEndpointsPath}/:id/enable`, async (c) => {
    const asked = { ...named(c), allowed, disabled: false }
    const endpoint = await own.begin((tx) => changeEndpoint(tx, asked))
    await clearAlarmsAbout(own, [asked.endpointId])
    const { pending } = endpoint
    const waits = pending === 0 ? 'nothing waits' : `${counted(pending, 'message')} to be sent`
    return { to: webhookEndpointsPath, told: `${nameOfEndpoint(endpoint)} is enabled: ${waits}.` }
  })

  onAction(app, `${webhookEndpointsPath}/:id/delete`, async (c) => {
    const { tenantId, endpointId } = named(c)
    const endpoint = await own.begin((tx) => deleteEndpoint(tx, tenantId, endpointId))
    await clearAlarmsAbout(own, [endpointId])
    return { to: webhookEndpointsPath, told: `${nameOfEndpoint(endpoint)} was deleted.` }
  })
  return app
}
