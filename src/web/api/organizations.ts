import { z } from 'zod'
import { listAccountChanges } from '../../billing/account-changes.ts'
import { catalogKey, catalogName } from '../../billing/catalog-fields.ts'
import type { Db } from '../../db/types.ts'
import { organizationHistory } from '../../entitlements/history.ts'
import { getOrganization, listOrganizations } from '../../organization/organizations.ts'
import { linkCustomer } from '../../stripe/customers/link-customer.ts'
import { openOrganization } from '../../stripe/customers/open-organization.ts'
import { transferCustomers } from '../../stripe/customers/transfer-customers.ts'
import {
  changeAnswer,
  historyAnswer,
  linkedAnswer,
  organizationAnswer,
  pageAnswer,
  transferredAnswer,
} from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { customerId, id, idCursor, idIn, page, pageOf, readCursor, reason, text } from './fields.ts'
import { actorOf, shownMoves, shownOrganization } from './shown.ts'

const organizationKey = text(255)
const historyCursor = /^[a-z0-9-]+ \d{1,18}$/

/**
 * Organizations: whose customers they are, and what happened to them. All within the caller's tenant.
 * @param whole sees every tenant: a customer or a name has one owner, whoever asks
 */
export function organizationRoutes(db: Db, whole: Db): ApiRoute[] {
  const found = (caller: { tenantId: string }, params: Readonly<Record<string, string>>) =>
    getOrganization(db, caller.tenantId, idIn(params, 'id', 'organization'))

  return [
    apiRoute({
      method: 'get',
      path: '/organizations',
      does: 'Lists organizations, by id.',
      gives: { 200: pageAnswer(organizationAnswer) },
      query: z.strictObject({
        organization_key: organizationKey.optional(),
        org_type: text(100).optional(),
        customer: customerId.optional(),
        ...page,
      }),
      answer: async ({ query, caller }) => {
        const { limit, customer } = query
        const rows = await listOrganizations(db, {
          tenantId: caller.tenantId,
          organizationKey: query.organization_key,
          orgType: query.org_type,
          customer,
          after: readCursor(query.cursor, idCursor),
          limit: limit + 1,
        })
        return { json: pageOf(rows, limit, shownOrganization, (row) => row.organizationId) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations',
      does: 'Creates an organization with its pool, on what its type starts on.',
      gives: { 201: organizationAnswer },
      body: z.strictObject({
        name: catalogName,
        org_type: catalogKey,
        organization_key: organizationKey.nullish(),
      }),
      answer: async ({ body, caller }) => {
        const { tenantId } = caller
        const created = await openOrganization(whole, {
          tenantId,
          name: body.name,
          orgType: body.org_type,
          organizationKey: body.organization_key,
        })
        const organization = await getOrganization(db, tenantId, created.organizationId)
        return { status: 201, json: shownOrganization(organization) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id',
      does: 'Tells one organization.',
      gives: { 200: organizationAnswer },
      answer: async ({ params, caller }) => ({ json: shownOrganization(await found(caller, params)) }),
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/customers',
      does: 'Links a customer at Stripe to the organization; what waited for it is taken up.',
      gives: { 200: linkedAnswer, 201: linkedAnswer },
      body: z.strictObject({ customer: customerId }),
      answer: async ({ params, body, caller }) => {
        const organizationId = idIn(params, 'id', 'organization')
        const outcome = await linkCustomer(whole, { tenantId: caller.tenantId, organizationId, ...body })
        const organization = shownOrganization(await found(caller, params))
        return { status: outcome === 'linked' ? 201 : 200, json: { outcome, organization } }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/transfer',
      does: 'Moves its customers at Stripe, with their subscriptions, to another organization.',
      gives: { 200: transferredAnswer },
      body: z.strictObject({
        to: id,
        customers: z.array(customerId).min(1).max(100).optional(),
        reason,
      }),
      answer: async ({ params, body, caller }) => {
        const done = await transferCustomers(whole, {
          tenantId: caller.tenantId,
          fromOrganizationId: idIn(params, 'id', 'organization'),
          toOrganizationId: body.to,
          customers: body.customers,
          reason: body.reason,
          actor: actorOf(caller),
        })
        const { customers, subscriptions } = done
        return {
          json: {
            from: shownOrganization(done.from),
            to: shownOrganization(done.to),
            customers,
            subscriptions,
            moves: await shownMoves(db, done.moves),
          },
        }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id/history',
      does: 'Lists every move between tiers, in order.',
      gives: { 200: pageAnswer(historyAnswer) },
      query: z.strictObject({ ladder: text(100).optional(), ...page }),
      answer: async ({ params, query, caller }) => {
        const { organizationId } = await found(caller, params)
        const { ladder, limit } = query
        const last = readCursor(query.cursor, historyCursor)?.split(' ')
        const rows = await organizationHistory(db, organizationId, {
          ladder,
          after: last ? { ladder: last[0]!, sequence: Number(last[1]) } : null,
          limit: limit + 1,
        })
        const keyOf = (row: (typeof rows)[number]) => `${row.ladder} ${row.sequence}`
        return { json: pageOf(rows, limit, (row) => row, keyOf) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id/subscription-changes',
      does: 'Lists what changed commercially, as Stripe tells the order.',
      gives: { 200: pageAnswer(changeAnswer) },
      query: z.strictObject({ subscription: text(255).optional(), ...page }),
      answer: async ({ params, query, caller }) => {
        const { organizationId } = await found(caller, params)
        const { subscription, limit } = query
        const after = readCursor(query.cursor, idCursor)
        const rows = await listAccountChanges(db, {
          accountId: organizationId,
          subscription,
          after,
          limit: limit + 1,
        })
        return { json: pageOf(rows, limit, shownChange, (row) => row.id) }
      },
    }),
  ]
}

function shownChange(row: Awaited<ReturnType<typeof listAccountChanges>>[number]) {
  return {
    id: row.id,
    subscription: row.subscription,
    event: row.event,
    kind: row.kind,
    item: row.item,
    from: row.from,
    to: row.to,
    from_amount: row.fromAmount,
    to_amount: row.toAmount,
    currency: row.currency,
    interval: row.interval,
    interval_count: row.intervalCount,
    source: row.source,
    duplicate_of: row.duplicateOf,
    occurred_at: row.occurredAt.toISOString(),
    recorded_at: row.recordedAt.toISOString(),
  }
}
