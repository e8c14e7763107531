import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { getOrganization } from '../../organization/organizations.ts'
import { clearAlarm } from '../alarms.ts'
import { wakeCustomers } from '../inbox/waiting.ts'
import { lockCustomers, readLinked, writeLinks } from './customer-rows.ts'

/**
 * Says whose a Stripe customer is, because an operator knows it, whether or not Stripe has told of that customer yet. What was
 * waiting for it is taken up. A customer that belongs to somebody else stays there: `transferCustomers` is what moves one.
 * @throws Refused `organization_unknown` (404), `customer_linked_elsewhere` (409), which names the other organization
 * only within the same tenant.
 */
export async function linkCustomer(
  db: Db,
  asked: { tenantId: string; organizationId: string; customer: string },
): Promise<'linked' | 'already'> {
  const { tenantId, organizationId, customer } = asked
  return db.begin(async (tx) => {
    await holdCatalog(tx)
    await getOrganization(tx, tenantId, organizationId)
    await lockCustomers(tx, [customer])
    const there = (await readLinked(tx, [customer])).get(customer)
    if (there?.organizationId === organizationId) return 'already'
    if (there) {
      const whose =
        there.tenantId === tenantId ? `organization ${there.organizationId}` : 'another organization'
      throw new Refused(
        'customer_linked_elsewhere',
        `${customer} belongs to ${whose}.`,
        'Transfer it from there, if it belongs here now: POST /api/v1/organizations/:id/transfer',
      )
    }
    await writeLinks(tx, [{ customer, organizationId, by: 'operator' }])
    await wakeCustomers(tx, [customer])
    await clearAlarm(tx, 'customer_link_conflict', customer)
    return 'linked'
  })
}
